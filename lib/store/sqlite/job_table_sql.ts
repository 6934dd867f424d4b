/**
 * The tables of a job as SQL: internal tables that follow its columns, views over them for people, and indexes where a
 * time column has `index = true`. Job files allow only plain identifiers as names; they are quoted nevertheless. Runs
 * no SQL itself.
 *
 * @module
 */

import type { SqlType, TableSchema } from "../../rows/table_schema.ts";
import { fetchOfRun, idsPerRun, quote } from "./sql_schema.ts";

/** The type of a column in CREATE TABLE. */
export function declaredType(type: SqlType): string {
  return type === "TIME" ? "ANY" : type;
}

/**
 * The internal tables of a job's table.
 *
 * The data holds all rows in the order of their arrival, rows of unfinished fetches included. The spans of a fetch say
 * which rows of the data are its own. So each row is written once, at the end of a table, and a span makes it visible.
 * A row of two columns costs 0.24 µs of CPU, against 0.58 with a key of (fetch, row) and a separate staging table, and
 * three quarters of the bytes.
 */
export function createTable(schema: TableSchema): string {
  const { data, span, staged } = tablesOf(schema);
  const columns = schema.columns.map(({ name, type }) => `${quote(name)} ${declaredType(type)}`);
  // Rows of the data from `first` to `last` belong to the fetch. The first of these rows has the number `row`.
  const spans =
    "(fetch INTEGER NOT NULL, row INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, " +
    "PRIMARY KEY (fetch, row)) STRICT, WITHOUT ROWID";
  return `CREATE TABLE IF NOT EXISTS ${data} (row INTEGER PRIMARY KEY, ${columns.join(", ")}) STRICT;
    CREATE TABLE IF NOT EXISTS ${span} ${spans};
    CREATE TABLE IF NOT EXISTS ${staged} ${spans};`;
}

/** A view or an index that a job's table should have. */
export interface Definition {
  readonly type: "view" | "index";
  readonly name: string;
  readonly sql: string;
}

/** The name of the view that is entered by time. */
export function timeViewOf({ name }: Pick<TableSchema, "name">): string {
  return `${name}_by_time`;
}

/** The views of a job's table, and its indexes. */
export function definitionsOf(schema: TableSchema): Definition[] {
  const { name } = schema;
  const { data, span } = tablesOf(schema);
  const indexed = schema.columns.filter(({ isIndexed }) => isIndexed === true);
  const views = [
    [name, "the rows of each window's current run", byRun(schema, " WHERE run.current")],
    [`${name}_history`, "the rows of all runs", byRun(schema, "")],
    ...(indexed.length === 0 ? [] : [[
      timeViewOf(schema),
      `the rows of all runs, fast for a range of ${indexed.map(({ name }) => name).join(" or ")}`,
      byTime(schema),
    ]]),
  ];
  const parts = partsOf(schema);
  // No name of a table has a dot, so these names are unique.
  const indexes = indexed.map(({ name }) => [`${parts.data}.${name}`, `${data} (${quote(name)})`]);
  // Leads from a row of the data to its span.
  if (indexed.length > 0) indexes.push([`${parts.span}.first`, `${span} (first, last)`]);
  return [
    ...views.map(([view = "", text, sql]): Definition => ({
      type: "view",
      name: view,
      sql: `CREATE VIEW ${quote(view)} AS -- for people: ${text}\n${sql}`,
    })),
    ...indexes.map(([index = "", on]): Definition => ({
      type: "index",
      name: index,
      sql: `CREATE INDEX ${quote(index)} ON ${on}`,
    })),
  ];
}

/**
 * The rows of runs: from the runs, which are few, to their fetches by id or by key, then to spans and rows. CROSS JOIN
 * and NOT INDEXED fix this order, since SQLite knows no sizes here: it would scan all keys in their order, at seven
 * times the cost for 10 million rows, or read an index on the data once per span.
 */
function byRun(schema: TableSchema, where: string): string {
  const { data, span } = tablesOf(schema);
  return `SELECT ${columnsOf(schema)}
FROM _trawl_run AS run
  CROSS JOIN _trawl_fetch AS fetch ON ${fetchOfRun}
  CROSS JOIN ${span} AS span ON span.fetch = fetch.id
  CROSS JOIN ${data} AS data NOT INDEXED ON data.row BETWEEN span.first AND span.last${where}`;
}

/**
 * The rows by an index on the data: each row leads to its span, which a staged row does not have yet. One search finds
 * the span, as it is asked for its fetch alone; LEFT JOIN lets SQLite leave out the run where no column of it is asked
 * for. Together that saves a fifth of the CPU time of an hour among 60 days (`docs/measurements.md#reading`).
 */
function byTime(schema: TableSchema): string {
  const { data } = tablesOf(schema);
  return `SELECT fetch.key, run.window_start, ${dataColumns(schema)}, fetch.id / ${idsPerRun} AS run, ` +
    `fetch.id AS fetch,
  (${lastSpan(schema, "row + data.row - first")}) AS row
FROM ${data} AS data
  CROSS JOIN _trawl_fetch AS fetch
    ON fetch.id = (${lastSpan(schema, "CASE WHEN last >= data.row THEN fetch END")})
  LEFT JOIN _trawl_run AS run ON run.id = fetch.id / ${idsPerRun}`;
}

/** A value of the last span that begins at or before a row of the data. */
function lastSpan(schema: TableSchema, value: string): string {
  const { span } = tablesOf(schema);
  return `SELECT ${value} FROM ${span} WHERE first <= data.row ORDER BY first DESC LIMIT 1`;
}

/** What the views by run select. */
function columnsOf(schema: TableSchema): string {
  return `fetch.key, run.window_start, ${dataColumns(schema)}, run.id AS run, fetch.id AS fetch, ` +
    "span.row + data.row - span.first AS row";
}

function dataColumns(schema: TableSchema): string {
  return schema.columns.map(({ name }) => `data.${quote(name)}`).join(", ");
}

/** The internal tables of a job's table: its data, and the spans of finished and of staged fetches. */
export function partsOf({ name }: Pick<TableSchema, "name">) {
  return { data: `_trawl_${name}_data`, span: `_trawl_${name}_span`, staged: `_trawl_${name}_staged` };
}

/** {@linkcode partsOf} as SQL identifiers. */
export function tablesOf(schema: Pick<TableSchema, "name">) {
  const { data, span, staged } = partsOf(schema);
  return { data: quote(data), span: quote(span), staged: quote(staged) };
}
