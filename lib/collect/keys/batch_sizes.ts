/**
 * How many keys the next batch gets, where the job does not say. Pure: reads no clock.
 *
 * @module
 */

import { runLimits } from "../../limits.ts";

/**
 * A Worker starts in 50 ms but is cold for 20,000 small requests: the first 2,000 cost three times the CPU of later
 * ones, the others a third more, 0.9 s in all. With 4 s a Worker, a sweep of 100,000 took 1.4 times the CPU.
 */
export const batchLifeMs = 20_000;

/**
 * Keys of the first and smallest batches, for each request in flight; later batches follow `batchLifeMs`. With 16, a
 * sweep of 100,000 small requests used up eight Workers, each cold at first; with 256 it is four, and a tenth faster.
 */
export const batchFirstPerSlot = 256;

/** A batch has at most this many times the keys of the one before: the first keys may have failed at once. */
export const batchGrowth = 32;

/** A batch whose keys have all been started: its keys, and the milliseconds that starting them took. */
export interface DrainedBatch {
  readonly size: number;
  readonly ms: number;
}

/**
 * Sizes batches to keep a Worker busy for `batchLifeMs` at the pace of the last batch. Where the list's end is known,
 * the remaining keys are divided evenly, so that all Workers reach it together.
 */
export class BatchSizes {
  readonly #feedersMax: number;
  readonly #sizeMin: number;
  #last: DrainedBatch;
  #size = 0;
  /** Batches still to come with the same size, one for each Worker. */
  #repeats = 0;

  /** `feedersMax` Workers start requests at once; `inFlight` requests are under way over all of them. */
  constructor(feedersMax: number, inFlight: number) {
    this.#feedersMax = feedersMax;
    this.#sizeMin = Math.min(runLimits.batchMax, inFlight * batchFirstPerSlot);
    this.#last = { size: this.#sizeMin, ms: batchLifeMs };
  }

  /** Notes how fast a batch was started. */
  drained(batch: DrainedBatch): void {
    this.#last = batch;
  }

  /**
   * The size of the next batch: a whole number from 1 to `runLimits.batchMax`. `left` is the number of keys without a
   * batch; undefined where unknown.
   */
  next(left: number | undefined): number {
    if (this.#repeats-- > 0) return this.#size;
    this.#repeats = this.#feedersMax - 1;
    const { size, ms } = this.#last;
    const ideal = Math.min(size * batchLifeMs / Math.max(1, ms), size * batchGrowth);
    this.#size = Math.ceil(Math.min(runLimits.batchMax, Math.max(this.#sizeMin, ideal)));
    if (left === undefined || left <= 0) return this.#size;
    const rounds = Math.ceil(left / (this.#feedersMax * this.#size));
    return this.#size = Math.ceil(left / (this.#feedersMax * rounds));
  }
}
