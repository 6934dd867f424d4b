/**
 * The table `_trawl_fetch`: one row for each key with a verdict, with the id `run * idsPerRun + sequence`. Opens no
 * transaction.
 *
 * @module
 */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { FetchRecord } from "../../rows/fetch_record.ts";
import type { FailedFetch, FailureCount, RankedKey, RunCounts } from "../records.ts";
import { BulkInsert } from "./bulk_insert.ts";
import { asCounts } from "./run_table.ts";
import { idsPerRun } from "./sql_schema.ts";

type SqlRow = Readonly<Record<string, unknown>>;

/** Sequences from `first` to before `end`; all of a run by default. */
export interface SequenceRange {
  readonly first?: number;
  readonly end?: number;
}

/** The ids of fetches of a run, from the first to before the second. */
export function idRange(run: number, { first = 0, end = idsPerRun }: SequenceRange = {}): [number, number] {
  return [run * idsPerRun + first, run * idsPerRun + end];
}

/** The columns that {@linkcode FetchInsert} inserts. */
const insertedColumns = [
  ...["id", "key", "verdict", "reason", "status", "attempts", "bytes", "rows"],
  ...["started_ms", "duration_ms", "etag", "last_modified"],
];

/** Details kept of the failures of one reason in a run. */
const detailsMax = 5;

/** Inserts fetches, and adds them to the sums of their run. */
export class FetchInsert {
  readonly #fetches: BulkInsert;
  readonly #addCounts: StatementSync;
  readonly #addDetail: StatementSync;

  constructor(db: DatabaseSync) {
    this.#fetches = new BulkInsert(db, { table: "_trawl_fetch", columns: insertedColumns });
    this.#addCounts = db.prepare(
      `UPDATE _trawl_run SET ok = ok + ?, empty = empty + ?, unchanged = unchanged + ?, failed = failed + ?,
         rows = rows + ?, bytes = bytes + ?, attempts = attempts + ? WHERE id = ?`,
    );
    this.#addDetail = db.prepare(
      `INSERT INTO _trawl_failure (fetch, detail) SELECT ?, ? WHERE (
         SELECT count(*) FROM _trawl_failure AS failure JOIN _trawl_fetch AS fetch ON fetch.id = failure.fetch
         WHERE failure.fetch >= ? AND failure.fetch < ? AND fetch.reason = ?) < ${detailsMax}`,
    );
  }

  write(run: number, fetches: readonly FetchRecord[]): void {
    this.#fetches.write(fetches.length, (bound, first) => {
      let at = 0;
      for (const record of fetches.slice(first, first + bound.length / insertedColumns.length)) {
        for (const value of valuesOf(run, record)) bound[at++] = value;
      }
    });
    const sums = { ok: 0, empty: 0, unchanged: 0, failed: 0, rows: 0, bytes: 0, attempts: 0 };
    for (const record of fetches) {
      sums[record.verdict]++;
      sums.rows += record.rows;
      sums.bytes += record.bytes;
      sums.attempts += record.attempts;
      this.#keepDetail(run, record);
    }
    const { ok, empty, unchanged, failed, rows, bytes, attempts } = sums;
    this.#addCounts.run(ok, empty, unchanged, failed, rows, bytes, attempts, run);
  }

  /** Keeps what the server said, unless enough is known of the reason. Workers send few details. */
  #keepDetail(run: number, { sequence, reason, detail }: FetchRecord): void {
    if (detail === null) return;
    this.#addDetail.run(run * idsPerRun + sequence, detail, ...idRange(run), reason);
  }
}

/** The sums of a run, counted from its fetches. */
export function countFetches(db: DatabaseSync, run: number): RunCounts {
  const row = db.prepare(
    `SELECT count(*) FILTER (WHERE verdict = 'ok') AS ok, count(*) FILTER (WHERE verdict = 'empty') AS empty,
       count(*) FILTER (WHERE verdict = 'unchanged') AS unchanged, count(*) FILTER (WHERE verdict = 'failed') AS failed,
       ifnull(sum(rows), 0) AS rows, ifnull(sum(bytes), 0) AS bytes, ifnull(sum(attempts), 0) AS attempts
     FROM _trawl_fetch WHERE id >= ? AND id < ?`,
  ).get(...idRange(run));
  return asCounts(row ?? {});
}

/** The sequences of a range that have a verdict. */
export function doneSequences(db: DatabaseSync, run: number, range: SequenceRange): Set<number> {
  const rows = db.prepare(`SELECT id FROM _trawl_fetch WHERE id >= ? AND id < ?`).all(...idRange(run, range));
  return new Set(rows.map((row) => Number(row["id"]) - run * idsPerRun));
}

