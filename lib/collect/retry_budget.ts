/**
 * How many requests of a run may be retries, over all Workers: a share of what is started, so that an API in trouble
 * gets little more load than one that is well. Whoever comes too early waits; no attempt is lost. One number in memory
 * that all Workers share; the time is passed in.
 *
 * @module
 */

import { retries as limits } from "../limits.ts";

/** Numbers that a retry budget takes in the shared memory: when it has been used up to, microseconds since 1970. */
export const retryBudgetCount = 1;

/** A view on the memory; each thread makes its own. */
export class RetryBudget {
  readonly #longs: BigInt64Array<SharedArrayBuffer>;

  /** `longs` has {@linkcode retryBudgetCount} places, all zero at first. */
  constructor(longs: BigInt64Array<SharedArrayBuffer>) {
    this.#longs = longs;
  }

  /** Takes a place for a retry. Returns the milliseconds after which it may happen at the earliest. */
  reserve(nowUs: number, startsPerSecond: number): number {
    const everyUs = Math.ceil(1e6 / (limits.perSecondMin + limits.share * startsPerSecond));
    for (;;) {
      const used = Atomics.load(this.#longs, 0);
      const atUs = Math.max(Number(used), Math.ceil(nowUs) - limits.atOnceMax * everyUs);
      if (Atomics.compareExchange(this.#longs, 0, used, BigInt(atUs + everyUs)) === used) {
        return Math.max(0, atUs - nowUs) / 1_000;
      }
    }
  }
}
