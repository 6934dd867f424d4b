/**
 * How many requests of a run may be retries, over all Workers: a share of what is started, so that an API in trouble
 * gets little more load than one that is well. Whoever comes too early waits; no attempt is lost. Numbers in memory
 * that all Workers share; the time is passed in.
 *
 * @module
 */

import { retries as limits } from "../../limits.ts";
import { clockSkewUs } from "./clock.ts";

/** Places in the array of 64-bit integers: microseconds since 1970. */
const Place = {
  /** When it has been used up to. */
  used: 0,
  /** When it was last asked. */
  asked: 1,
} as const;

/** Numbers that a retry budget takes in the shared memory. */
export const retryBudgetCount = 2;

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
    this.#follow(BigInt(Math.ceil(nowUs)));
    for (;;) {
      const used = Atomics.load(this.#longs, Place.used);
      const atUs = Math.max(Number(used), Math.ceil(nowUs) - limits.atOnceMax * everyUs);
      if (Atomics.compareExchange(this.#longs, Place.used, used, BigInt(atUs + everyUs)) === used) {
        return Math.max(0, atUs - nowUs) / 1_000;
      }
    }
  }

  /** Goes along with a clock that was set back: retries would else wait until it is where it was. */
  #follow(now: bigint): void {
    const asked = Atomics.load(this.#longs, Place.asked);
    const isSetBack = asked - now > clockSkewUs;
    if (!isSetBack && now <= asked) return;
    const isFirst = Atomics.compareExchange(this.#longs, Place.asked, asked, now) === asked;
    if (isSetBack && isFirst) Atomics.sub(this.#longs, Place.used, asked - now);
  }
}