/** A key with verdict `ok` or `empty` and an answer of at most `bytesMax` bytes. */
export function answeredKey(db: DatabaseSync, run: number, bytesMax: number): string | undefined {
  const row = db.prepare(
    `SELECT key FROM _trawl_fetch WHERE id >= ? AND id < ? AND verdict IN ('ok', 'empty') AND bytes <= ? LIMIT 1`,
  ).get(...idRange(run), bytesMax);
  return row === undefined ? undefined : String(row["key"]);
}

/** The failed fetches of a range in the order of the list, read lazily. */
export function* failedFetches(
  db: DatabaseSync,
  run: number,
  range: SequenceRange = {},
): Generator<FailedFetch> {
  const statement = db.prepare(
    `SELECT id, key, reason, status, attempts, detail
       FROM _trawl_fetch LEFT JOIN _trawl_failure ON _trawl_failure.fetch = id
       WHERE id >= ? AND id < ? AND verdict = 'failed' ORDER BY id`,
  );
  for (const row of statement.iterate(...idRange(run, range))) yield asFailedFetch(row);
}

/** The failure reasons of a run, most frequent first. */
export function failureCounts(db: DatabaseSync, run: number): FailureCount[] {
  const rows = db.prepare(
    `SELECT reason, count(*) AS count, min(key) AS example FROM _trawl_fetch
       WHERE id >= ? AND id < ? AND verdict = 'failed' GROUP BY reason ORDER BY count DESC, reason`,
  ).all(...idRange(run));
  const told = db.prepare(
    `SELECT reason, key, detail FROM _trawl_failure JOIN _trawl_fetch ON id = fetch
       WHERE fetch >= ? AND fetch < ? ORDER BY fetch DESC`,
  ).all(...idRange(run));
  // The first of each reason, as it comes last.
  const byReason = new Map(told.map((row) => [row["reason"], row]));
  return rows.map((row) => ({
    reason: String(row["reason"]),
    count: Number(row["count"]),
    example: String(byReason.get(row["reason"])?.["key"] ?? row["example"]),
    detail: byReason.has(row["reason"]) ? String(byReason.get(row["reason"])?.["detail"]) : null,
  }));
}

/** The keys of a run with the most rows, except the keys in `without`. */
export function topKeys(
  db: DatabaseSync,
  run: number,
  { count, without }: { readonly count: number; readonly without: readonly string[] },
): RankedKey[] {
  const rows = db.prepare(
    `SELECT id, key, rows FROM _trawl_fetch WHERE id >= ? AND id < ? AND rows > 0
       AND key NOT IN (SELECT value FROM json_each(?)) ORDER BY rows DESC, id LIMIT ?`,
  ).all(...idRange(run), JSON.stringify(without), count);
  return rows.map((row) => ({
    fetch: Number(row["id"]),
    key: String(row["key"]),
    rows: Number(row["rows"]),
  }));
}

/** Deletes the fetch of one key. Its rows, if any, would stay. */
export function deleteFetch(db: DatabaseSync, run: number, sequence: number): void {
  const id = run * idsPerRun + sequence;
  db.prepare(`DELETE FROM _trawl_failure WHERE fetch = ?`).run(id);
  db.prepare(`DELETE FROM _trawl_fetch WHERE id = ?`).run(id);
}

/** Deletes the failed fetches of a run, by default whatever their reason, with what the server said. */
export function deleteFailed(db: DatabaseSync, run: number, reasons?: readonly string[]): void {
  const range = idRange(run);
  db.prepare(`DELETE FROM _trawl_fetch WHERE verdict = 'failed' AND id >= ? AND id < ? AND ${isOneOf("?3")}`)
    .run(...range, reasons === undefined ? null : JSON.stringify(reasons));
  db.prepare(
    `DELETE FROM _trawl_failure WHERE fetch >= ? AND fetch < ?
       AND NOT EXISTS (SELECT 1 FROM _trawl_fetch WHERE _trawl_fetch.id = fetch)`,
  ).run(...range);
}

/** The condition that a fetch failed for one of the reasons of a JSON array; any reason where the array is null. */
export function isOneOf(parameter: string): string {
  return `(${parameter} IS NULL OR reason IN (SELECT value FROM json_each(${parameter})))`;
}

function asFailedFetch(row: SqlRow): FailedFetch {
  return {
    sequence: Number(row["id"]) % idsPerRun,
    key: String(row["key"]),
    reason: String(row["reason"]),
    status: row["status"] === null ? null : Number(row["status"]),
    attempts: Number(row["attempts"]),
    detail: row["detail"] === null ? null : String(row["detail"]),
  };
}

/** Values in the order of {@linkcode insertedColumns}. */
function valuesOf(run: number, record: FetchRecord): SQLInputValue[] {
  return [
    run * idsPerRun + record.sequence,
    record.key,
    record.verdict,
    record.reason,
    record.status,
    record.attempts,
    record.bytes,
    record.rows,
    Math.round(record.startedMs),
    Math.round(record.durationMs),
    record.etag,
    record.lastModified,
  ];
}
