/**
 * Cuts the key list into batches, lazily. A resumed run gets the batches that it had: their keys are read again and
 * held against the hash that was kept of them, so a changed list is noticed before anything is mixed.
 *
 * @module
 */

import { StaleRunError } from "../../errors.ts";
import { runLimits } from "../../limits.ts";
import type { StoreWriter } from "../../store/sqlite/writer.ts";
import { sha256Of } from "../../text/sha256.ts";

/** Keys to be asked together. */
export interface PlannedBatch {
  readonly number: number;
  /** The sequence of the first key. */
  readonly first: number;
  readonly keys: readonly string[];
  /** Sequences of keys that have their verdict already. */
  readonly done: ReadonlySet<number>;
}

/** What batches are cut from. */
export interface BatchPlan {
  readonly store: StoreWriter;
  readonly run: number;
  readonly keys: AsyncIterable<readonly string[]>;
  /** How many keys the new batch of this number gets, after so many have a batch. */
  readonly size: (number: number, planned: number) => number;
  /** No batch begins after so many keys. */
  readonly limit?: number | undefined;
}

/** The batches of one run, in their order; those that are done are left out. */
export class Batches {
  readonly #plan: BatchPlan;
  readonly #keys: KeyReader;
  #number = 0;
  #first = 0;
  #isAtEnd = false;
  #isCut = false;

  constructor(plan: BatchPlan) {
    this.#plan = plan;
    this.#keys = new KeyReader(plan.keys);
  }

  /** How many keys there are; undefined until the list has been read to its end. */
  get keyCount(): number | undefined {
    return this.#isAtEnd ? this.#first : undefined;
  }

  /** The limit has left keys without a batch. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Keys that have a batch, so far. */
  get planned(): number {
    return this.#first;
  }

  /**
   * The next batch that is not done.
   *
   * @throws {StaleRunError} If the key list is not the one that the run began with.
   */
  async next(): Promise<PlannedBatch | undefined> {
    for (;;) {
      const { store, run, limit = Infinity } = this.#plan;
      const left = limit - this.#first;
      const known = await store.batch(run, this.#number);
      const size = known?.size ?? Math.min(left, this.#plan.size(this.#number, this.#first));
      const charsMax = known === undefined ? runLimits.batchCharsMax : Infinity;
      const keys = await this.#keys.take(left <= 0 ? 1 : size, charsMax);
      this.#isCut = left <= 0 && keys.length > 0;
      if (this.#isCut) return undefined;
      this.#isAtEnd = keys.length === 0 && known === undefined;
      if (this.#isAtEnd) return undefined;
      const sha256 = await sha256Of(keys.join("\n"));
      if (known !== undefined && known.sha256 !== sha256) throw changed(run, known.first, known.size);
      const first = this.#first;
      const number = this.#number++;
      this.#first += keys.length;
      if (known === undefined) {
        await store.addBatch(run, { number, first, size: keys.length, sha256 });
        return { number, first, keys, done: new Set() };
      }
      if (known.state === "open") {
        return { number, first, keys, done: await store.doneSequences(run, first, first + keys.length) };
      }
    }
  }
}

/** A batch whose keys have all been started: how many they are, and the milliseconds that this took. */
export interface DrainedBatch {
  readonly size: number;
  readonly ms: number;
}

/**
 * How large batches are, where the job does not say: as large as keeps a Worker busy for `run.batchLifeMs` at the
 * pace of the last one. Where the end of the list is known, all Workers are to reach it together, so what is left is
 * divided evenly.
 */
export class BatchSizes {
  readonly #feeders: number;
  readonly #sizeMin: number;
  #last: DrainedBatch;
  #size = 0;
  /** Batches that are to have the same size still, one for each Worker. */
  #repeats = 0;

  /** `feeders` Workers start requests at once, `inFlight` are under way over all of them. */
  constructor(feeders: number, inFlight: number) {
    this.#feeders = feeders;
    this.#sizeMin = Math.min(runLimits.batchMax, inFlight * runLimits.batchFirstPerSlot);
    this.#last = { size: this.#sizeMin, ms: runLimits.batchLifeMs };
  }

  /** Notes the pace of a batch. */
  drained(batch: DrainedBatch): void {
    this.#last = batch;
  }

  /**
   * The size of the next batch: a whole number from 1 to `run.batchMax`. `left` keys have no batch yet; undefined where
   * that is not known.
   */
  next(left: number | undefined): number {
    if (this.#repeats-- > 0) return this.#size;
    this.#repeats = this.#feeders - 1;
    const { size, ms } = this.#last;
    const ideal = Math.min(size * runLimits.batchLifeMs / Math.max(1, ms), size * runLimits.batchGrowth);
    this.#size = Math.ceil(Math.min(runLimits.batchMax, Math.max(this.#sizeMin, ideal)));
    if (left === undefined || left <= 0) return this.#size;
    const rounds = Math.ceil(left / (this.#feeders * this.#size));
    return this.#size = Math.ceil(left / (this.#feeders * rounds));
  }
}

/** Takes any number of keys from blocks of any size. */
class KeyReader {
  readonly #blocks: AsyncIterator<readonly string[]>;
  #block: readonly string[] = [];
  #at = 0;

  constructor(blocks: AsyncIterable<readonly string[]>) {
    this.#blocks = blocks[Symbol.asyncIterator]();
  }

  /** Fewer than `count` only at the end of the list, or where the last key reaches `charsMax`. */
  async take(count: number, charsMax: number): Promise<string[]> {
    const keys: string[] = [];
    let chars = 0;
    while (keys.length < count && chars < charsMax) {
      if (this.#at === this.#block.length) {
        const { done, value } = await this.#blocks.next();
        if (done) break;
        this.#block = value;
        this.#at = 0;
      }
      const end = Math.min(this.#block.length, this.#at + count - keys.length);
      while (this.#at < end && chars < charsMax) {
        const key = this.#block[this.#at++] ?? "";
        chars += key.length;
        keys.push(key);
      }
    }
    return keys;
  }
}

function changed(run: number, first: number, size: number): StaleRunError {
  return new StaleRunError(
    `Cannot go on with run ${run} as its key list has changed: key ${first + 1} to ${first + size} are not ` +
      `those that it began with; give the old list, or begin anew with --new`,
  );
}
