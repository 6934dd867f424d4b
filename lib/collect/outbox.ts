/**
 * What a Worker has found, on its way to the store. Finished fetches wait a moment for company; at most
 * `unacknowledgedMax` messages are under way, and whoever has more must wait: `postMessage` itself has no bound.
 *
 * @module
 */

import { pipe } from "../limits.ts";
import { type FetchRecord, staged } from "../store/records.ts";
import type { Converted } from "./convert.ts";
import type { ToStore } from "./messages.ts";

export interface OutboxOptions {
  readonly send: (message: ToStore) => void;
  /** Milliseconds that were spent waiting for the store. */
  readonly waited: (ms: number) => void;
}

export class Outbox {
  readonly #options: OutboxOptions;
  #fetches: FetchRecord[] = [];
  #rowCounts: number[] = [];
  #values: Converted[] = [];
  #chars = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unacknowledged = 0;
  #waiting: (() => void)[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Adds a finished fetch with its rows, or with `staged` in their place. */
  async finish(
    record: FetchRecord,
    rows: readonly Converted[] | typeof staged,
    width: number,
  ): Promise<void> {
    this.#fetches.push(record);
    if (rows === staged) {
      this.#rowCounts.push(staged);
    } else {
      this.#rowCounts.push(rows.length / width);
      for (const value of rows) {
        this.#values.push(value);
        if (typeof value === "string") this.#chars += value.length;
      }
    }
    if (this.#isFull()) {
      await this.#room();
      this.flush();
    } else {
      this.#timer ??= setTimeout(() => this.flush(), pipe.chunkDelayMs);
    }
  }

  /** Sends some rows of an answer that is not whole yet. */
  async stage(sequence: number, first: number, values: readonly Converted[]): Promise<void> {
    await this.#room();
    this.#send({ type: "staged", part: { sequence, first, values } });
  }

  /** What was staged of this answer is void. */
  unstage(sequence: number): void {
    this.#send({ type: "unstaged", sequence });
  }

  /** Sends all finished fetches now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#fetches.length === 0) return;
    const chunk = { fetches: this.#fetches, rowCounts: this.#rowCounts, values: this.#values };
    this.#fetches = [];
    this.#rowCounts = [];
    this.#values = [];
    this.#chars = 0;
    this.#send({ type: "finished", chunk });
  }

  /** The store has taken one message. */
  acknowledged(): void {
    this.#unacknowledged--;
    this.#waiting.shift()?.();
  }

  /** Sends what is left; resolves when the store has taken everything. */
  async close(): Promise<void> {
    this.flush();
    while (this.#unacknowledged > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #room(): Promise<void> {
    if (this.#unacknowledged < pipe.unacknowledgedMax) return;
    const sinceMs = performance.now();
    while (this.#unacknowledged >= pipe.unacknowledgedMax) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#options.waited(performance.now() - sinceMs);
  }

  #isFull(): boolean {
    return this.#fetches.length >= pipe.chunkFetchesMax || this.#values.length >= pipe.chunkValuesMax ||
      this.#chars >= pipe.chunkCharsMax;
  }

  #send(message: ToStore): void {
    this.#unacknowledged++;
    this.#options.send(message);
  }
}
