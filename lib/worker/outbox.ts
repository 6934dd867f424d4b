/**
 * The outbox of a Worker: sends finished fetches and staged rows to the store. Finished fetches are collected for a
 * moment and sent together. `postMessage` has no backpressure, so a caller waits while `unacknowledgedMax` messages, or
 * large messages of `unacknowledgedBytesMax`, are unacknowledged. Holds at most one message, and one answer more.
 *
 * @module
 */

import { outboxLimits } from "../limits.ts";
import { noRows, RowBatchBuilder, transferOf } from "../rows/row_batch.ts";
import type { FetchRecord, FoundRows, TableBatch, TableRows } from "../rows/fetch_record.ts";
import type { ToStore } from "./protocol.ts";

/** Where messages go. */
export interface OutboxOptions {
  /** The job's tables, and the cells in a row of each. */
  readonly tables: readonly { readonly name: string; readonly width: number }[];
  /** Posts a message; `transfer` lists the buffers that go with it. */
  readonly send: (message: ToStore, transfer: ArrayBuffer[]) => void;
  /** Called with the milliseconds that a caller waited for the store. */
  readonly waited: (ms: number) => void;
}

/** One per Worker. */
export class Outbox {
  readonly #options: OutboxOptions;
  #fetches: FetchRecord[] = [];
  readonly #tables: readonly FinishedRows[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The finished fetches are waiting for room. */
  #flushing: Promise<void> | undefined;
  /** Bytes of each message that is unacknowledged, in the order of sending. */
  readonly #unacknowledged: number[] = [];
  #unacknowledgedBytes = 0;
  /** Callers that wait for room, the longest first. */
  readonly #waiting: { readonly bytes: number; readonly resume: () => void }[] = [];
  #emptied: (() => void) | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#tables = options.tables.map(({ name, width }) => new FinishedRows(name, width));
  }

  /**
   * Adds a finished fetch with its rows for each table, in the order of `tables`; none for a failed fetch. Waits while
   * the message is full.
   */
  async finish(record: FetchRecord, found: readonly FoundRows[]): Promise<void> {
    while (this.#isFull()) await this.#flush();
    this.#fetches.push(record);
    for (let index = 0; index < this.#tables.length; index++) {
      this.#tables[index]?.add(found[index] ?? noRows);
    }
    if (this.#isFull()) void this.#flush();
    else this.#timer ??= setTimeout(() => void this.#flush(), outboxLimits.messageDelayMs);
  }

  /** Sends rows of an answer that is not whole yet. Waits for room. */
  async stage(sequence: number, batch: TableBatch): Promise<void> {
    await this.#room(batch.rows.bytes);
    this.#options.send({ type: "staged", part: { sequence, ...batch } }, transferOf(batch.rows));
  }

  /** Voids all rows staged for a key. Does not wait: the message carries no rows. */
  discard(sequence: number): void {
    this.#count(0);
    this.#options.send({ type: "discarded", sequence }, []);
  }

  /** The store has taken one message. */
  acknowledged(): void {
    this.#unacknowledgedBytes -= this.#unacknowledged.shift() ?? 0;
    // The room goes straight to the longest waiting callers, so that no other caller can take it.
    for (
      let next = this.#waiting[0];
      next !== undefined && this.#hasRoom(next.bytes);
      [next] = this.#waiting
    ) {
      this.#waiting.shift();
      this.#count(next.bytes);
      next.resume();
    }
    if (this.#unacknowledged.length === 0) this.#emptied?.();
  }

  /** Sends the rest; resolves when the store has taken everything. Nothing may be added afterwards. */
  async close(): Promise<void> {
    await this.#flush();
    if (this.#unacknowledged.length > 0) await new Promise<void>((resolve) => this.#emptied = resolve);
  }

  /** Resolves when the finished fetches have been sent. */
  async #flush(): Promise<void> {
    if (this.#fetches.length > 0) await (this.#flushing ??= this.#sendFinished());
  }

  async #sendFinished(): Promise<void> {
    // Fetches that are added meanwhile are not counted: they fit into the message, but for the last answer.
    await this.#room(this.#tables.reduce((bytes, table) => bytes + table.bytes, 0));
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing = undefined;
    const tables = this.#tables.map((table) => table.take());
    const chunk = { fetches: this.#fetches, tables };
    this.#fetches = [];
    this.#options.send({ type: "finished", chunk }, tables.flatMap(({ rows }) => transferOf(rows)));
  }

  /** Waits until one more message of `bytes` may be unacknowledged, and counts it. */
  async #room(bytes: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#hasRoom(bytes)) return this.#count(bytes);
    const sinceMs = performance.now();
    await new Promise<void>((resume) => this.#waiting.push({ bytes, resume }));
    this.#options.waited(performance.now() - sinceMs);
  }

  /** A message that is larger than the limit goes alone. */
  #hasRoom(bytes: number): boolean {
    if (this.#unacknowledged.length === 0) return true;
    return this.#unacknowledged.length < outboxLimits.unacknowledgedMax &&
      this.#unacknowledgedBytes + bytes <= outboxLimits.unacknowledgedBytesMax;
  }

  #count(bytes: number): void {
    this.#unacknowledged.push(bytes);
    this.#unacknowledgedBytes += bytes;
  }

  /** All tables together fill one message. */
  #isFull(): boolean {
    if (this.#fetches.length >= outboxLimits.messageFetchesMax) return true;
    let fill = 0;
    for (const table of this.#tables) fill += table.fill;
    return fill >= 1;
  }
}

/** The rows of the finished fetches for one table. */
class FinishedRows {
  readonly #name: string;
  readonly #rows: RowBatchBuilder;
  #rowCounts: (number | "staged")[] = [];

  constructor(name: string, width: number) {
    this.#name = name;
    this.#rows = new RowBatchBuilder(width);
  }

  get fill(): number {
    return this.#rows.fill;
  }

  get bytes(): number {
    return this.#rows.bufferBytes + this.#rows.heapBytes;
  }

  /** Adds the rows of the next fetch. */
  add(found: FoundRows): void {
    if (found === "staged") {
      this.#rowCounts.push(found);
    } else {
      this.#rowCounts.push(found.rows);
      this.#rows.append(found);
    }
  }

  take(): TableRows {
    const rowCounts = this.#rowCounts;
    this.#rowCounts = [];
    return { table: this.#name, rowCounts, rows: this.#rows.take() };
  }
}
