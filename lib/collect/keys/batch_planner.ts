/**
 * Cuts the key list into batches, lazily: no key is read before its batch is due. A resumed run gets the batches that
 * it had. Their keys are read again and compared with the stored hash, so a changed list is noticed before anything is
 * mixed. Holds the keys of one batch and one block.
 *
 * @module
 */

import { StaleRunError } from "../../errors.ts";
import { runLimits } from "../../limits.ts";
import type { StoreWriter } from "../../store/database.ts";
import { sha256Of } from "../../text/sha256.ts";
import type { BatchEntry } from "../../worker/protocol.ts";
import type { BatchSource, PlannedBatch } from "../workers/batch_source.ts";

/** What batches are cut from, and how. */
export interface BatchPlannerOptions {
  readonly store: StoreWriter;
  /** The run's id. */
  readonly run: number;
  readonly keys: AsyncIterable<readonly string[]>;
  /** Keys of the new batch `number`; `planned` keys have a batch already. */
  readonly size: (number: number, planned: number) => number;
  /** No key after this many is asked. Default: no limit. */
  readonly limit?: number | undefined;
}

/** The batches of one run, in order. Finished ones are skipped. */
export class BatchPlanner implements BatchSource {
  readonly #options: BatchPlannerOptions;
  readonly #keys: KeyCursor;
  #number = 0;
  #first = 0;
  #isAtEnd = false;
  #isCut = false;
  /** Keys without a verdict beyond the limit, in the last batch: an earlier start began it with another limit. */
  #leftOut = 0;

  constructor(options: BatchPlannerOptions) {
    this.#options = options;
    this.#keys = new KeyCursor(options.keys);
  }

  /** Keys in the list; undefined until the list has been read to its end. */
  get keyCount(): number | undefined {
    return this.#isAtEnd ? this.#first : undefined;
  }

  /** The limit left keys unasked. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Keys that have a batch so far, and are asked. */
  get planned(): number {
    return this.#first - this.#leftOut;
  }

  /**
   * The next unfinished batch; undefined at the end of the list.
   *
   * @throws {StaleRunError} If the key list is not the one that the run began with.
   */
  async next(): Promise<PlannedBatch | undefined> {
    const { store, run, limit = Infinity } = this.#options;
    while (this.#leftOut === 0) {
      const left = limit - this.#first;
      const known = await store.batch(run, this.#number);
      const size = known?.size ?? Math.min(left, this.#options.size(this.#number, this.#first));
      const charsMax = known === undefined ? runLimits.batchCharsMax : Infinity;
      // One key beyond the limit tells a list that is cut from a list that ends there.
      const keys = await this.#keys.take(left <= 0 ? 1 : size, charsMax);
      this.#isCut = left <= 0 && keys.length > 0;
      if (this.#isCut) return undefined;
      this.#isAtEnd = keys.length === 0 && known === undefined;
      if (this.#isAtEnd) return undefined;
      const sha256 = await sha256Of(keys.join("\n"));
      if (known !== undefined && known.sha256 !== sha256) throw changedList(run, known.first, known.size);
      const number = this.#number++;
      const first = this.#first;
      this.#first += keys.length;
      if (known?.state === "done") continue;
      if (known === undefined) await store.addBatch(run, { number, first, size: keys.length, sha256 });
      const done = known === undefined
        ? new Set<number>()
        : await store.doneSequences(run, first, first + keys.length);
      const entries = entriesOf(keys, first, done);
      const asked = entries.filter(({ sequence }) => sequence < limit);
      this.#leftOut = entries.length - asked.length;
      this.#isCut = this.#leftOut > 0;
      if (!this.#isCut || asked.length > 0) return { number, first, size: keys.length, entries: asked };
    }
    return undefined;
  }

  async done({ number, first, size }: PlannedBatch): Promise<void> {
    // The batch remains open for a start without the limit.
    if (this.#leftOut > 0 && first + size === this.#first) return;
    await this.#options.store.finishBatch(this.#options.run, number);
  }

  async lost(batch: PlannedBatch): Promise<PlannedBatch> {
    const { store, run } = this.#options;
    const end = batch.first + batch.size;
    await store.unstage(run, batch.first, end);
    const done = await store.doneSequences(run, batch.first, end);
    return { ...batch, entries: batch.entries.filter(({ sequence }) => !done.has(sequence)) };
  }
}

/** The keys of a batch that have no verdict yet. */
function entriesOf(keys: readonly string[], first: number, done: ReadonlySet<number>): readonly BatchEntry[] {
  const entries = keys.map((key, index) => ({ sequence: first + index, key }));
  return done.size === 0 ? entries : entries.filter(({ sequence }) => !done.has(sequence));
}

/** Takes any number of keys from blocks of any size. */
class KeyCursor {
  readonly #blocks: AsyncIterator<readonly string[]>;
  #block: readonly string[] = [];
  #at = 0;

  constructor(blocks: AsyncIterable<readonly string[]>) {
    this.#blocks = blocks[Symbol.asyncIterator]();
  }

  /** Returns fewer than `count` keys only at the end of the list, or once their UTF-16 units reach `charsMax`. */
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

function changedList(run: number, first: number, size: number): StaleRunError {
  return new StaleRunError(
    `Cannot resume run ${run} as its key list has changed: keys ${first + 1} to ${
      first + size
    } are not those that ` +
      `it began with; restore the old list, or start a new run with --new`,
  );
}
