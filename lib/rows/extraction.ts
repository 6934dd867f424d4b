/**
 * A job compiled for its answers: all paths of its tables and acceptance rules as one query, and what each path is for.
 * Made once per Worker; holds nothing of an answer.
 *
 * @module
 */

import type { Column, FailRule, Job, TableRule, Window } from "../job/job.ts";
import { parsePath } from "../json/path/path_parser.ts";
import { Query, type QueryPath } from "../json/query.ts";
import { rowColumnsMax, type RowPlan } from "../json/row_scanner.ts";
import { columnPlan } from "./convert.ts";
import { type Demand, demandsOf } from "./demands.ts";

/** What a path of the query is for. `table` and `column` are indexes into `tables` and its columns. */
export type PathUse =
  /** `demand`: the rows themselves must be of a kind. */
  | { readonly use: "row"; readonly table: number; readonly demand: number | undefined }
  | { readonly use: "column"; readonly table: number; readonly column: number }
  | { readonly use: "demand"; readonly demand: number }
  | { readonly use: "count" }
  | { readonly use: "equals"; readonly rule: number }
  | { readonly use: "fail"; readonly rule: FailRule };

/** One table of the job, compiled. */
export interface TableExtraction {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Cells of a stored row: one for each column, then the count where rows are counted. */
  readonly width: number;
  /** Rows that one answer may have. */
  readonly rowsMax: number;
  /** Rows may lie within rows: their path has a descendant segment. */
  readonly isNesting: boolean;
  /** The time column, by its index, that must lie within `window` for a row to be kept. */
  readonly withinColumn: number | undefined;
  readonly window: Window | undefined;
  readonly counting: { readonly column: number; readonly everyMs: number } | undefined;
}

/** A job, ready for its answers. */
export interface Extraction {
  readonly query: Query;
  /** By the path's index in the query. */
  readonly uses: readonly PathUse[];
  readonly tables: readonly TableExtraction[];
  /** How the scanner turns rows into cells. Only for a single table whose rows are neither counted nor nested. */
  readonly plan: RowPlan | undefined;
  readonly demands: readonly Demand[];
  /** The paths of `accept.equals`. */
  readonly equals: readonly string[];
  /** Whether the job has `accept.count`. */
  readonly isCounted: boolean;
}

/** Compiles a job; its paths were checked when it was loaded. */
export function extractionOf(job: Job, window: Window | undefined): Extraction {
  const { accept } = job;
  const paths: QueryPath[] = [];
  const uses: PathUse[] = [];
  const add = (path: QueryPath, use: PathUse) => {
    uses.push(use);
    return paths.push(path) - 1;
  };
  const demands = demandsOf(job);
  // The scanner's plan relies on this order: the first table's rows are path 0, its columns follow.
  for (const [table, { path, columns }] of job.tables.entries()) {
    const own = demands.findIndex(({ rowsOf }) => rowsOf === table);
    const demand = own < 0 ? undefined : own;
    const within = add({ path: parsePath(path), take: "visit" }, { use: "row", table, demand });
    for (const [column, { path }] of columns.entries()) {
      add({ path: parsePath(path), take: "text", within }, { use: "column", table, column });
    }
  }
  for (const [demand, { path, rowsOf }] of demands.entries()) {
    if (rowsOf === undefined) add({ path, take: "visit" }, { use: "demand", demand });
  }
  for (const [rule, { path }] of accept.equals.entries()) {
    add({ path: parsePath(path), take: "text" }, { use: "equals", rule });
  }
  if (accept.count !== undefined) add({ path: parsePath(accept.count), take: "text" }, { use: "count" });
  for (const rule of accept.failIf) {
    add({ path: parsePath(rule.path), take: rule.exists ? "visit" : "text" }, { use: "fail", rule });
  }
  const tables = job.tables.map((table) => tableExtraction(table, window));
  const [only, ...others] = tables;
  return {
    query: new Query(paths),
    uses,
    tables,
    plan: only === undefined || others.length > 0 ? undefined : planOf(only),
    demands,
    equals: accept.equals.map(({ path }) => path),
    isCounted: accept.count !== undefined,
  };
}

function tableExtraction(table: TableRule, window: Window | undefined): TableExtraction {
  const { name, columns, max, withinWindow, count } = table;
  const indexOf = (name: string) => columns.findIndex((column) => column.name === name);
  return {
    name,
    columns,
    width: columns.length + (count === undefined ? 0 : 1),
    rowsMax: max,
    isNesting: parsePath(table.path).segments.some(({ descendant }) => descendant),
    withinColumn: withinWindow === undefined ? undefined : indexOf(withinWindow),
    window,
    counting: count === undefined ? undefined : { column: indexOf(count.by), everyMs: count.everyMs },
  };
}

/** Undefined where the scanner cannot make the rows. */
function planOf(
  { columns, counting, isNesting, withinColumn, window }: TableExtraction,
): RowPlan | undefined {
  if (isNesting || counting !== undefined || columns.length > rowColumnsMax) return undefined;
  return {
    columns: columns.map(({ type }) => columnPlan(type)),
    within: withinColumn !== undefined && window !== undefined
      ? { column: withinColumn, startMs: window.startMs, endMs: window.endMs }
      : undefined,
  };
}
