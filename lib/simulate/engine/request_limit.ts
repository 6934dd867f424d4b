/**
 * The simulator's own rate limit: a sliding window of at most `count` requests in any `perMs` milliseconds. Holds one
 * time per request of the window. The caller passes the time.
 *
 * @module
 */

import type { Rate } from "../../job/job.ts";

/** Admits requests, or gives the time to wait. */
export class RequestLimit {
  readonly #rate: Rate;
  /** When the last `count` requests were admitted; `#next` is the oldest. */
  readonly #times: Float64Array;
  #next = 0;

  /** Starts with an empty window. */
  constructor(rate: Rate) {
    this.#rate = rate;
    this.#times = new Float64Array(rate.count).fill(-Infinity);
  }

  /** Admits the request and returns 0, or refuses it and returns the milliseconds until the next admission. */
  waitMs(nowMs: number): number {
    const wait = this.#times[this.#next]! + this.#rate.perMs - nowMs;
    if (wait > 0) return wait;
    this.#times[this.#next] = nowMs;
    this.#next = (this.#next + 1) % this.#times.length;
    return 0;
  }
}
