/**
 * Storage of fetches and rows in a database file: the measure of a forecast, and of the free space that a run needs.
 * Reads only.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import type { TableSchema } from "../../rows/table_schema.ts";
import type { MeasuredFetch, PastStorage, StorageSize } from "../records.ts";
import { partsOf, tablesOf } from "./job_table_sql.ts";
import { idsPerRun } from "./sql_schema.ts";

/**
 * Fill of the pages with fetches, index entries and spans. Answers arrive in another order than their keys, and SQLite
 * splits a full page that gets a key in between. Measured over 85,000 fetches at 8 in flight. Rows are appended, so
 * their pages are full.
 */
const fetchPageFill = 0.91;

/** Keys below which past runs give no forecast: their rows do not fill the first page of each table. */
const pastKeysMin = 100;

/** Storage of the finished runs of a job; undefined after few keys, or if the file holds runs of other jobs. */
export function pastStorage(db: DatabaseSync, job: string): PastStorage | undefined {
  const row = db.prepare(
    `SELECT (SELECT keys FROM _trawl_run WHERE job = ?1 AND state = 'finished' ORDER BY id DESC LIMIT 1) AS keys,
       (SELECT sum(ok + empty + unchanged + failed) FROM _trawl_run) AS verdicts,
       (SELECT count(*) FROM _trawl_run WHERE job <> ?1) AS others,
       (SELECT count(*) FROM sqlite_schema WHERE rootpage > 0) AS roots,
       page_count AS pages, freelist_count AS spare, page_size AS size
     FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
  ).get(job);
  const keys = Number(row?.["keys"] ?? 0);
  const verdicts = Number(row?.["verdicts"] ?? 0);
  if (row === undefined || keys === 0 || verdicts < pastKeysMin || row["others"] !== 0) return undefined;
  const [pages = 0, spare = 0, size = 0, roots = 0] = ["pages", "spare", "size", "roots"].map((name) =>
    Number(row[name])
  );
  // An empty table has one page already.
  const usedBytes = Math.max(0, pages - spare - roots) * size;
  return { keys, bytesPerKey: usedBytes / verdicts, reusableBytes: spare * size };
}

/** The fetches of a run with sequences from `first` to before `end`, all in memory. */
export function measuredFetches(
  db: DatabaseSync,
  run: number,
  { first, end = idsPerRun, tables }: {
    readonly first: number;
    readonly end?: number;
    readonly tables: readonly TableSchema[];
  },
): MeasuredFetch[] {
  const storedRows = tables.map((table) =>
    `ifnull((SELECT sum(last - first + 1) FROM ${
      tablesOf(table).span
    } AS span WHERE span.fetch = fetch.id), 0)`
  );
  return db.prepare(
    `SELECT key, reason, detail, attempts, bytes, rows, duration_ms AS durationMs, ${
      storedRows.join(" + ")
    } AS storedRows FROM _trawl_fetch AS fetch LEFT JOIN _trawl_failure AS failure ON failure.fetch = id
       WHERE id >= ? AND id < ?`,
  ).all(run * idsPerRun + first, run * idsPerRun + end).map((row) => ({
    key: String(row["key"]),
    reason: row["reason"] === null ? null : String(row["reason"]),
    detail: row["detail"] === null ? null : String(row["detail"]),
    attempts: Number(row["attempts"]),
    bytes: Number(row["bytes"]),
    rows: Number(row["rows"]),
    storedRows: Number(row["storedRows"]),
    durationMs: Number(row["durationMs"]),
  }));
}

/** Mean over the whole file. Counts the used part of each page: the last page of a table is never full. */
export function storageSize(db: DatabaseSync, tables: readonly TableSchema[]): StorageSize {
  const fetchBytes = usedBytes(db, ["_trawl_fetch", ...tables.map((table) => partsOf(table).span)]) /
    fetchPageFill;
  const rows = tables.reduce((sum, table) => sum + count(db, tablesOf(table).data), 0);
  return {
    fetchBytes: mean(fetchBytes, count(db, "_trawl_fetch")),
    rowBytes: mean(usedBytes(db, tables.map((table) => partsOf(table).data)), rows),
  };
}

/** Bytes of tables and their indexes. */
function usedBytes(db: DatabaseSync, tables: readonly string[]): number {
  const row = db.prepare(
    `SELECT sum(pgsize - unused) AS bytes FROM dbstat WHERE name IN
       (SELECT name FROM sqlite_schema WHERE tbl_name IN (SELECT value FROM json_each(?)))`,
  ).get(JSON.stringify(tables));
  return Number(row?.["bytes"] ?? 0);
}

function count(db: DatabaseSync, table: string): number {
  return Number(db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.["count"]);
}

function mean(sum: number, count: number): number {
  return count === 0 ? 0 : sum / count;
}
