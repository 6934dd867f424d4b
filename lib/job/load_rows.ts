/**
 * Reads `[rows]` and `[accept]` of a job file that passed the schema: parses paths and templates, and checks the names
 * of tables and columns. Adds every mistake to the diagnostics. Pure.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { parsePath } from "../json/path/path_parser.ts";
import type { Path } from "../json/path/path_types.ts";
import type { Column, EqualsRule, FailRule, Job, TableRule } from "./job.ts";
import { type Diagnostics, shown } from "./diagnostics.ts";
import type { JobFile } from "./job_schema.ts";
import { parseTemplate, type TemplateScope } from "./template.ts";
import type { FieldPath } from "./toml_document.ts";

/** Names of views in every database. */
const ownViews: readonly string[] = ["runs", "fetches"];

/** Characters of a table name: with the longest suffix of its views, within PostgreSQL's limit of 63. */
const tableCharsMax = 48;

/** Characters of a column name: PostgreSQL's limit. */
const columnCharsMax = 63;

/** Columns that trawl adds to each row in the views of a table. */
const ownColumns = ["key", "window_start", "run", "fetch", "row"] as const;

const failTests = ["equals", "starts_with", "contains", "exists"] as const;

/** The table of `[rows]`. Not to be used after a mistake. */
export function readRows(file: JobFile, diagnostics: Diagnostics): TableRule {
  const { rows } = file;
  diagnostics.try(["rows", "path"], () => parsePath(rows.path));
  if (isNested(rows.path) && file.accept.require === undefined) {
    diagnostics.add(
      ["rows", "path"],
      'needs accept.require, as ".." names no place that must hold the rows: found none',
    );
  }
  const wrongName = tableRule(rows.table);
  if (wrongName !== undefined) diagnostics.addRule(["rows", "table"], wrongName);

  const columns = readColumns(file, diagnostics);
  const checkTime = (path: FieldPath, name: string) => {
    if (columns.some((column) => column.name === name && column.type === "time")) return;
    const times = columns.filter(({ type }) => type === "time").map((column) => column.name);
    const rule = "must be a column of type time";
    diagnostics.addRule(
      path,
      times.length === 0 ? `${rule}, and there is none` : `${rule} (${times.join(", ")})`,
    );
  };
  if (rows.within_window !== undefined) {
    checkTime(["rows", "within_window"], rows.within_window);
    if (file.window === undefined) {
      diagnostics.add(["rows", "within_window"], "needs a [window] table: found none");
    }
  }
  if (rows.count !== undefined) checkTime(["rows", "count", "by"], rows.count.by);

  return {
    name: rows.table,
    path: rows.path,
    columns,
    max: rows.max,
    ...(rows.within_window !== undefined && { withinWindow: rows.within_window }),
    ...(rows.count !== undefined && { count: { by: rows.count.by, everyMs: rows.count.every } }),
  };
}

/** The rules of `[accept]`. Not to be used after a mistake. */
export function readAccept(
  { accept }: JobFile,
  { scope, diagnostics }: { readonly scope: TemplateScope; readonly diagnostics: Diagnostics },
): Job["accept"] {
  const { require, count } = accept;
  if (require !== undefined) {
    const field = diagnostics.has(["accept", "require", "path"]) ? ["require", "path"] : ["require"];
    diagnostics.try(["accept", ...field], () => parsePath(require.path));
  }
  if (count !== undefined) diagnostics.try(["accept", "count"], () => checkSingular(count, "a count"));
  return {
    ...(require !== undefined && { require }),
    ...(count !== undefined && { count }),
    equals: Object.entries(accept.equals).flatMap(([path, text]) =>
      diagnostics.try(["accept", "equals", path], () => readEquals(path, { text, scope })) ?? []
    ),
    failIf: accept.fail_if.map((rule, index) => readFailRule(rule, { index, diagnostics })),
    minCoverage: accept.min_coverage,
  };
}

