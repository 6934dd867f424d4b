/**
 * A sample of a key list in one pass, and how many keys the list has: every key is as likely to be in it as any other,
 * so a list that is sorted does no harm. The sample is in random order, so its beginning is a sample as well. Holds
 * the sample and one block of keys. Does no I/O; the dice are passed in.
 *
 * @module
 */

import type { KeySource } from "../job/job.ts";

/** What to take. */
export interface SampleOptions {
  /** Keys in the sample at most: all of a list that is shorter. */
  readonly size: number;
  /** Keys that are in no sample and not counted: the control keys. */
  readonly without: ReadonlySet<string>;
  /** 0 ≤ random < 1. */
  readonly random: () => number;
}

/** Some keys of a list. */
export interface KeySample {
  readonly keys: readonly string[];
  /** Keys in the list, those left out not counted. */
  readonly count: number;
}

/**
 * Samples keys as they come, without knowing how many will: reservoir sampling (Vitter, "Random sampling with a
 * reservoir", 1985) that draws how many keys to skip instead of drawing for each one (Li, "Reservoir-sampling
 * algorithms of time complexity O(n(1+log(N/n)))", 1994: algorithm L).
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

/** Samples a range without going through it; undefined where it is so short that going through it is as good. */
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
  // Of the numbers drawn below, half at most have been drawn before.
  if (count < 2 * size) return undefined;
  const drawn = new Set<number>();
  while (drawn.size < size) {
    const number = first + Math.floor(random() * length);
    if (!left.has(number)) drawn.add(number);
  }
  return { keys: [...drawn].map(String), count };
}

/** The keys that are in the sample so far. */
class Reservoir {
  readonly keys: string[] = [];
  /** Keys seen so far. */
  count = 0;
  readonly #size: number;
  readonly #random: () => number;
  /** The number of the next key that takes another's place, counted from 0. */
  #next = Infinity;
  /** The largest of so many draws as the sample has keys, had every key seen drawn one and the smallest been kept. */
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
    // A draw is never 0 here, whose logarithm is none.
    const log = () => Math.log(1 - this.#random());
    this.#bound *= Math.exp(log() / this.#size);
    this.#next = from + Math.floor(log() / Math.log1p(-this.#bound)) + 1;
  }
}

/** The keys in random order (Fisher and Yates). Changes the array. */
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
