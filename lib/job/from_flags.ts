/**
 * A job without a file: the values of `--url`, `--rows`, `--column` and `--name` in, a `Job` out. The values become
 * the text of a job file, so the rules of job files apply. Messages name the flags.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { Job } from "./job.ts";
import { type LoadContext, loadJob } from "./load_job.ts";
import { shown } from "./diagnostics.ts";
import type { FieldPath } from "./toml_document.ts";

/** The values of the flags. */
export interface JobFlags {
  /** URL template with `{key}`. */
  readonly url: string;
  /** RFC 9535 path of the rows. */
  readonly rows: string;
  /** Each `NAME=PATH` or `NAME=PATH:TYPE`. Default: one column `value` with the whole row. */
  readonly columns?: readonly string[] | undefined;
  /** Default: the host of the URL. */
  readonly name?: string | undefined;
}

/**
 * Makes a job from flags. Its keys come from standard input, unless `overrideJob()` sets another source.
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
    // A name contains no "=", and no path ends in ":" and letters, so such an end is a type.
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

/** A job name from host and port; "job" if the URL has no host, which `loadJob()` reports. */
function nameFromUrl(url: string): string {
  const host = /^[a-z]+:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(url)?.[1] ?? "";
  return host.replaceAll(/[^A-Za-z0-9.-]+/g, "-").replaceAll(/^[.-]+|[.-]+$/g, "").slice(0, 100) || "job";
}

/** A TOML string. TOML shares the escapes of JSON, and also requires DEL to be escaped. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("\x7f", "\\u007f");
}
