/**
 * The table `_trawl_run`: rows as records, and the queries of writer and reader. Opens no transaction.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { isoTime } from "../../text/format.ts";
import type { JobState, NewRun, RunCounts, RunEnd, RunRecord } from "../records.ts";

/** What is known of a run that died. */
const deathReason = "its process ended before it could store why, as after kill -9 or on a full disk";

type SqlRow = Readonly<Record<string, unknown>>;

/** The columns that {@linkcode asRun} reads. */
export const runColumns =
  "id, job, text, identity, fields, list, window_start, window_end, state, covered, reason, started, ended, " +
  "reported, keys, ok, empty, unchanged, failed, rows, bytes, attempts";

/** A row with {@linkcode runColumns}, as a record. */
export function asRun(row: SqlRow): RunRecord {
  const state = row["state"];
  return {
    id: Number(row["id"]),
    job: String(row["job"]),
    text: String(row["text"]),
    identity: String(row["identity"]),
    fields: textOrNull(row["fields"]),
    list: textOrNull(row["list"]),
    windowStart: textOrNull(row["window_start"]),
    windowEnd: textOrNull(row["window_end"]),
    state: state === "finished" || state === "interrupted" || state === "died" ? state : "running",
    isCovered: row["covered"] === 1,
    reason: textOrNull(row["reason"]),
    started: String(row["started"]),
    ended: textOrNull(row["ended"]),
    reported: textOrNull(row["reported"]),
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
    `SELECT ${runColumns} FROM _trawl_run WHERE job = ? AND window_start IS ? ORDER BY id DESC LIMIT 1`,
  ).get(job, windowStart);
  return row === undefined ? undefined : asRun(row);
}

/** The newest run of a job whose window overlaps another one, without being it. */
export function overlappingRun(
  db: DatabaseSync,
  job: string,
  { start, end }: { readonly start: string; readonly end: string },
): RunRecord | undefined {
  const row = db.prepare(
    `SELECT ${runColumns} FROM _trawl_run WHERE job = ?1 AND window_start < ?3 AND window_end > ?2
       AND (window_start <> ?2 OR window_end <> ?3) ORDER BY id DESC LIMIT 1`,
  ).get(job, start, end);
  return row === undefined ? undefined : asRun(row);
}

/** The newest run of each window of a job. */
export function windowRuns(db: DatabaseSync, job: string): RunRecord[] {
  return db.prepare(
    `SELECT ${runColumns} FROM _trawl_run WHERE id IN
       (SELECT max(id) FROM _trawl_run WHERE job = ? AND window_start IS NOT NULL GROUP BY window_start)`,
  ).all(job).map(asRun);
}

/** The state of each job in the database, by name. */
export function jobStates(db: DatabaseSync): JobState[] {
  const newest = db.prepare(
    `SELECT ${runColumns} FROM _trawl_run WHERE id IN (SELECT max(id) FROM _trawl_run GROUP BY job) ORDER BY job`,
  );
  const finished = db.prepare(
    `SELECT ${runColumns} FROM _trawl_run WHERE job = ? AND state = 'finished'
       ORDER BY window_end DESC, id DESC LIMIT 1`,
  );
  return newest.all().map(asRun).map((run) => {
    const row = finished.get(run.job);
    return { newest: run, finished: row && asRun(row) };
  });
}

/** Adds a run; returns its id. */
export function insertRun(db: DatabaseSync, { job, text, identity, fields, window }: NewRun): number {
  const { lastInsertRowid } = db.prepare(
    `INSERT INTO _trawl_run (job, text, identity, fields, window_start, window_end, state, started)
       VALUES (?, ?, ?, ?, ?, ?, 'running', ?)`,
  ).run(job, text, identity, fields ?? null, window?.start ?? null, window?.end ?? null, isoTime(Date.now()));
  setCurrent(db, Number(lastInsertRowid));
  return Number(lastInsertRowid);
}

/** Ends a run, or makes it running again. */
export function setRunState(db: DatabaseSync, run: number, to: RunEnd | { readonly state: "running" }): void {
  const reason = to.state === "interrupted" ? to.reason : null;
  const covered = to.state === "finished" && to.isCovered ? 1 : 0;
  const ended = to.state === "running" ? null : isoTime(Date.now());
  db.prepare(
    `UPDATE _trawl_run SET state = ?, reason = ?, covered = ?, ended = ?, reported = NULL WHERE id = ?`,
  ).run(to.state, reason, covered, ended, run);
  setCurrent(db, run);
}

/** Notes that the summary of a run was written. */
export function setReported(db: DatabaseSync, run: number): void {
  db.prepare(`UPDATE _trawl_run SET reported = ? WHERE id = ?`).run(isoTime(Date.now()), run);
}

/** The order of a window's runs: the newest covered one, the newest finished one, the newest. */
const byPreference = "covered DESC, state = 'finished' DESC, id DESC";

/** Chooses the current run of a run's window anew: the run that the job's table shows. */
export function setCurrent(db: DatabaseSync, run: number): void {
  const { job = null, window_start: start = null } =
    db.prepare(`SELECT job, window_start FROM _trawl_run WHERE id = ?`).get(run) ?? {};
  const ofWindow = "job = ? AND window_start IS ?";
  const current = db.prepare(`SELECT id FROM _trawl_run WHERE ${ofWindow} ORDER BY ${byPreference} LIMIT 1`)
    .get(job, start)?.["id"] ?? null;
  db.prepare(`UPDATE _trawl_run SET current = (id = ?1) WHERE job = ?2 AND window_start IS ?3
    AND current <> (id = ?1)`).run(current, job, start);
}

/** Runs that are wrongly marked as current, or wrongly not. */
export function wrongCurrent(db: DatabaseSync): number[] {
  return db.prepare(
    `SELECT id FROM (SELECT id, current, row_number() OVER (PARTITION BY job, window_start ORDER BY ${byPreference})
       AS rank FROM _trawl_run) WHERE current <> (rank = 1) ORDER BY id`,
  ).all().map(({ id }) => Number(id));
}

/** The end of a run whose process was killed, and wrote last at `ended`. */
export function deathAt(ended: string) {
  return { state: "died", reason: deathReason, ended } as const;
}

/** Ends the runs whose state is running though no process works on them; returns them. */
export function endRunning(
  db: DatabaseSync,
  { state, reason, ended }: Pick<RunRecord, "state" | "reason" | "ended">,
): RunRecord[] {
  const rows = db.prepare(
    `UPDATE _trawl_run SET state = ?, reason = ?, ended = ? WHERE state = 'running' RETURNING ${runColumns}`,
  ).all(state, reason, ended);
  return rows.map(asRun);
}

/** Sets the number of keys of a run. */
export function setRunKeys(db: DatabaseSync, run: number, keys: number): void {
  db.prepare(`UPDATE _trawl_run SET keys = ? WHERE id = ?`).run(keys, run);
}

/** Sets what tells the key list of a run from another, as JSON. */
export function setRunList(db: DatabaseSync, run: number, list: string): void {
  db.prepare(`UPDATE _trawl_run SET list = ? WHERE id = ?`).run(list, run);
}

/** Replaces the sums of a run. */
export function setRunCounts(db: DatabaseSync, run: number, counts: RunCounts): void {
  const { ok, empty, unchanged, failed, rows, bytes, attempts } = counts;
  db.prepare(
    `UPDATE _trawl_run SET ok = ?, empty = ?, unchanged = ?, failed = ?, rows = ?, bytes = ?, attempts = ?
       WHERE id = ?`,
  ).run(ok, empty, unchanged, failed, rows, bytes, attempts, run);
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
