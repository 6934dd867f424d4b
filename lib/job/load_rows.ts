/**
 * Reads `[rows]` and `[accept]` of a job file whose fields fit the schema: checks paths and names, and how they fit
 * together. Adds every problem to the diagnostics. Pure.
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

/** Views of trawl that a table must not replace. */
const ownViews: readonly string[] = ["runs", "fetches"];

/** Characters of a table name: with the longest suffix of its views, within PostgreSQL's limit of 63. */
const tableCharsMax = 48;

/** Characters of a column name: PostgreSQL's limit. */
const columnCharsMax = 63;

/** Columns that the views of a table add: key and window of a row, run, fetch, number of the row. */
const ownColumns = ["key", "window_start", "run", "fetch", "row"] as const;

const failTests = ["equals", "starts_with", "contains", "exists"] as const;

/** The table of `[rows]`. Incomplete where problems were added. */
export function readRows(file: JobFile, problems: Diagnostics): TableRule {
  const { rows } = file;
  problems.try(["rows", "path"], () => parsePath(rows.path));
  if (isNested(rows.path) && file.accept.require === undefined) {
    problems.add(
      ["rows", "path"],
      'needs accept.require, as ".." names no place that must hold the rows: found none',
    );
  }
  const wrongName = tableRule(rows.table);
  if (wrongName !== undefined) problems.addRule(["rows", "table"], wrongName);

  const columns = readColumns(file, problems);
  const checkTime = (path: FieldPath, name: string) => {
    if (columns.some((column) => column.name === name && column.type === "time")) return;
    const times = columns.filter(({ type }) => type === "time").map((column) => column.name);
    const rule = "must be the name of a column of type time";
    problems.addRule(path, times.length === 0 ? `${rule} (there is none)` : `${rule} (${times.join(", ")})`);
  };
  if (rows.within_window !== undefined) {
    checkTime(["rows", "within_window"], rows.within_window);
    if (file.window === undefined) {
      problems.add(["rows", "within_window"], "needs a [window] table: there is none");
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

/** The acceptance rules. Incomplete where problems were added. */
export function readAccept(
  { accept }: JobFile,
  { scope, problems }: { readonly scope: TemplateScope; readonly problems: Diagnostics },
): Job["accept"] {
  const { require, count } = accept;
  if (require !== undefined) {
    const field = problems.has(["accept", "require", "path"]) ? ["require", "path"] : ["require"];
    problems.try(["accept", ...field], () => parsePath(require.path));
  }
  if (count !== undefined) problems.try(["accept", "count"], () => checkSingular(count, "a count"));
  return {
    ...(require !== undefined && { require }),
    ...(count !== undefined && { count }),
    equals: Object.entries(accept.equals).flatMap(([path, text]) =>
      problems.try(["accept", "equals", path], () => readEquals(path, { text, scope })) ?? []
    ),
    failIf: accept.fail_if.map((rule, index) => readFailRule(rule, { index, problems })),
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
  // The wanted value is shown beside the one that came.
  if (hasSecret) throw new UsageError("must not contain {secret.…}, as a failure shows the text");
  return { path, value: parseTemplate(text, { ...scope, encoding: "plain" }) };
}

/** A fail rule of the job file, with any number of tests. */
type FailRuleFile = JobFile["accept"]["fail_if"][number];

/** A rule with exactly one test: two could mean "and" or "or". */
function readFailRule(
  rule: FailRuleFile,
  at: { readonly index: number; readonly problems: Diagnostics },
): FailRule {
  const path: FieldPath = ["accept", "fail_if", at.index];
  at.problems.try([...path, "path"], () => parsePath(rule.path));
  const tests = failTests.filter((test) => rule[test] !== undefined);
  if (tests.length !== 1) {
    const found = tests.length === 0 ? "nothing" : tests.join(" and ");
    at.problems.add(path, `must hold exactly one of ${failTests.join(", ")}: found ${found}`);
  }
  return {
    path: rule.path,
    ...(rule.equals !== undefined && { equals: rule.equals }),
    ...(rule.starts_with !== undefined && { startsWith: rule.starts_with }),
    ...(rule.contains !== undefined && { contains: rule.contains }),
    ...(rule.exists !== undefined && { exists: rule.exists }),
  };
}

/** The columns, in the file's order. Names must differ in more than case, which SQLite ignores. */
function readColumns({ rows }: JobFile, problems: Diagnostics): readonly Column[] {
  const columns = Object.entries(rows.columns).map(([name, { index, ...column }]) => ({
    name,
    ...column,
    ...(index && { isIndexed: true }),
  }));
  if (columns.length === 0) problems.add(["rows", "columns"], "must hold a column: found none");
  const taken = new Set<string>(rows.count === undefined ? ownColumns : [...ownColumns, "count"]);
  for (const { name, path, type, isIndexed } of columns) {
    const field = ["rows", "columns", name];
    const wrongName = columnRule(name);
    if (isIndexed === true && type !== "time") {
      problems.add([...field, "index"], `needs type = "time": found type = "${type}"`);
    }
    if (wrongName !== undefined) problems.add(field, `${wrongName}: found ${shown(name)}`, "name");
    if (taken.has(name.toLowerCase())) {
      problems.add(field, `must be a unique name: taken are ${[...taken].join(", ")}`, "name");
    }
    taken.add(name.toLowerCase());
    problems.try([...field, "path"], () => checkSingular(path, "a column"));
    if (isNested(rows.path) && (stepsOf(path)?.length ?? 0) > 1) {
      problems.add(
        [...field, "path"],
        `must be one step, as rows of ${shown(rows.path)} may lie within rows: found ${shown(path)}`,
      );
    }
  }
  return columns;
}

/** Whether rows may lie within rows: then a column path of two steps could lead into another row. */
function isNested(path: string): boolean {
  return stepsOf(path)?.some(({ descendant }) => descendant) ?? false;
}

/** The segments of a path; undefined for a wrong path, which is reported elsewhere. */
function stepsOf(path: string): Path["segments"] | undefined {
  try {
    return parsePath(path).segments;
  } catch {
    return undefined;
  }
}

/** The rule that a column name breaks; undefined if none. */
function columnRule(name: string): string | undefined {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name.length <= columnCharsMax) return undefined;
  return `must be a name of 1 to ${columnCharsMax} letters, digits and underscores, the first no digit`;
}

/** The rule that a table name breaks; undefined if none. Names of trawl and SQLite are taken. */
function tableRule(name: string): string | undefined {
  if (!/^[a-z_][a-z0-9_]*$/.test(name) || name.length > tableCharsMax) {
    return `must be a name of 1 to ${tableCharsMax} lower-case letters, digits and underscores, the first no digit`;
  }
  const isTaken = ownViews.includes(name) || /^(?:_trawl|sqlite)_/.test(name);
  return isTaken ? `must not be ${ownViews.join(" or ")}, nor begin with _trawl_ or sqlite_` : undefined;
}

/** @throws {UsageError} If a path can select several values, by its form. */
export function checkSingular(path: string, use: string): void {
  if (parsePath(path).singular) return;
  const hint = use === "a column" ? "select the array itself and get its JSON text" : "name one value";
  throw new UsageError(`Cannot use the path "${path}" for ${use} as it may select several values: ${hint}`);
}
