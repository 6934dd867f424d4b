/**
 * What the store takes in: plain data, as it comes from a Worker.
 *
 * @module
 */

import type { RowChunk } from "../row_chunk.ts";

/** All verdicts. */
export const verdicts = ["ok", "empty", "unchanged", "failed"] as const;

/** How a key's question ended. A key without a fetch is pending. */
export type Verdict = typeof verdicts[number];

/** One key's question in one run. */
export interface FetchRecord {
  /** The key's place in the list, from 0. */
  readonly sequence: number;
  readonly key: string;
  readonly verdict: Verdict;
  /** Why it failed; null otherwise. */
  readonly reason: string | null;
  readonly status: number | null;
  readonly attempts: number;
  /** Decoded bytes of the last attempt. */
  readonly bytes: number;
  /** Rows that the path selected and the job kept; where rows are counted, the sum of the counts. */
  readonly rows: number;
  /** Since 1970. */
  readonly startedMs: number;
  readonly durationMs: number;
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** Finished fetches with all their rows: they become visible in one transaction. */
export interface FinishedChunk {
  readonly fetches: readonly FetchRecord[];
  /** For each fetch how many of `rows` it has, or that its rows have been staged before. */
  readonly rowCounts: readonly (number | "staged")[];
  /** Fetch after fetch. */
  readonly rows: RowChunk;
}

/** Some rows of an answer that is not whole yet: out of sight until it is. */
export interface StagedPart {
  readonly sequence: number;
  /** The first row's number within the answer. */
  readonly first: number;
  readonly rows: RowChunk;
}

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
export type Learnable = "rate" | "in_flight";

/** What was found: the value that it came to, and the limit that was seen, if one was. */
export interface LearnedRecord {
  readonly value: number;
  readonly limit: number | undefined;
}

/** Requests started, by span of the window; a span's number is how many of them fit between 1970 and its beginning. */
export type StartCounts = ReadonlyMap<number, number>;

/** A time as the store writes it: ISO 8601 in UTC, to the second. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