/** @throws {UsageError} If the path may select several values, or the template has a mistake or a secret. */
function readEquals(
  path: string,
  { text, scope }: { readonly text: string; readonly scope: TemplateScope },
): EqualsRule {
  checkSingular(path, "a comparison");
  const hasSecret = /\{secret\./.test(text.replaceAll("{{", ""));
  // A wrong answer is reported with the text that was expected.
  if (hasSecret) throw new UsageError("must not contain {secret.…}, as a failure shows the text");
  return { path, value: parseTemplate(text, { ...scope, encoding: "plain" }) };
}

/** A rule of `accept.fail_if` as the schema returns it. */
type FailRuleFile = JobFile["accept"]["fail_if"][number];

/** A rule must have one test, as two could mean "and" or "or". */
function readFailRule(
  rule: FailRuleFile,
  at: { readonly index: number; readonly diagnostics: Diagnostics },
): FailRule {
  const path: FieldPath = ["accept", "fail_if", at.index];
  at.diagnostics.try([...path, "path"], () => parsePath(rule.path));
  const tests = failTests.filter((test) => rule[test] !== undefined);
  if (tests.length !== 1) {
    const found = tests.length === 0 ? "nothing" : tests.join(" and ");
    at.diagnostics.add(path, `must have exactly one of ${failTests.join(", ")}: found ${found}`);
  }
  return {
    path: rule.path,
    ...(rule.equals !== undefined && { equals: rule.equals }),
    ...(rule.starts_with !== undefined && { startsWith: rule.starts_with }),
    ...(rule.contains !== undefined && { contains: rule.contains }),
    ...(rule.exists !== undefined && { exists: rule.exists }),
  };
}

/** The columns in the order of the file. Their names must differ in more than letter case, which SQLite ignores. */
function readColumns({ rows }: JobFile, diagnostics: Diagnostics): readonly Column[] {
  const columns = Object.entries(rows.columns).map(([name, { index, ...column }]) => ({
    name,
    ...column,
    ...(index && { isIndexed: true }),
  }));
  if (columns.length === 0) diagnostics.add(["rows", "columns"], "must have at least one column: found none");
  const taken = new Set<string>(rows.count === undefined ? ownColumns : [...ownColumns, "count"]);
  for (const { name, path, type, isIndexed } of columns) {
    const field = ["rows", "columns", name];
    const wrongName = columnRule(name);
    if (isIndexed === true && type !== "time") {
      diagnostics.add([...field, "index"], `needs type = "time": found type = "${type}"`);
    }
    if (wrongName !== undefined) diagnostics.add(field, `${wrongName}: found ${shown(name)}`, "name");
    if (taken.has(name.toLowerCase())) {
      diagnostics.add(field, `must be a unique name: taken are ${[...taken].join(", ")}`, "name");
    }
    taken.add(name.toLowerCase());
    diagnostics.try([...field, "path"], () => checkSingular(path, "a column"));
    // Two steps could lead into a row inside of the row.
    if (isNested(rows.path) && (stepsOf(path)?.length ?? 0) > 1) {
      diagnostics.add(
        [...field, "path"],
        `must be a single step, as ".." of rows.path also finds rows inside of rows: found ${shown(path)}`,
      );
    }
  }
  return columns;
}

/** Whether a path of rows has `..`, which may select rows inside of rows. */
function isNested(path: string): boolean {
  return stepsOf(path)?.some(({ descendant }) => descendant) ?? false;
}

/** The segments of a path; undefined if it is wrong, which is reported where it is first read. */
function stepsOf(path: string): Path["segments"] | undefined {
  try {
    return parsePath(path).segments;
  } catch {
    return undefined;
  }
}

/** The rule that a column's name breaks; undefined if it breaks none. */
function columnRule(name: string): string | undefined {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name.length <= columnCharsMax) return undefined;
  return `must be a name of 1 to ${columnCharsMax} letters, digits and underscores, the first no digit`;
}

/** The rule that a table's name breaks; undefined if it breaks none. Some names are trawl's and SQLite's own. */
function tableRule(name: string): string | undefined {
  if (!/^[a-z_][a-z0-9_]*$/.test(name) || name.length > tableCharsMax) {
    return `must be a name of 1 to ${tableCharsMax} lower-case letters, digits and underscores, the first no digit`;
  }
  const isTaken = ownViews.includes(name) || /^(?:_trawl|sqlite)_/.test(name);
  return isTaken ? `must not be ${ownViews.join(" or ")}, nor begin with _trawl_ or sqlite_` : undefined;
}

/** @throws {UsageError} If the form of a path allows it to select several values. */
export function checkSingular(path: string, use: string): void {
  if (parsePath(path).singular) return;
  const hint = use === "a column" ? "select the array itself and get its JSON text" : "name one value";
  throw new UsageError(`Cannot use the path "${path}" for ${use} as it may select several values: ${hint}`);
}
