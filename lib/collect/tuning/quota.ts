/**
 * Counts the requests of a sliding window and tells how many its rate leaves. Starts are counted per span of a 240th
 * of the window, and a span counts until all of it has left the window. Pure: the clock is passed in.
 *
 * @module
 */

import type { Rate } from "../../job/job.ts";
import type { StartCounts } from "../../store/records.ts";

/** Spans per window. A quota wastes at most one span, 0.4 % of its window. */
export const quotaSpans = 240;

/** One rate's count. Holds at most 241 numbers. */
export class Quota {
  readonly rate: Rate;
  readonly #spanMs: number;
  readonly #counts: Map<number, number>;

  /** `counts` is from {@linkcode with}, possibly of an earlier process. */
  constructor(rate: Rate, counts: StartCounts = new Map()) {
    this.rate = rate;
    this.#spanMs = rate.perMs / quotaSpans;
    this.#counts = new Map(counts);
  }

  /** Counts `count` requests as started at `nowMs`. */
  add(nowMs: number, count: number): void {
    if (count > 0) this.#add(this.#spanAt(nowMs), count);
  }

  /** Requests that may start now. */
  room(nowMs: number): number {
    this.#expire(nowMs);
    let started = 0;
    for (const count of this.#counts.values()) started += count;
    return Math.max(0, this.rate.count - started);
  }

  /** The counts to store: with `reserve` more requests, as if they started now. */
  with(nowMs: number, reserve: number): StartCounts {
    this.#expire(nowMs);
    const counts = new Map(this.#counts);
    const current = this.#spanAt(nowMs);
    if (reserve > 0) counts.set(current, (counts.get(current) ?? 0) + reserve);
    return counts;
  }

  /** Drops spans that have left the window. */
  #expire(nowMs: number): void {
    const current = this.#spanAt(nowMs);
    const oldest = this.#spanAt(nowMs - this.rate.perMs);
    for (const [span, count] of [...this.#counts]) {
      if (span >= oldest && span <= current) continue;
      this.#counts.delete(span);
      // The clock was set back, so the true time is unknown: these requests count as started now.
      if (span > current) this.#add(current, count);
    }
  }

  #add(span: number, count: number): void {
    this.#counts.set(span, (this.#counts.get(span) ?? 0) + count);
  }

  #spanAt(ms: number): number {
    return Math.floor(ms / this.#spanMs);
  }
}
