/**
 * Reads `[rows]` and `[accept]` of a job file whose fields fit the schema: checks paths and names, and how they fit
 * together. Adds every problem to the diagnostics. Pure.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { parsePath } from "../json/path/path_parser.ts";
import type { Path } from "../json/path/path_types.ts";
import type { Column, FailRule, Job, TableRule } from "./job.ts";
import { type Diagnostics, shown } from "./diagnostics.ts";
import type { JobFile } from "./job_schema.ts";
import type { FieldPath } from "./toml_document.ts";

/** Names of trawl's own tables. */
const ownTables: readonly string[] = ["run", "batch", "fetch", "fetch_run", "key_list", "budget", "learned"];

/** UTF-16 units of a table or column name: the limit of PostgreSQL. */
const nameCharsMax = 63;

const failTests = ["equals", "starts_with", "contains", "exists"] as const;

/** The table of `[rows]`. Incomplete where problems were added. */
export function readRows(file: JobFile, problems: Diagnostics): TableRule {
  const { rows } = file;
  problems.try(["rows", "path"], () => parsePath(rows.path));
  const wrongName = nameRule(rows.table) ?? tableRule(rows.table);
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
export function readAccept({ accept }: JobFile, problems: Diagnostics): Job["accept"] {
  const { require, count } = accept;
  if (require !== undefined) problems.try(["accept", "require"], () => parsePath(require));
  if (count !== undefined) problems.try(["accept", "count"], () => checkSingular(count, "a count"));
  return {
    ...(require !== undefined && { require }),
    ...(count !== undefined && { count }),
    failIf: accept.fail_if.map((rule, index) => readFailRule(rule, { index, problems })),
    minCoverage: accept.min_coverage,
  };
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
  const columns = Object.entries(rows.columns).map(([name, column]) => ({ name, ...column }));
  if (columns.length === 0) problems.add(["rows", "columns"], "must hold a column: found none");
  // Columns of trawl: the fetch's id, the row's number and, where rows are counted, the count.
  const taken = new Set(rows.count === undefined ? ["fetch", "row"] : ["fetch", "row", "count"]);
  for (const { name, path } of columns) {
    const field = ["rows", "columns", name];
    const wrongName = nameRule(name);
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

/** The rule that a table or column name breaks; undefined if none. */
function nameRule(name: string): string | undefined {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name.length <= nameCharsMax) return undefined;
  return `must be a name of 1 to ${nameCharsMax} letters, digits and underscores, the first no digit`;
}

/** The rule that a table name breaks: it must not be a name of trawl or SQLite. Undefined if none. */
function tableRule(name: string): string | undefined {
  const lower = name.toLowerCase();
  const own = ownTables.includes(lower) || lower.startsWith("sqlite_") || lower.includes("_staged");
  return own ? `must not be ${ownTables.join(", ")}, nor begin with sqlite_, nor hold _staged` : undefined;
}

/** @throws {UsageError} If a path can select several values, by its form. */
function checkSingular(path: string, use: string): void {
  if (parsePath(path).singular) return;
  const hint = use === "a column" ? "select the array itself and get its JSON text" : "name one value";
  throw new UsageError(`Cannot use the path "${path}" for ${use} as it may select several values: ${hint}`);
}
