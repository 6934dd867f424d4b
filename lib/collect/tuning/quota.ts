/**
 * How many requests a rate leaves in its sliding window, from how many were started when. Starts are counted in spans
 * of a 240th of the window, each counted until all of it has left the window. Pure: the time is passed in.
 *
 * @module
 */

import type { Rate } from "../../job/job.ts";
import { paceLimits } from "../../limits.ts";
import type { StartCounts } from "../../store/records.ts";

/** One rate's count. Holds at most 241 numbers. */
export class Quota {
  readonly rate: Rate;
  readonly #spanMs: number;
  readonly #counts: Map<number, number>;

  /** `counts` is what {@linkcode with} gave before, perhaps in another process. */
  constructor(rate: Rate, counts: StartCounts = new Map()) {
    this.rate = rate;
    this.#spanMs = rate.perMs / paceLimits.budgetSpans;
    this.#counts = new Map(counts);
  }

  /** Notes that so many were started since the last note. */
  add(nowMs: number, count: number): void {
    if (count > 0) this.#add(this.#spanAt(nowMs), count);
  }

  /** How many may be started now. */
  room(nowMs: number): number {
    this.#drop(nowMs);
    let started = 0;
    for (const count of this.#counts.values()) started += count;
    return Math.max(0, this.rate.count - started);
  }

  /** What was started in the window, and `reserve` more as if they were started now. */
  with(nowMs: number, reserve: number): StartCounts {
    this.#drop(nowMs);
    const counts = new Map(this.#counts);
    const current = this.#spanAt(nowMs);
    if (reserve > 0) counts.set(current, (counts.get(current) ?? 0) + reserve);
    return counts;
  }

  /** Forgets what has left the window. */
  #drop(nowMs: number): void {
    const current = this.#spanAt(nowMs);
    const oldest = this.#spanAt(nowMs - this.rate.perMs);
    for (const [span, count] of [...this.#counts]) {
      if (span >= oldest && span <= current) continue;
      this.#counts.delete(span);
      // The clock was set back: when those were started is not known any more, so they count as started now.
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
