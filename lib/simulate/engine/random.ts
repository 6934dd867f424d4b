/**
 * Reproducible randomness: 32-bit hashes of texts and numbers, and a small generator for a series. A value depends on
 * the seed and on its subject, never on the order of calls. Not for secrets.
 *
 * @module
 */

/** Mixes all 32 bits (the finalizer of MurmurHash3). */
function scatter(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The 32-bit hash of a hash and the lowest 32 bits of a number. */
export function mix(hash: number, value: number): number {
  return scatter(Math.imul(hash ^ 0x9e3779b9, 0x01000193) ^ scatter(value + 0x7f4a7c15));
}

/** The 32-bit hash of a text under a seed. */
export function hashText(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash, seed);
}

/** A 32-bit hash as a number in [0, 1). */
export function unitOf(hash: number): number {
  return (hash >>> 0) / 0x1_0000_0000;
}

/** A pseudo-random series (mulberry32) with a period of 2^32. */
export class Random {
  #state: number;

  /** Starts the series at the lowest 32 bits of `hash`. */
  constructor(hash: number) {
    this.#state = hash | 0;
  }

  /** The next 32 bits. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** The next number in [0, 1). */
  unit(): number {
    return unitOf(this.next());
  }

  /** The next integer in [0, `count`). */
  below(count: number): number {
    return Math.floor(this.unit() * count);
  }

  /** One item of `list`, which must not be empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}
