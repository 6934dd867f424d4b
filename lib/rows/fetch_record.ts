/**
 * What crosses from a Worker to the store: verdicts of fetches, and their rows by table. Plain data.
 *
 * @module
 */

import type { RowBatch } from "./row_batch.ts";

/** All verdicts. */
export const verdicts = ["ok", "empty", "unchanged", "failed"] as const;

/** How a fetch ended. A key without a verdict is pending. */
export type Verdict = typeof verdicts[number];

/** One key's fetch in one run. */
export interface FetchRecord {
  /** The key's index in the list, from 0. */
  readonly sequence: number;
  readonly key: string;
  readonly verdict: Verdict;
  /** A failure reason; null unless the fetch failed. */
  readonly reason: string | null;
  /** What the server said, without secrets and on one line; only for the first failures of a reason, else null. */
  readonly detail: string | null;
  /** HTTP status of the last attempt; null if it got no answer. */
  readonly status: number | null;
  readonly attempts: number;
  /** Decoded bytes of the last attempt. */
  readonly bytes: number;
  /** Rows that the job keeps, over all tables; a counted row counts, not its group. */
  readonly rows: number;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /** From the start of the first attempt to the verdict. */
  readonly durationMs: number;
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** Some rows of one answer for one table. */
export interface TableBatch {
  readonly table: string;
  /** The number of the first row among the answer's rows for this table. */
  readonly first: number;
  readonly rows: RowBatch;
}

/** Takes rows of an answer that is not whole yet; resolves when there is room for more. */
export type RowSink = (batch: TableBatch) => Promise<void>;

/** A fetch's rows for one table, or that a {@linkcode RowSink} has taken all of them. */
export type FoundRows = RowBatch | "staged";

/** Rows of finished fetches for one table. */
export interface TableRows {
  readonly table: string;
  /** For each fetch the number of its rows in `rows`, or that its rows were staged before. */
  readonly rowCounts: readonly (number | "staged")[];
  /** Fetch after fetch. */
  readonly rows: RowBatch;
}

/** Finished fetches with all their rows: they become visible in one transaction. */
export interface FinishedFetches {
  readonly fetches: readonly FetchRecord[];
  /** One entry per table of the job. */
  readonly tables: readonly TableRows[];
}

/** Rows of an unfinished fetch: invisible until it is finished. */
export interface StagedRows extends TableBatch {
  readonly sequence: number;
}
