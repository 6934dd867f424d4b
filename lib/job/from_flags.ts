/**
 * A job without a file: the values of `--url`, `--rows`, `--column` and `--name` in, a `Job` out. They become the
 * text of a job file, which is loaded as any other is, so there is one set of rules; messages name the flags.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { Job } from "./job.ts";
import { type LoadContext, loadJob } from "./load_job.ts";
import { shown } from "./problems.ts";
import type { FieldPath } from "./toml_document.ts";

/** The flags that make a job. */
export interface JobFlags {
  /** URL template with `{key}`. */
  readonly url: string;
  /** RFC 9535 path of the rows. */
  readonly rows: string;
  /** `NAME=PATH` or `NAME=PATH:TYPE` each; without any, a row is one column, `value`. */
  readonly columns?: readonly string[] | undefined;
  /** By default the URL's host. */
  readonly name?: string | undefined;
}

/**
 * The job that the flags make. Its keys come from standard input until `overrideJob` names others.
 *
 * @throws {UsageError} If a flag is wrong: `--rows: …`.
 */
export function jobFromFlags(flags: JobFlags, context: Pick<LoadContext, "env" | "secret">): Job {
  const { url, rows, columns = [], name = nameFromUrl(url) } = flags;
  const lines = [
    `name = ${quoted(name)}`,
    "[request]",
    `url = ${quoted(url)}`,
    "[rows]",
    `path = ${quoted(rows)}`,
    ...(columns.length > 0 ? ["[rows.columns]", ...columnLines(columns)] : []),
  ];
  return loadJob(`${lines.join("\n")}\n`, { ...context, file: "job", nameOf: flagOf });
}

function columnLines(columns: readonly string[]): readonly string[] {
  const names = new Set<string>();
  return columns.map((column) => {
    // A name holds no "=", and no path ends in ":" and letters: what stands there is a type.
    const [, name, path, type] = /^([^=]+)=(.*?)(?::([A-Za-z]+))?$/s.exec(column) ?? [];
    if (name === undefined || path === undefined) {
      throw new UsageError(`--column: must be NAME=PATH or NAME=PATH:TYPE: found ${shown(column)}`);
    }
    if (names.has(name)) throw new UsageError(`--column ${name}: must be given once: found twice`);
    names.add(name);
    const typeField = type === undefined ? "" : `, type = ${quoted(type)}`;
    return `${quoted(name)} = { path = ${quoted(path)}${typeField} }`;
  });
}

function flagOf(path: FieldPath): string | undefined {
  const [table, field, column] = path;
  if (table === "name") return "--name";
  if (table === "request" && field === "url") return "--url";
  if (table === "rows" && field === "path") return "--rows";
  if (table === "rows" && field === "columns") {
    return column === undefined ? "--column" : `--column ${String(column)}`;
  }
  return undefined;
}

/** The host and port as the name of a job; where there is none, what is wrong with the URL is told later. */
function nameFromUrl(url: string): string {
  const host = /^[a-z]+:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(url)?.[1] ?? "";
  return host.replaceAll(/[^A-Za-z0-9.-]+/g, "-").replaceAll(/^[.-]+|[.-]+$/g, "").slice(0, 100) || "job";
}

/** A TOML string: JSON's escapes are TOML's too, which also wants DEL escaped. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("\x7f", "\\u007f");
}
