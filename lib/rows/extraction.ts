/**
 * What is looked for in every answer of a job: its paths, compiled once into one query, and where in the query's list
 * each stands.
 *
 * @module
 */

import type { Column, FailRule, Job, Window } from "../job/job.ts";
import { parsePath } from "../json/path/path_parser.ts";
import { Query, type QueryPath } from "../json/query.ts";
import { rowColumnsMax, type RowPlan } from "../json/row_scanner.ts";
import { columnPlan } from "./convert.ts";

/** A job, ready to be held against answers. */
export interface Extraction {
  readonly query: Query;
  readonly columns: readonly Column[];
  /** Rows that an answer may have. */
  readonly rowsMax: number;
  /** Whether rows may lie within rows: their path has a descendant segment. */
  readonly isNesting: boolean;
  /** How the scanner makes rows into cells; not where they are counted, or may lie within each other. */
  readonly plan: RowPlan | undefined;
  /** Index in the query's list; the rows' path is 0, the columns follow from 1. */
  readonly require: number | undefined;
  readonly count: number | undefined;
  readonly failRules: ReadonlyMap<number, FailRule>;
  /** Index of the time column whose rows must lie within the window. */
  readonly withinColumn: number | undefined;
  readonly window: Window | undefined;
  readonly counting: { readonly column: number; readonly everyMs: number } | undefined;
}

/** Compiles a job. Its paths have been checked when it was loaded. */
export function extractionOf(job: Job, window: Window | undefined): Extraction {
  const { rows, accept } = job;
  const paths: QueryPath[] = [
    { path: parsePath(rows.path), take: "visit" },
    ...rows.columns.map((column): QueryPath => ({ path: parsePath(column.path), take: "text", within: 0 })),
  ];
  const add = (path: string, take: "text" | "visit") => paths.push({ path: parsePath(path), take }) - 1;
  const require = accept.require === undefined ? undefined : add(accept.require, "visit");
  const count = accept.count === undefined ? undefined : add(accept.count, "text");
  const failRules = new Map(
    accept.failIf.map((rule) => [add(rule.path, rule.exists ? "visit" : "text"), rule]),
  );
  const isNesting = parsePath(rows.path).segments.some(({ descendant }) => descendant);
  const isPlanned = !isNesting && rows.count === undefined && rows.columns.length <= rowColumnsMax;
  return {
    query: new Query(paths),
    columns: rows.columns,
    rowsMax: rows.max,
    isNesting,
    plan: isPlanned ? planOf(rows, window) : undefined,
    require,
    count,
    failRules,
    withinColumn: rows.withinWindow === undefined ? undefined : columnIndex(rows.columns, rows.withinWindow),
    window,
    counting: rows.count === undefined
      ? undefined
      : { column: columnIndex(rows.columns, rows.count.by), everyMs: rows.count.everyMs },
  };
}

function planOf({ columns, withinWindow }: Job["rows"], window: Window | undefined): RowPlan {
  const isWithin = withinWindow !== undefined && window !== undefined;
  return {
    columns: columns.map(({ type }) => columnPlan(type)),
    within: isWithin
      ? { column: columnIndex(columns, withinWindow), startMs: window.startMs, endMs: window.endMs }
      : undefined,
  };
}

/** Cells in a row: one for each column, and the count where rows are counted. */
export function widthOf({ columns, counting }: Extraction): number {
  return columns.length + (counting === undefined ? 0 : 1);
}

function columnIndex(columns: readonly Column[], name: string): number {
  return columns.findIndex((column) => column.name === name);
}
