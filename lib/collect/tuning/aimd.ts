/**
 * Finds the highest value that a server accepts, of a rate or of a number in flight: slow start, then additive
 * increase and multiplicative decrease (Chiu and Jain 1989). A round is a span in which the value was in use; the
 * caller defines its length. Pure: no clock, no I/O.
 *
 * It replaced a search along CUBIC's curve (RFC 9438) with more states; docs/measurements.md compares both.
 *
 * @module
 */

import type { TunedRecord } from "../../store/records.ts";

/** Factors, and increments per round. */
export const aimdTuning = {
  /** Slow start multiplies by this in each round; the refusal that ends it divides by this. */
  slowStart: 2,
  /** Away from the limit, a round multiplies by this. */
  probe: 1.08,
  /** A refusal backs off to this share of the refused value: below the step before it, as 1.08 × 0.92 < 1. */
  backOff: 0.92,
  /**
   * Near the limit a round adds this share of the limit: 40 rounds from a refusal to the next attempt above the
   * limit.
   */
  rise: 0.002,
  /** This far above the limit, the limit no longer holds, and a round multiplies by `probe` again. */
  passed: 1.02,
} as const;

/** Range of a value, and its start where nothing is known. */
export interface AimdBounds {
  readonly first: number;
  readonly min: number;
  readonly max: number;
}

/** One tuned value. */
export class Aimd {
  readonly #bounds: AimdBounds;
  #value: number;
  /** The last value that was refused; undefined before, and during slow start. */
  #limit: number | undefined;
  #isSlowStart: boolean;

  /** `found` is from an earlier run; the value starts just below it. */
  constructor(bounds: AimdBounds, found?: TunedRecord) {
    const { slowStart, backOff } = aimdTuning;
    this.#bounds = bounds;
    this.#limit = found?.limit;
    this.#isSlowStart = this.#limit === undefined;
    const start = this.#limit === undefined ? (found?.value ?? 0) / slowStart : this.#limit * backOff;
    this.#value = this.#within(this.#limit === undefined ? Math.max(bounds.first, start) : start);
  }

  get value(): number {
    return this.#value;
  }

  /** Nothing was refused yet, and nothing else has shown a limit. */
  get isSlowStart(): boolean {
    return this.#isSlowStart;
  }

  /** What the next run starts from. */
  get found(): TunedRecord {
    return { value: this.#value, limit: this.#limit };
  }

  /** The value was in use for a round without a refusal. */
  grow(): void {
    const { slowStart, probe, backOff, rise, passed } = aimdTuning;
    const value = this.#value;
    const limit = this.#limit ?? 0;
    // 1 % lower, since `backOff` rounds.
    const isNear = value > 0.99 * backOff * limit && value < passed * limit;
    this.#value = this.#within(
      this.#isSlowStart ? value * slowStart : isNear ? value + rise * limit : value * probe,
    );
  }

  /** The server refused a request at `value`. */
  refuse(value: number): void {
    const { slowStart, backOff } = aimdTuning;
    if (this.#isSlowStart) return this.settle(value / slowStart);
    this.#limit = value;
    this.settle(value * backOff);
  }

  /** Steps to `value` and ends slow start: more than `value` was of no use. */
  settle(value: number): void {
    this.#value = this.#within(value);
    this.#isSlowStart = false;
  }

  /** Keeps the value below `max`, which says nothing about a limit. */
  cap(max: number): void {
    this.#value = this.#within(Math.min(this.#value, max));
  }

  #within(value: number): number {
    return Math.min(Math.max(value, this.#bounds.min), this.#bounds.max);
  }
}
