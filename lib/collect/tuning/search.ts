/**
 * The search for the highest value that is not too much, of a rate or of a number in flight: additive increase and
 * multiplicative decrease (Chiu and Jain 1989). It doubles until the first sign that there is a limit; then it follows
 * CUBIC's curve (RFC 9438), fast at first, slowly near the limit, and beyond it faster and faster. Pure: time comes in
 * as the milliseconds for which the value was in use.
 *
 * @module
 */

import { tuningLimits } from "../../limits.ts";

/** Where a search may lead. */
export interface SearchBounds {
  readonly first: number;
  readonly min: number;
  readonly max: number;
  /** A limit that was passed by this factor without a sign is none any more. */
  readonly passed: number;
}

/** What one search tells the next: how far it came, and the limit that it knew of, if there was one. */
export interface Found {
  readonly value: number;
  readonly limit: number | undefined;
}

/** One value that is being found. */
export class Search {
  readonly #bounds: SearchBounds;
  #value: number;
  #limit: number | undefined;
  /** What a round multiplies the value by, while no limit is known. */
  #growth: number = tuningLimits.growth;
  /** Where the last step led to. */
  #from: number;
  /** For how long values were in use since then, and the last round of that. */
  #usedMs = 0;
  #roundMs = 0;
  /** How long it takes to come back to the limit, and how often it has proved to be there. */
  #holdMs: number = tuningLimits.holdMsMin;
  #holdTimes = 1;

  /** Begins a bit below what was found before. */
  constructor(bounds: SearchBounds, found?: Found) {
    this.#bounds = bounds;
    this.#limit = found?.limit === undefined ? undefined : this.#within(found.limit);
    const value = this.#limit === undefined
      ? Math.max(bounds.first, (found?.value ?? 0) / tuningLimits.growth)
      : this.#limit * tuningLimits.backOff;
    this.#value = this.#within(value);
    this.#from = this.#value;
  }

  get value(): number {
    return this.#value;
  }

  /** No sign of a limit was seen, or none that still holds. */
  get isDoubling(): boolean {
    return this.#limit === undefined && this.#growth === tuningLimits.growth;
  }

  /** For the next search. */
  get found(): Found {
    return { value: this.#value, limit: this.#limit };
  }

  /** The value was in use for so many milliseconds, a round, and there was no sign against it. */
  grow(ms: number): void {
    this.#roundMs = ms;
    if (this.#limit === undefined) {
      this.#value = this.#within(this.#value * this.#growth);
      return;
    }
    this.#usedMs += ms;
    const at = (this.#usedMs / this.#holdMs - 1) ** 3;
    const next = this.#limit + at * (at < 0 ? this.#limit - this.#from : this.#limit * tuningLimits.rise);
    this.#value = this.#within(next);
    if (next >= this.#limit * this.#bounds.passed) this.restart(next);
  }

  /** Less than the value was in use, so it should not be far from that. */
  lower(value: number): void {
    if (this.#limit === undefined) this.#value = this.#within(Math.min(this.#value, value));
  }

  /** Refused: `value` is too much. */
  refuse(value: number): void {
    if (this.isDoubling) {
      this.#growth = tuningLimits.growthNear;
      this.#value = this.#from = this.#within(value / tuningLimits.growth);
      return;
    }
    const isAgain = value <= this.#from * tuningLimits.again;
    const limit = value * (isAgain ? tuningLimits.refusedAgain : tuningLimits.refused);
    this.#step(limit, limit * tuningLimits.backOff);
  }

  /** `value` is enough: more is of no use. */
  settle(value: number): void {
    this.#step(value, value);
  }

  /** Forgets what was known, and begins anew from `value`. */
  restart(value: number): void {
    this.#limit = undefined;
    this.#growth = tuningLimits.growth;
    this.#value = this.#from = this.#within(value);
  }

  #step(limit: number, from: number): void {
    const isConfirmed = this.#limit !== undefined && this.#usedMs >= this.#holdMs;
    this.#holdTimes = isConfirmed ? Math.min(2 * this.#holdTimes, tuningLimits.holdTimesMax) : 1;
    this.#holdMs = this.#holdTimes *
      Math.max(tuningLimits.holdMsMin, tuningLimits.holdRoundsMin * this.#roundMs);
    this.#usedMs = 0;
    this.#limit = this.#within(limit);
    this.#value = this.#from = this.#within(from);
  }

  #within(value: number): number {
    return Math.min(Math.max(value, this.#bounds.min), this.#bounds.max);
  }
}
