/**
 * The table `run`: rows as records, and the queries of writer and reader. Opens no transaction.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { isoTime } from "../../text/format.ts";
import type { JobState, NewRun, RunCounts, RunRecord } from "../records.ts";

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

/** The sums of a run, from a row with a column for each. */
export function asCounts(row: SqlRow): RunCounts {
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

/** The newest run of a job for a window, by the window's start; null for jobs without windows. */
export function latestRun(db: DatabaseSync, job: string, windowStart: string | null): RunRecord | undefined {
  const row = db.prepare(
    `SELECT ${runColumns} FROM run WHERE job = ? AND window_start IS ? ORDER BY id DESC LIMIT 1`,
  ).get(job, windowStart);
  return row === undefined ? undefined : asRun(row);
}

/** The newest run of each window of a job. */
export function windowRuns(db: DatabaseSync, job: string): RunRecord[] {
  return db.prepare(
    `SELECT ${runColumns} FROM run WHERE id IN
       (SELECT max(id) FROM run WHERE job = ? AND window_start IS NOT NULL GROUP BY window_start)`,
  ).all(job).map(asRun);
}

/** The state of each job in the database, by name. */
export function jobStates(db: DatabaseSync): JobState[] {
  const newest = db.prepare(
    `SELECT ${runColumns} FROM run WHERE id IN (SELECT max(id) FROM run GROUP BY job) ORDER BY job`,
  );
  const finished = db.prepare(
    `SELECT ${runColumns} FROM run WHERE job = ? AND state = 'finished' ORDER BY window_end DESC, id DESC LIMIT 1`,
  );
  return newest.all().map(asRun).map((run) => {
    const row = finished.get(run.job);
    return { newest: run, finished: row && asRun(row) };
  });
}

/** Adds a run; returns its id. */
export function insertRun(db: DatabaseSync, { job, text, sha256, window }: NewRun): number {
  const { lastInsertRowid } = db.prepare(
    `INSERT INTO run (job, text, sha256, window_start, window_end, state, started)
       VALUES (?, ?, ?, ?, ?, 'running', ?)`,
  ).run(job, text, sha256, window?.start ?? null, window?.end ?? null, isoTime(Date.now()));
  return Number(lastInsertRowid);
}

/** Sets the state of a run: `ended` is the present unless the run is running. */
export function setRunState(
  db: DatabaseSync,
  run: number,
  { state, reason }: Pick<RunRecord, "state" | "reason">,
): void {
  const ended = state === "running" ? null : isoTime(Date.now());
  db.prepare(`UPDATE run SET state = ?, reason = ?, ended = ? WHERE id = ?`).run(state, reason, ended, run);
}

/** Sets the number of keys of a run. */
export function setRunKeys(db: DatabaseSync, run: number, keys: number): void {
  db.prepare(`UPDATE run SET keys = ? WHERE id = ?`).run(keys, run);
}

/** Replaces the sums of a run. */
export function setRunCounts(db: DatabaseSync, run: number, counts: RunCounts): void {
  const { ok, empty, unchanged, failed, rows, bytes, attempts } = counts;
  db.prepare(
    `UPDATE run SET ok = ?, empty = ?, unchanged = ?, failed = ?, rows = ?, bytes = ?, attempts = ? WHERE id = ?`,
  ).run(ok, empty, unchanged, failed, rows, bytes, attempts, run);
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
