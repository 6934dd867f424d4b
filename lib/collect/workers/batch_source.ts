/**
 * Where the worker pool gets its batches: the planner of this process, or a queue that several machines share.
 *
 * @module
 */

import type { BatchEntry } from "../../worker/protocol.ts";

/** Consecutive keys for one Worker. */
export interface PlannedBatch {
  /** From 0, in the order of the key list. */
  readonly number: number;
  /** The sequence of the first key. */
  readonly first: number;
  /** Keys of the list in this batch, those with a verdict included. */
  readonly size: number;
  /** The keys without a verdict. */
  readonly entries: readonly BatchEntry[];
}

/** Hands out batches, and records what became of them. */
export interface BatchSource {
  /** The next unfinished batch; undefined when no batch is left. */
  next(): Promise<PlannedBatch | undefined>;
  /** Every key of the batch has a verdict. */
  done(batch: PlannedBatch): Promise<void>;
  /** The Worker of the batch died. Resolves to the batch with the keys that still have no verdict. */
  lost(batch: PlannedBatch): Promise<PlannedBatch>;
}
