/**
 * Choices from a series of pseudo-random numbers, which a seed repeats.
 *
 * @module
 */

import { Random } from "../../lib/simulate/engine/random.ts";

/** Draws numbers, values and texts; equal seeds draw equal series. */
export class Dice {
  readonly #random: Random;

  /** `seed` counts with its lowest 32 bits. */
  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** 0 ≤ value < 1. */
  next(): number {
    return this.#random.unit();
  }

  /** A whole number, 0 ≤ value < `end`. */
  below(end: number): number {
    return this.#random.below(end);
  }

  chance(probability: number): boolean {
    return this.#random.unit() < probability;
  }

  /** @throws {RangeError} If `values` is empty. */
  pick<const Value>(values: readonly Value[]): Value {
    if (values.length === 0) throw new RangeError("Cannot pick a value: the list is empty");
    return values[this.below(values.length)] as Value;
  }

  /** `count` results of `make`. */
  times<Value>(count: number, make: () => Value): Value[] {
    return Array.from({ length: count }, make);
  }

  /** Joins 0 to `max` results of `make`. */
  repeat(max: number, make: () => string): string {
    return this.times(this.below(max + 1), make).join("");
  }
}
