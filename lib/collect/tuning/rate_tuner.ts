/**
 * Finds the highest rate that a server allows, from the requests started and the refusals. A rate that was not in
 * use, because of a pause or too few requests in flight, is neither raised nor taken for allowed. Pure: no clock, no
 * I/O.
 *
 * @module
 */

import type { TunedRecord } from "../../store/records.ts";
import { Aimd } from "./aimd.ts";
import type { Tick } from "./tick.ts";

/** Rates in requests per second. */
export const rateTuning = {
  first: 10,
  /** One request a minute. */
  min: 1 / 60,
  /** More than one machine starts. */
  max: 50_000,
  /** A round takes this long, two mean latencies, and this many starts: then its refusals have arrived. */
  roundMsMin: 1_000,
  roundStartsMin: 4,
  /** A round that used a smaller share of the rate does not raise it. */
  usedMin: 0.8,
  /** An unused rate is at most this many times the rate in use: starts come in groups. */
  slack: 4,
} as const;

/** One per run. */
export class RateTuner {
  readonly #aimd: Aimd;
  /** Sums of the current round. */
  #ms = 0;
  #starts = 0;
  /** Requests per second in the last round if it did not use the rate, else infinite. */
  #usedRate = Infinity;
  /** Smoothed mean latency. */
  #latencyMs = 0;

  /** `max` is the job's own rate in requests per second. */
  constructor(max: number, found?: TunedRecord) {
    const { first, min } = rateTuning;
    this.#aimd = new Aimd({ first, min, max: Math.min(max, rateTuning.max) }, found);
  }

  /** Requests per second. */
  get rate(): number {
    return this.#aimd.value;
  }

  /** What the next run starts from. */
  get found(): TunedRecord {
    return this.#aimd.found;
  }

  /** Returns whether the rate stepped down. */
  tick({ ms, starts, answers, latencyMs, refusals, isHeld }: Tick): boolean {
    if (refusals > 0) {
      this.#aimd.refuse(Math.min(this.rate, this.#usedRate));
      this.#begin();
      return true;
    }
    if (isHeld) return false;
    if (answers > 0) this.#latencyMs += (latencyMs / answers - this.#latencyMs) / 2;
    this.#ms += ms;
    this.#starts += starts;
    const { roundMsMin, roundStartsMin } = rateTuning;
    if (this.#ms >= Math.max(roundMsMin, 2 * this.#latencyMs, roundStartsMin * 1_000 / this.rate)) {
      this.#judge();
    }
    return false;
  }

  #judge(): void {
    const { first, usedMin, slack } = rateTuning;
    const rate = this.#starts * 1_000 / this.#ms;
    const isUsed = rate >= usedMin * this.rate;
    this.#usedRate = isUsed ? Infinity : rate;
    if (isUsed) this.#aimd.grow();
    else this.#aimd.cap(Math.max(first, slack * rate));
    this.#begin();
  }

  #begin(): void {
    this.#ms = 0;
    this.#starts = 0;
  }
}
