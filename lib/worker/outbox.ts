/**
 * The outbox of a Worker: sends finished fetches and staged rows to the store. Finished fetches are collected for a
 * moment and sent together. `postMessage` has no backpressure, so a caller waits while `unacknowledgedMax` messages are
 * unacknowledged. Holds at most one message, and one answer more.
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
  #unacknowledged = 0;
  /** Callers that wait for room, the longest first. */
  readonly #waiting: (() => void)[] = [];
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
    await this.#room();
    this.#options.send({ type: "staged", part: { sequence, ...batch } }, transferOf(batch.rows));
  }

  /** Voids all rows staged for a key. Does not wait: the message carries no rows. */
  discard(sequence: number): void {
    this.#unacknowledged++;
    this.#options.send({ type: "discarded", sequence }, []);
  }

  /** The store has taken one message. */
  acknowledged(): void {
    // The room goes straight to the longest waiting caller, so that no other caller can take it.
    const next = this.#unacknowledged <= outboxLimits.unacknowledgedMax ? this.#waiting.shift() : undefined;
    if (next !== undefined) return next();
    this.#unacknowledged--;
    if (this.#unacknowledged === 0) this.#emptied?.();
  }

  /** Sends the rest; resolves when the store has taken everything. Nothing may be added afterwards. */
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
    const tables = this.#tables.map((table) => table.take());
    const chunk = { fetches: this.#fetches, tables };
    this.#fetches = [];
    this.#options.send({ type: "finished", chunk }, tables.flatMap(({ rows }) => transferOf(rows)));
  }

  /** Waits until one more message may be unacknowledged, and counts it. */
  async #room(): Promise<void> {
    if (this.#unacknowledged < outboxLimits.unacknowledgedMax) {
      this.#unacknowledged++;
      return;
    }
    const sinceMs = performance.now();
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#options.waited(performance.now() - sinceMs);
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
