/**
 * Finds the highest rate that a server allows, from how many requests were started and whether any was refused. One
 * refusal is a sign; a rate that was not in use, because there are too few in flight or because of a pause, says
 * nothing. Pure: numbers in, a rate out.
 *
 * @module
 */

import { tuningLimits } from "../../limits.ts";
import type { Tick } from "./tick.ts";
import { type Found, Search } from "./search.ts";

/** One per run. */
export class RateTuner {
  readonly #search: Search;
  /** The round under way. */
  #ms = 0;
  #starts = 0;
  /** Requests a second in the last round, where that was less than the rate. */
  #actual: number | undefined;
  /** Milliseconds that an answer takes. */
  #latencyMs = 0;

  /** `max` is the user's own cap, requests a second. */
  constructor(max: number, found?: Found) {
    const bounds = {
      first: tuningLimits.rateFirst,
      min: tuningLimits.rateMin,
      max: Math.min(max, tuningLimits.rateMax),
    };
    this.#search = new Search({ ...bounds, passed: tuningLimits.ratePassed }, found);
  }

  /** Requests a second. */
  get rate(): number {
    return this.#search.value;
  }

  /** For the next run. */
  get found(): Found {
    return this.#search.found;
  }

  /** Takes in what happened since the last look. Returns whether it made a step down. */
  look({ ms, starts, answers, latencyMs, refusals, isHeld }: Tick): boolean {
    if (refusals > 0) {
      this.#search.refuse(Math.min(this.rate, this.#actual ?? Infinity));
      this.#begin();
      return true;
    }
    if (isHeld) return false;
    if (answers > 0) this.#latencyMs += (latencyMs / answers - this.#latencyMs) / 2;
    this.#ms += ms;
    this.#starts += starts;
    const roundMs = Math.max(
      tuningLimits.roundMsMin,
      2 * this.#latencyMs,
      tuningLimits.roundStartsMin * 1_000 / this.rate,
    );
    if (this.#ms >= roundMs) this.#judge();
    return false;
  }

  #judge(): void {
    const actual = this.#starts * 1_000 / this.#ms;
    if (actual >= tuningLimits.rateUsed * this.rate) {
      this.#actual = undefined;
      this.#search.grow(this.#ms);
    } else {
      this.#actual = actual;
      this.#search.lower(Math.max(tuningLimits.rateFirst, actual * tuningLimits.rateSlack));
    }
    this.#begin();
  }

  #begin(): void {
    this.#ms = 0;
    this.#starts = 0;
  }
}
