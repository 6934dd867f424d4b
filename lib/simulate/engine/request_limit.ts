/**
 * The practice API's own limit: so many requests in any span of so many milliseconds, and not one more. Holds one
 * time for each request that the span allows. Takes the time, asks no clock.
 *
 * @module
 */

import type { Rate } from "../../job/job.ts";

/** Lets requests through, or says how long to wait. */
export class RateLimit {
  readonly #rate: Rate;
  /** When the last `count` requests were let through; the oldest is overwritten next. */
  readonly #times: Float64Array;
  #next = 0;

  /** Nothing was let through yet. */
  constructor(rate: Rate) {
    this.#rate = rate;
    this.#times = new Float64Array(rate.count).fill(-Infinity);
  }

  /** 0 where the request is let through, else the milliseconds until one would be. */
  waitMs(nowMs: number): number {
    const wait = this.#times[this.#next]! + this.#rate.perMs - nowMs;
    if (wait > 0) return wait;
    this.#times[this.#next] = nowMs;
    this.#next = (this.#next + 1) % this.#times.length;
    return 0;
  }
}
