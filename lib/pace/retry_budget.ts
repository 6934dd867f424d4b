/**
 * Retry budget over all Workers: retries are at most a share of all requests, so that an API in trouble gets little
 * extra load. A retry beyond the budget is delayed, never cancelled. Atomic numbers in shared memory; the clock is
 * passed in.
 *
 * @module
 */

import { clockSkewUs } from "./clock.ts";
import type { SharedNumbers } from "./shared_numbers.ts";

/** The budget of Finagle and Linkerd (https://linkerd.io/2/features/retries-and-timeouts/), plus a burst. */
export const retryBudgetTuning = {
  /** Retries as a share of the requests per second. */
  share: 0.2,
  /** Retries per second that are always allowed. */
  perSecondMin: 1,
  /** Retries that may start at once. */
  burst: 100,
} as const;

/** Index of each number, in microseconds since 1970. */
const Place = {
  /** The budget is spent until then. */
  spentUntilUs: 0,
  /** The last call of `reserve`. */
  lastUs: 1,
} as const;

/** Numbers that a retry budget occupies in shared memory. */
export const retryBudgetCount = 2;

/** A view of the shared budget; each thread makes its own. */
export class RetryBudget {
  readonly #numbers: SharedNumbers;

  /** `numbers` has {@linkcode retryBudgetCount} places, all zero at first. */
  constructor(numbers: SharedNumbers) {
    this.#numbers = numbers;
  }

  /** Spends one retry. Returns the milliseconds to wait before it; 0 while there is budget. */
  reserve(nowUs: number, startsPerSecond: number): number {
    const { share, perSecondMin, burst } = retryBudgetTuning;
    const everyUs = Math.ceil(1e6 / (perSecondMin + share * startsPerSecond));
    this.#followClock(Math.ceil(nowUs));
    for (;;) {
      const spentUntilUs = this.#numbers.get(Place.spentUntilUs);
      const atUs = Math.max(spentUntilUs, Math.ceil(nowUs) - burst * everyUs);
      if (!this.#numbers.replace(Place.spentUntilUs, spentUntilUs, atUs + everyUs)) continue;
      return Math.max(0, atUs - nowUs) / 1_000;
    }
  }

  /** When the clock is set back, moves the budget with it: else retries would wait until the clock has caught up. */
  #followClock(nowUs: number): void {
    const lastUs = this.#numbers.get(Place.lastUs);
    const isSetBack = lastUs - nowUs > clockSkewUs;
    if (!isSetBack && nowUs <= lastUs) return;
    const isFirst = this.#numbers.replace(Place.lastUs, lastUs, nowUs);
    if (isSetBack && isFirst) this.#numbers.add(Place.spentUntilUs, nowUs - lastUs);
  }
}
