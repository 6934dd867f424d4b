/**
 * What a Worker has found, on its way to the store. Finished fetches wait a moment for company; at most
 * `unacknowledgedMax` messages of rows are under way, and whoever has more must wait: `postMessage` itself has no
 * bound. Holds at most one message, and one answer more.
 *
 * @module
 */

import { outboxLimits } from "../limits.ts";
import { type RowBatch, RowBatchBuilder, transferOf } from "../rows/row_batch.ts";
import type { ToStore } from "./protocol.ts";
import type { FetchRecord } from "../rows/fetch_record.ts";

/** Where messages go. */
export interface OutboxOptions {
  /** Cells in a row. */
  readonly width: number;
  /** Sends a message, and hands the buffers over with it. */
  readonly send: (message: ToStore, transfer: ArrayBuffer[]) => void;
  /** Milliseconds that were spent waiting for the store. */
  readonly waited: (ms: number) => void;
}

/** One per Worker. */
export class Outbox {
  readonly #options: OutboxOptions;
  #fetches: FetchRecord[] = [];
  #rowCounts: (number | "staged")[] = [];
  readonly #rows: RowBatchBuilder;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The finished fetches are waiting for room. */
  #flushing: Promise<void> | undefined;
  #unacknowledged = 0;
  /** Who waits for room, the longest first. */
  readonly #waiting: (() => void)[] = [];
  #emptied: (() => void) | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#rows = new RowBatchBuilder(options.width);
  }

  /** Adds a finished fetch with its rows, or with "staged" in their place; waits while there is a full message. */
  async finish(record: FetchRecord, rows: RowBatch | "staged"): Promise<void> {
    while (this.#isFull()) await this.#flush();
    this.#fetches.push(record);
    this.#rowCounts.push(rows === "staged" ? rows : rows.rows);
    if (rows !== "staged") this.#rows.append(rows);
    if (this.#isFull()) void this.#flush();
    else this.#timer ??= setTimeout(() => void this.#flush(), outboxLimits.chunkDelayMs);
  }

  /** Sends some rows of an answer that is not whole yet. */
  async stage(sequence: number, first: number, rows: RowBatch): Promise<void> {
    await this.#room();
    this.#options.send({ type: "staged", part: { sequence, first, rows } }, transferOf(rows));
  }

  /** What was staged of this answer is void. This holds no rows, so it waits for no room. */
  unstage(sequence: number): void {
    this.#unacknowledged++;
    this.#options.send({ type: "unstaged", sequence }, []);
  }

  /** The store has taken one message. */
  acknowledged(): void {
    // Its room goes straight to whoever waits, so nobody can come in between.
    const next = this.#unacknowledged <= outboxLimits.unacknowledgedMax ? this.#waiting.shift() : undefined;
    if (next !== undefined) return next();
    this.#unacknowledged--;
    if (this.#unacknowledged === 0) this.#emptied?.();
  }

  /** Sends what is left; resolves when the store has taken everything. Nothing may be added any more. */
  async close(): Promise<void> {
    await this.#flush();
    if (this.#unacknowledged > 0) await new Promise<void>((resolve) => this.#emptied = resolve);
  }

  /** Resolves when the finished fetches have been sent. */
  async #flush(): Promise<void> {
    if (this.#fetches.length > 0) await (this.#flushing ??= this.#sendFinished());
  }

  async #sendFinished(): Promise<void> {
    await this.#room();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing = undefined;
    const rows = this.#rows.take();
    const chunk = { fetches: this.#fetches, rowCounts: this.#rowCounts, rows };
    this.#fetches = [];
    this.#rowCounts = [];
    this.#options.send({ type: "finished", chunk }, transferOf(rows));
  }

  /** Waits until one more message may be under way, and counts it as such. */
  async #room(): Promise<void> {
    if (this.#unacknowledged < outboxLimits.unacknowledgedMax) {
      this.#unacknowledged++;
      return;
    }
    const sinceMs = performance.now();
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#options.waited(performance.now() - sinceMs);
  }

  #isFull(): boolean {
    return this.#fetches.length >= outboxLimits.chunkFetchesMax || this.#rows.isFull;
  }
}
