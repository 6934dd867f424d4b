/**
 * Draws a uniform random sample from a key list in one pass, and counts the keys. The sample is in random order, so
 * each of its prefixes is a sample too. Holds the sample and one block of keys. Does no I/O; randomness is passed in.
 *
 * @module
 */

import type { KeySource } from "../job/job.ts";

/** What to draw. */
export interface SampleOptions {
  /** Keys in the sample, at most. */
  readonly size: number;
  /** Keys to leave out of the sample and of the count: the control keys. */
  readonly without: ReadonlySet<string>;
  /** 0 ≤ random < 1. */
  readonly random: () => number;
}

/** A sample of a key list. */
export interface KeySample {
  readonly keys: readonly string[];
  /** Keys in the list, without those left out. */
  readonly count: number;
}

/**
 * Samples a list of unknown length by reservoir sampling (Vitter, "Random sampling with a reservoir", 1985), drawing
 * how many keys to skip instead of drawing for each key (Li, "Reservoir-sampling algorithms of time complexity
 * O(n(1+log(N/n)))", 1994: algorithm L).
 */
export async function sampleKeys(
  blocks: AsyncIterable<readonly string[]>,
  { size, without, random }: SampleOptions,
): Promise<KeySample> {
  const reservoir = new Reservoir(size, random);
  for await (const block of blocks) {
    reservoir.add(without.size === 0 ? block : block.filter((key) => !without.has(key)));
  }
  return { keys: shuffled(reservoir.keys, random), count: reservoir.count };
}

/** Samples a range without listing it; undefined for a range shorter than twice the sample, which is read instead. */
export function sampleRange(
  { first, last }: Extract<KeySource, { readonly kind: "range" }>,
  { size, without, random }: SampleOptions,
): KeySample | undefined {
  const length = last - first + 1;
  const left = new Set(
    [...without].map(Number).filter((number) => {
      return Number.isInteger(number) && number >= first && number <= last && without.has(String(number));
    }),
  );
  const count = length - left.size;
  // At most half of the numbers drawn below have been drawn before.
  if (count < 2 * size) return undefined;
  const drawn = new Set<number>();
  while (drawn.size < size) {
    const number = first + Math.floor(random() * length);
    if (!left.has(number)) drawn.add(number);
  }
  return { keys: [...drawn].map(String), count };
}

/** The sample so far. */
class Reservoir {
  readonly keys: string[] = [];
  /** Keys seen so far. */
  count = 0;
  readonly #size: number;
  readonly #random: () => number;
  /** The index in the list of the next key that enters the sample, from 0. */
  #next = Infinity;
  /** Algorithm L's W: the largest random tag in the sample, had every key been given a tag and the smallest kept. */
  #bound = 1;

  constructor(size: number, random: () => number) {
    this.#size = size;
    this.#random = random;
  }

  add(block: readonly string[]): void {
    const end = this.count + block.length;
    const missing = Math.min(this.#size - this.keys.length, block.length);
    if (missing > 0) {
      for (const key of block.slice(0, missing)) this.keys.push(key);
      if (this.keys.length === this.#size) this.#skip(this.#size - 1);
    }
    while (this.#next < end) {
      this.keys[Math.floor(this.#random() * this.#size)] = block[this.#next - this.count] ?? "";
      this.#skip(this.#next);
    }
    this.count = end;
  }

  #skip(from: number): void {
    // `1 - random()` is never 0, so its logarithm is finite.
    const log = () => Math.log(1 - this.#random());
    this.#bound *= Math.exp(log() / this.#size);
    this.#next = from + Math.floor(log() / Math.log1p(-this.#bound)) + 1;
  }
}

/** Shuffles the array in place (Fisher and Yates). */
function shuffled(keys: string[], random: () => number): readonly string[] {
  for (let at = keys.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [keys[at], keys[other]] = [keys[other] ?? "", keys[at] ?? ""];
  }
  return keys;
}

/** The first `limit` keys of a list. */
export async function* firstKeys(
  blocks: AsyncIterable<readonly string[]>,
  limit: number | undefined,
): AsyncIterable<readonly string[]> {
  let left = limit ?? Infinity;
  for await (const block of blocks) {
    yield block.length <= left ? block : block.slice(0, left);
    left -= block.length;
    if (left <= 0) return;
  }
}
