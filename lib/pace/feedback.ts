/**
 * What Workers report to the tuners on the main thread: answers, latency, refusals. Atomic numbers in shared memory;
 * an answer costs two additions, and only in a job with an automatic limit.
 *
 * @module
 */

import type { SharedNumbers } from "./shared_numbers.ts";

/** Index of each number. */
const Place = {
  answers: 0,
  /** Microseconds until the first byte, summed over the answers. */
  latencyUs: 1,
  refusals: 2,
  /** Microseconds since 1970 of the last step down; refusals of earlier requests are ignored. */
  steppedDownUs: 3,
} as const;

/** Numbers that feedback occupies in shared memory. */
export const feedbackCount = 4;

/** A view of the shared feedback; each thread makes its own. */
export class Feedback {
  readonly #numbers: SharedNumbers;

  /** `numbers` has {@linkcode feedbackCount} places, all zero at first. */
  constructor(numbers: SharedNumbers) {
    this.#numbers = numbers;
  }

  /** An answer arrived that is no refusal and no server error; `latencyMs` is until its first byte. */
  answered(latencyMs: number): void {
    this.#numbers.add(Place.answers, 1);
    this.#numbers.add(Place.latencyUs, Math.round(latencyMs * 1_000));
  }

  /** A request was refused that started at `startedUs`. Requests from before the last step down are not counted. */
  refused(startedUs: number): void {
    if (startedUs > this.#numbers.get(Place.steppedDownUs)) this.#numbers.add(Place.refusals, 1);
  }

  /** A tuner stepped down because of a refusal. */
  steppedDown(nowUs: number): void {
    this.#numbers.set(Place.steppedDownUs, Math.ceil(nowUs));
  }

  /** Sums since the start of the run. */
  read(): { readonly answers: number; readonly latencyMs: number; readonly refusals: number } {
    return {
      answers: this.#numbers.get(Place.answers),
      latencyMs: this.#numbers.get(Place.latencyUs) / 1_000,
      refusals: this.#numbers.get(Place.refusals),
    };
  }
}
