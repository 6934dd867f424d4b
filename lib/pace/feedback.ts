/**
 * What Workers count for the learners on the main thread. Numbers in memory that all Workers share; an answer costs
 * two atomic additions, where there is anything to be learned at all.
 *
 * @module
 */

import type { SharedNumbers } from "./shared_numbers.ts";

/** Places among the numbers. */
const Place = {
  answers: 0,
  /** Microseconds until their first byte, summed. */
  latency: 1,
  refusals: 2,
  /** Microseconds since 1970 of the last step down: what was started before and is refused tells nothing new. */
  steppedDown: 3,
} as const;

/** Numbers that feedback take in the shared memory. */
export const feedbackCount = 4;

/** A view on the memory; each thread makes its own. */
export class Feedback {
  readonly #numbers: SharedNumbers;

  /** `numbers` has {@linkcode feedbackCount} places, all zero at first. */
  constructor(numbers: SharedNumbers) {
    this.#numbers = numbers;
  }

  /** An answer came that is no failure of the server's. */
  answered(latencyMs: number): void {
    this.#numbers.add(Place.answers, 1);
    this.#numbers.add(Place.latency, Math.round(latencyMs * 1_000));
  }

  /** A request that was started then was refused. */
  refused(startedUs: number): void {
    if (startedUs > this.#numbers.get(Place.steppedDown)) this.#numbers.add(Place.refusals, 1);
  }

  /** What is refused from now on tells something only if it was started later. */
  stepped(nowUs: number): void {
    this.#numbers.set(Place.steppedDown, Math.ceil(nowUs));
  }

  /** All sums since the run began. */
  read(): { readonly answers: number; readonly latencyMs: number; readonly refusals: number } {
    const latencyMs = this.#numbers.get(Place.latency) / 1_000;
    return {
      answers: this.#numbers.get(Place.answers),
      latencyMs,
      refusals: this.#numbers.get(Place.refusals),
    };
  }
}
