/**
 * What crosses from a Worker to the store: verdicts of fetches, and their rows. Plain data.
 *
 * @module
 */

import type { RowBatch } from "./row_batch.ts";

/** All verdicts. */
export const verdicts = ["ok", "empty", "unchanged", "failed"] as const;

/** How a key's extraction ended. A key without a fetch is pending. */
export type Verdict = typeof verdicts[number];

/** One key's extraction in one run. */
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
export interface FinishedFetches {
  readonly fetches: readonly FetchRecord[];
  /** For each fetch how many of `rows` it has, or that its rows have been staged before. */
  readonly rowCounts: readonly (number | "staged")[];
  /** Fetch after fetch. */
  readonly rows: RowBatch;
}

/** Some rows of an answer that is not whole yet: out of sight until it is. */
export interface StagedRows {
  readonly sequence: number;
  /** The first row's number within the answer. */
  readonly first: number;
  readonly rows: RowBatch;
}
