/**
 * When the next request may start, over all Workers: a generic cell rate algorithm ("leaky bucket as a meter", ITU-T
 * I.371) whose only state is the time before which nothing may start. Starts are spread evenly, so the rate holds in
 * every span of its length, wherever one begins: there is no burst at the start, none after a pause, and none where
 * two Workers meet. What rates of a minute and more leave is counted on the main thread, which allows starts here.
 *
 * Plain numbers in memory that all Workers share, changed with atomic operations only. The time is passed in.
 *
 * @module
 */

import type { Rate } from "../job/job.ts";
import { pace as limits } from "../limits.ts";

/** Places in the array of 64-bit integers. */
const Place = {
  /** Microseconds since 1970: nothing may start before. */
  next: 0,
  /** Microseconds between two starts; 0: no pace. */
  interval: 1,
  /** Requests started so far, and how many may be: beyond that, the main thread has to allow more. */
  started: 2,
  allowed: 3,
} as const;

/** Numbers that a pace takes in the shared memory. */
export const paceCount = 4;

/** More starts than any run has. */
const endless = 2n ** 62n;

/** Microseconds: threads see the clock less than so far apart. */
const clockSkewUs = 2_000;

/** A view on the memory; each thread makes its own. */
export class Pace {
  readonly #longs: BigInt64Array<SharedArrayBuffer>;

  /** `longs` has {@linkcode paceCount} places. */
  constructor(longs: BigInt64Array<SharedArrayBuffer>) {
    this.#longs = longs;
  }

  /** Sets the pace of a run, before it begins. The first request waits as if one had been started just before. */
  begin(rates: readonly Rate[], nowUs: number): void {
    const intervalUs = intervalUsOf(rates);
    this.#set(Place.interval, intervalUs);
    this.#set(Place.next, Math.ceil(nowUs) + Math.min(intervalUs, limits.firstWaitMsMax * 1_000));
    const isBudget = rates.some(({ perMs }) => perMs >= limits.budgetMsMin);
    Atomics.store(this.#longs, Place.allowed, isBudget ? 0n : endless);
  }

  /** Microseconds between two starts; 0: no pace. */
  get intervalUs(): number {
    return this.#get(Place.interval);
  }

  /** Requests started so far. */
  get started(): number {
    return this.#get(Place.started);
  }

  /** Allows so many starts, counted from the beginning of the run. */
  allow(started: number): void {
    this.#set(Place.allowed, started);
  }

  /**
   * Starts a request if one may start now.
   *
   * @returns 0 if it has been started, else the microseconds after which to try again.
   */
  tryStart(nowUs: number): number {
    const intervalUs = this.intervalUs;
    const waitUs = intervalUs === 0 ? 0 : this.#tryTurn(Math.ceil(nowUs), intervalUs);
    if (waitUs > 0) return waitUs;
    for (;;) {
      const started = Atomics.load(this.#longs, Place.started);
      if (started >= Atomics.load(this.#longs, Place.allowed)) return limits.tickMs * 1_000;
      if (Atomics.compareExchange(this.#longs, Place.started, started, started + 1n) === started) return 0;
    }
  }

  #tryTurn(nowUs: number, intervalUs: number): number {
    for (;;) {
      const next = Atomics.load(this.#longs, Place.next);
      const aheadUs = Number(next) - nowUs;
      if (aheadUs > intervalUs + clockSkewUs) {
        // The clock was set back. When the last start was is not known any more, so a whole interval is waited.
        Atomics.compareExchange(this.#longs, Place.next, next, BigInt(nowUs + intervalUs));
        return intervalUs;
      }
      if (aheadUs > 0) return aheadUs;
      const turnUs = Math.max(Number(next), nowUs - limits.lateMsMax * 1_000);
      const after = BigInt(turnUs + intervalUs);
      if (Atomics.compareExchange(this.#longs, Place.next, next, after) === next) return 0;
    }
  }

  #get(place: number): number {
    return Number(Atomics.load(this.#longs, place));
  }

  #set(place: number, value: number): void {
    Atomics.store(this.#longs, place, BigInt(value));
  }
}

/**
 * Whole microseconds between two starts: the shortest span of a job's rates is what its pace is spread over, with a
 * margin for what happens to requests on their way. Its longer spans are budgets besides.
 */
export function intervalUsOf(rates: readonly Rate[]): number {
  const perMs = Math.min(...rates.map((rate) => rate.perMs));
  const finest = rates.filter((rate) => rate.perMs === perMs);
  return Math.ceil(Math.max(0, ...finest.map(({ count }) => perMs * 1_000 / count)) * limits.margin);
}
