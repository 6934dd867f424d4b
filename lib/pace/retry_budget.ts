/**
 * How many requests of a run may be retries, over all Workers: a share of what is started, so that an API in trouble
 * gets little more load than one that is well. Whoever comes too early waits; no attempt is lost. Numbers in memory
 * that all Workers share; the time is passed in.
 *
 * @module
 */

import { retryLimits } from "../limits.ts";
import { clockSkewUs } from "./clock.ts";
import type { SharedNumbers } from "./shared_numbers.ts";

/** Places among the numbers: microseconds since 1970. */
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
  readonly #numbers: SharedNumbers;

  /** `numbers` has {@linkcode retryBudgetCount} places, all zero at first. */
  constructor(numbers: SharedNumbers) {
    this.#numbers = numbers;
  }

  /** Takes a place for a retry. Returns the milliseconds after which it may happen at the earliest. */
  reserve(nowUs: number, startsPerSecond: number): number {
    const everyUs = Math.ceil(1e6 / (retryLimits.perSecondMin + retryLimits.share * startsPerSecond));
    this.#follow(Math.ceil(nowUs));
    for (;;) {
      const used = this.#numbers.get(Place.used);
      const atUs = Math.max(used, Math.ceil(nowUs) - retryLimits.atOnceMax * everyUs);
      if (this.#numbers.replace(Place.used, used, atUs + everyUs)) return Math.max(0, atUs - nowUs) / 1_000;
    }
  }

  /** Goes along with a clock that was set back: retries would else wait until it is where it was. */
  #follow(nowUs: number): void {
    const asked = this.#numbers.get(Place.asked);
    const isSetBack = asked - nowUs > clockSkewUs;
    if (!isSetBack && nowUs <= asked) return;
    const isFirst = this.#numbers.replace(Place.asked, asked, nowUs);
    if (isSetBack && isFirst) this.#numbers.add(Place.used, nowUs - asked);
  }
}
