/**
 * What the store takes and gives: runs with their sums, batches, failures, measured storage, tuned limits. Plain data,
 * the same for every database. Times are ISO 8601 in UTC unless a name ends in `Ms`.
 *
 * @module
 */

import type { FetchRecord } from "../rows/fetch_record.ts";

/** The sums of a run. keys = ok + empty + unchanged + failed + pending. */
export interface RunCounts {
  readonly ok: number;
  readonly empty: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly rows: number;
  /** Decoded bytes. */
  readonly bytes: number;
  readonly attempts: number;
}

/** A run to be started. */
export interface NewRun {
  readonly job: string;
  /** The job as written. */
  readonly text: string;
  /** SHA-256 of what identifies a run of the job. */
  readonly identity: string;
  /** Fingerprints of the fields that make the identity, as JSON, to tell which of them changed. */
  readonly fields?: string;
  readonly window?: { readonly start: string; readonly end: string };
}

/** One pass over a job's keys for one window. */
export interface RunRecord extends RunCounts {
  readonly id: number;
  readonly job: string;
  readonly text: string;
  readonly identity: string;
  /** Fingerprints of the fields that make the identity, as JSON. */
  readonly fields: string | null;
  /** Fingerprint of the key list, as JSON; null until it is known. */
  readonly list: string | null;
  readonly windowStart: string | null;
  readonly windowEnd: string | null;
  /** `died`: its process ended before it could store why, as after `kill -9`. The next start resumes the run. */
  readonly state: "running" | "finished" | "interrupted" | "died";
  /** The run finished with the coverage that its job asks for. */
  readonly isCovered: boolean;
  /** Why the run was interrupted, or what is known of its death. */
  readonly reason: string | null;
  readonly started: string;
  /** The last write to the database, if the run died. */
  readonly ended: string | null;
  /** When the summary of the finished run was written; null before. */
  readonly reported: string | null;
  /** Number of keys; null until the list has been read to its end. */
  readonly keys: number | null;
}

/** How a run ends. An interrupted run is to be resumed. */
export type RunEnd =
  | { readonly state: "finished"; readonly isCovered: boolean }
  | { readonly state: "interrupted"; readonly reason: string };

/** The newest run of a job, and its newest finished window (without windows: its newest finished run). */
export interface JobState {
  readonly newest: RunRecord;
  readonly finished: RunRecord | undefined;
}

/** Consecutive keys of a run. */
export interface BatchRecord {
  /** From 0. */
  readonly number: number;
  /** Sequence of the first key. */
  readonly first: number;
  readonly size: number;
  /** SHA-256 of the keys, one a line. */
  readonly sha256: string;
  readonly state: "open" | "done";
}

/** A failed key of a run. */
export interface FailedFetch
  extends Pick<FetchRecord, "sequence" | "key" | "status" | "attempts" | "detail"> {
  readonly reason: string;
}

/** A failure reason of a run with its number of keys. */
export interface FailureCount {
  readonly reason: string;
  readonly count: number;
  /** One of the keys. */
  readonly example: string;
  /** What the server said for that key; null if that was not kept. */
  readonly detail: string | null;
}

/** A key with its number of rows. */
export interface RankedKey {
  readonly fetch: number;
  readonly key: string;
  readonly rows: number;
}

/** The time column of a job's table. */
export interface TimeColumn {
  readonly table: string;
  readonly column: string;
  /** The column with the number of rows, if the job counts rows instead of storing them. */
  readonly count: string | undefined;
}

/** A closed time span in equal parts; times in seconds since 1970. */
export interface TimeBuckets {
  readonly start: number;
  readonly end: number;
  readonly buckets: number;
}

/** The retention rule of a job: runs whose window (without windows: whose run) ended before a time are deleted. */
export interface RetentionRule {
  readonly job: string;
  readonly before: string;
}

/** Host (`host:port`) and window of a quota. */
export interface StartScope {
  readonly host: string;
  readonly perMs: number;
}

/** Started requests by span of a quota's window. Span n begins n spans after 1970. */
export type StartCounts = ReadonlyMap<number, number>;

/** A limit that trawl tunes by itself. */
export type Tunable = "rate" | "in_flight";

/** Result of tuning: the last value, and the server's limit if one was met. */
export interface TunedRecord {
  readonly value: number;
  readonly limit: number | undefined;
}

/** One fetch with the figures that a forecast needs. */
export interface MeasuredFetch {
  readonly key: string;
  /** Failure reason; null for other verdicts. */
  readonly reason: string | null;
  /** What the server said in the failure; null if that was not kept. */
  readonly detail: string | null;
  readonly attempts: number;
  /** Decoded bytes of the last attempt. */
  readonly bytes: number;
  /** Rows that the path selected and the job kept. */
  readonly rows: number;
  /** Rows in the job's table; fewer than `rows` if the job counts rows. */
  readonly storedRows: number;
  /** All attempts, with the waits between them. */
  readonly durationMs: number;
}

/** Mean bytes in the database; 0 if there is nothing to measure. */
export interface StorageSize {
  /** Bytes of one fetch with its index entry and its span. */
  readonly fetchBytes: number;
  /** Bytes of one row. */
  readonly rowBytes: number;
}

/** Storage that the finished runs of a job needed. */
export interface PastStorage {
  /** Keys of the last finished run. */
  readonly keys: number;
  /** Mean over all runs. */
  readonly bytesPerKey: number;
  /** Bytes inside the database that new rows fill before it grows. */
  readonly reusableBytes: number;
}

/** Result of checking a database. */
export interface Inspection {
  /** Mistakes, one line each, a few of each kind at most. */
  readonly mistakes: readonly string[];
  /** Only the small tables were checked. */
  readonly isPartial: boolean;
  /** What to do about mistakes. */
  readonly remedy: string;
}
