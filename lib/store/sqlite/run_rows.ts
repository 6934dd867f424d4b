/**
 * Rows of trawl's own tables as records, and the sums of a run counted from its fetches. Used by writer and reader.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import type { FailedFetch, RunCounts, RunRecord, StartCounts, StartScope } from "../records.ts";
import { idsPerRun } from "./sql_schema.ts";

type SqlRow = Readonly<Record<string, unknown>>;

/** The columns that {@linkcode asRun} reads. */
export const runColumns =
  "id, job, text, sha256, window_start, window_end, state, reason, started, ended, keys, " +
  "ok, empty, unchanged, failed, rows, bytes, attempts";

/** A row with {@linkcode runColumns}, as a record. */
export function asRun(row: SqlRow): RunRecord {
  const state = row["state"];
  return {
    id: Number(row["id"]),
    job: String(row["job"]),
    text: String(row["text"]),
    sha256: String(row["sha256"]),
    windowStart: textOrNull(row["window_start"]),
    windowEnd: textOrNull(row["window_end"]),
    state: state === "finished" || state === "interrupted" ? state : "running",
    reason: textOrNull(row["reason"]),
    started: String(row["started"]),
    ended: textOrNull(row["ended"]),
    keys: row["keys"] === null ? null : Number(row["keys"]),
    ...asCounts(row),
  };
}

/** The columns that {@linkcode asFailedFetch} reads. */
export const failedColumns = "sequence, key, reason, status, attempts";

/** A row of `fetch` with {@linkcode failedColumns}, as a record. */
export function asFailedFetch(row: SqlRow): FailedFetch {
  return {
    sequence: Number(row["sequence"]),
    key: String(row["key"]),
    reason: String(row["reason"]),
    status: row["status"] === null ? null : Number(row["status"]),
    attempts: Number(row["attempts"]),
  };
}

/** The newest run of a job for a window, by the window's start; null for jobs without windows. */
export function latestRun(db: DatabaseSync, job: string, windowStart: string | null): RunRecord | undefined {
  const row = db.prepare(
    `SELECT ${runColumns} FROM run WHERE job = ? AND window_start IS ? ORDER BY id DESC LIMIT 1`,
  ).get(job, windowStart);
  return row === undefined ? undefined : asRun(row);
}

/** Started requests of a quota. */
export function readStarts(db: DatabaseSync, { host, perMs }: StartScope): StartCounts {
  // Databases of version 1 may be read, and have no such table.
  if (db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'budget'`).get() === undefined) return new Map();
  const row = db.prepare(`SELECT starts FROM budget WHERE host = ? AND per_ms = ?`).get(host, perMs);
  return new Map(JSON.parse(String(row?.["starts"] ?? "[]")));
}

/** The sums of a run, counted from its fetches. */
export function countFetches(db: DatabaseSync, run: number): RunCounts {
  const row = db.prepare(
    `SELECT count(*) FILTER (WHERE verdict = 'ok') AS ok, count(*) FILTER (WHERE verdict = 'empty') AS empty,
       count(*) FILTER (WHERE verdict = 'unchanged') AS unchanged, count(*) FILTER (WHERE verdict = 'failed') AS failed,
       ifnull(sum(rows), 0) AS rows, ifnull(sum(bytes), 0) AS bytes, ifnull(sum(attempts), 0) AS attempts
     FROM fetch WHERE id >= ? AND id < ?`,
  ).get(run * idsPerRun, (run + 1) * idsPerRun);
  return asCounts(row ?? {});
}

function asCounts(row: SqlRow): RunCounts {
  return {
    ok: Number(row["ok"] ?? 0),
    empty: Number(row["empty"] ?? 0),
    unchanged: Number(row["unchanged"] ?? 0),
    failed: Number(row["failed"] ?? 0),
    rows: Number(row["rows"] ?? 0),
    bytes: Number(row["bytes"] ?? 0),
    attempts: Number(row["attempts"] ?? 0),
  };
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
