/**
 * Chance that can be repeated: 32-bit hashes of texts and numbers, and a small generator for a series. What is drawn
 * depends on the seed and on what it is drawn for, never on the order of calls. Not for secrets.
 *
 * @module
 */

/** Spreads every bit of `hash` over all 32 (the finalizer of MurmurHash3). */
function scatter(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The 32-bit hash of a hash and one more number, of which the lowest 32 bits count. */
export function mix(hash: number, value: number): number {
  return scatter(Math.imul(hash ^ 0x9e3779b9, 0x01000193) ^ scatter(value + 0x7f4a7c15));
}

/** The 32-bit hash of a text under a seed. */
export function hashText(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash, seed);
}

/** A 32-bit hash as a share, from 0 up to but not 1. */
export function unitOf(hash: number): number {
  return (hash >>> 0) / 0x1_0000_0000;
}

/** A series of numbers from one hash (mulberry32); 2^32 of them before it repeats. */
export class Random {
  #state: number;

  /** `hash` is where the series starts; its lowest 32 bits count. */
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

  /** The next share, from 0 up to but not 1. */
  unit(): number {
    return unitOf(this.next());
  }

  /** The next whole number from 0 up to but not `count`. */
  below(count: number): number {
    return Math.floor(this.unit() * count);
  }

  /** One of `list`, which holds at least one. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}
