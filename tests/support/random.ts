/**
 * A seeded source of random numbers: the same seed gives the same tests.
 *
 * @module
 */

/** SplitMix32 (after Steele, Lea and Flood, 2014). */
export class SplitMix {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 0 ≤ number < 1. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = this.#state ^ (this.#state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
