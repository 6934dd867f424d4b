/**
 * A job without a file: a URL, a path of rows and columns in, a `Job` out. The parts become the text of a job file,
 * which `loadJob` checks, so there is one set of rules. Does no I/O.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { Job } from "./job.ts";
import { type LoadContext, loadJob } from "./load_job.ts";

/** The parts of a job without a file, as text that is not validated yet. */
export interface InlineJob {
  /** URL template with `{key}`. */
  readonly url: string;
  /** RFC 9535 path of the rows. */
  readonly rows: string;
  /** Without columns, a row is one column, `value`. Without a type, a column holds any value. */
  readonly columns?: readonly {
    readonly name: string;
    readonly path: string;
    readonly type?: string | undefined;
  }[];
  /** By default the URL's host and port. */
  readonly name?: string | undefined;
}

/**
 * The job of the parts. Its keys come from standard input until `overrideJob` names others. `context.nameOf` names the
 * parts in messages.
 *
 * @throws {UsageError} If a part is wrong.
 */
export function inlineJob(
  { url, rows, columns = [], name = nameFromUrl(url) }: InlineJob,
  context: Pick<LoadContext, "env" | "secret" | "nameOf">,
): Job {
  const twice = columns.find(({ name }, index) => columns.findIndex((other) => other.name === name) < index);
  if (twice !== undefined) {
    const place = context.nameOf?.(["rows", "columns", twice.name]) ?? `column ${twice.name}`;
    throw new UsageError(`${place}: must be given once, found twice`);
  }
  const lines = [
    `name = ${quoted(name)}`,
    "[request]",
    `url = ${quoted(url)}`,
    "[rows]",
    `path = ${quoted(rows)}`,
    ...(columns.length === 0 ? [] : ["[rows.columns]"]),
    ...columns.map(({ name, path, type }) =>
      `${quoted(name)} = { path = ${quoted(path)}${type === undefined ? "" : `, type = ${quoted(type)}`} }`
    ),
  ];
  return loadJob(`${lines.join("\n")}\n`, { ...context, file: "job" });
}

/** The host and port; "job" if there is no host, as the URL is validated later. */
function nameFromUrl(url: string): string {
  const host = /^[a-z]+:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(url)?.[1] ?? "";
  return host.replaceAll(/[^A-Za-z0-9.-]+/g, "-").replaceAll(/^[.-]+|[.-]+$/g, "").slice(0, 100) || "job";
}

/** A TOML string: TOML has JSON's escapes, and also requires DEL to be escaped. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("\x7f", "\\u007f");
}
