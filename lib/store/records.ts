/**
 * Records of the store: runs with their sums, batches, started requests, tuned limits. Plain data.
 *
 * @module
 */

/** The sums of a run. keys = ok + empty + unchanged + failed + pending. */
export interface RunCounts {
  readonly ok: number;
  readonly empty: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly rows: number;
  readonly bytes: number;
  readonly attempts: number;
}

/** One pass over a job's keys for one window. Times are ISO 8601 in UTC. */
export interface RunRecord extends RunCounts {
  readonly id: number;
  readonly job: string;
  readonly text: string;
  readonly sha256: string;
  readonly windowStart: string | null;
  readonly windowEnd: string | null;
  readonly state: "running" | "finished" | "interrupted";
  readonly reason: string | null;
  readonly started: string;
  readonly ended: string | null;
  /** How many keys there are; null until the list has been read to its end. */
  readonly keys: number | null;
}

/** Consecutive keys of a run. */
export interface BatchRecord {
  readonly number: number;
  readonly first: number;
  readonly size: number;
  readonly sha256: string;
  readonly state: "open" | "done";
}

/** Whose requests are counted, and for which rate: `host:port`, and the rate's window. */
export interface StartScope {
  readonly host: string;
  readonly perMs: number;
}

/** What is found by itself. */
export type Tunable = "rate" | "in_flight";

/** What was found: the value that it came to, and the limit that was seen, if one was. */
export interface TunedRecord {
  readonly value: number;
  readonly limit: number | undefined;
}

/** Requests started, by span of the window; a span's number is how many of them fit between 1970 and its beginning. */
export type StartCounts = ReadonlyMap<number, number>;
