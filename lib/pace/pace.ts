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
import { paceLimits } from "../limits.ts";
import { clockSkewUs } from "./clock.ts";
import type { SharedNumbers } from "./shared_numbers.ts";

/** Places among the numbers. */
const Place = {
  /** Microseconds since 1970: nothing may start before. */
  next: 0,
  /** Microseconds between two starts; 0: no pace. The second is the job's, which is never gone below. */
  interval: 1,
  ownInterval: 2,
  /** Requests started so far, and how many may be: beyond that, the main thread has to allow more. */
  started: 3,
  allowed: 4,
  /** Microseconds since 1970: nothing may start before, as the server has said. */
  pausedUntil: 5,
  /** When the last step back was. */
  steppedBack: 6,
  /** Microseconds between two starts, on average over the last second. */
  recentInterval: 7,
  /** How many requests had been started at the last refusal. */
  refusedAt: 8,
  /** 1 where the interval is found by a learner, which then also sees to refusals. */
  isLearned: 9,
  /** Microseconds that the longest pause so far was to take: one that is further from its end is over a set clock. */
  pauseMax: 10,
} as const;

/** Numbers that a pace takes in the shared memory. */
export const paceCount = 11;

/** More starts than any run has. */
const endless = 2 ** 62;

/** No pause is longer, microseconds: a number that stays exact. */
const pauseUsMax = 366 * 86_400e6;

/** A pace that is finer than this is none, microseconds: no machine starts as many. */
const intervalUsMin = 20;

/** A view on the memory; each thread makes its own. */
export class Pace {
  readonly #numbers: SharedNumbers;

  /** `numbers` has {@linkcode paceCount} places. */
  constructor(numbers: SharedNumbers) {
    this.#numbers = numbers;
  }

  /** Sets the pace of a run, before it begins. The first request waits as if one had been started just before. */
  begin(rates: readonly Rate[], nowUs: number): void {
    const intervalUs = intervalUsOf(rates);
    this.#numbers.set(Place.interval, intervalUs);
    this.#numbers.set(Place.ownInterval, intervalUs);
    this.#numbers.set(Place.next, Math.ceil(nowUs) + Math.min(intervalUs, paceLimits.firstWaitMsMax * 1_000));
    this.#numbers.set(Place.steppedBack, Math.floor(nowUs) - 1);
    this.#numbers.set(Place.refusedAt, -paceLimits.burstStarts - 1);
    const isBudget = rates.some(({ perMs }) => perMs >= paceLimits.budgetMsMin);
    this.#numbers.set(Place.allowed, isBudget ? 0 : endless);
  }

  /** Microseconds between two starts; 0: no pace. */
  get intervalUs(): number {
    return this.#numbers.get(Place.interval);
  }

  /** Sets the interval that a learner has found. From the first time on, nothing else changes it. */
  learn(intervalUs: number): void {
    this.#numbers.set(Place.isLearned, 1);
    this.#numbers.set(Place.interval, intervalUs);
    this.#numbers.set(Place.ownInterval, intervalUs);
  }

  /** Requests started so far. */
  get started(): number {
    return this.#numbers.get(Place.started);
  }

  /** Allows so many starts, counted from the beginning of the run. */
  allow(started: number): void {
    this.#numbers.set(Place.allowed, started);
  }

  /**
   * Starts a request if one may start now.
   *
   * @returns 0 if it has been started, else the microseconds after which to try again.
   */
  tryStart(nowUs: number): number {
    const pausedUs = this.#pausedUs(nowUs);
    if (pausedUs > 0) return pausedUs;
    const intervalUs = this.intervalUs;
    const waitUs = intervalUs === 0 ? 0 : this.#tryTurn(Math.ceil(nowUs), intervalUs);
    if (waitUs > 0) return waitUs;
    for (;;) {
      const { started } = this;
      if (started >= this.#numbers.get(Place.allowed)) return paceLimits.tickMs * 1_000;
      if (this.#numbers.replace(Place.started, started, started + 1)) return 0;
    }
  }

  #tryTurn(nowUs: number, intervalUs: number): number {
    for (;;) {
      const next = this.#numbers.get(Place.next);
      const aheadUs = next - nowUs;
      if (aheadUs > intervalUs + clockSkewUs) {
        // The clock was set back. When the last start was is not known any more, so a whole interval is waited.
        this.#numbers.replace(Place.next, next, nowUs + intervalUs);
        return intervalUs;
      }
      if (aheadUs > 0) return aheadUs;
      const turnUs = Math.max(next, nowUs - paceLimits.lateMsMax * 1_000);
      if (!this.#numbers.replace(Place.next, next, turnUs + intervalUs)) continue;
      this.#recover(intervalUs);
      return 0;
    }
  }

  /** After a step back, each start makes the interval a little shorter. */
  #recover(intervalUs: number): void {
    const ownUs = this.#numbers.get(Place.ownInterval);
    if (intervalUs <= ownUs) return;
    const shorterUs = intervalUs -
      Math.ceil(intervalUs * intervalUs * Math.LN2 / (paceLimits.doublingMs * 1_000));
    this.#numbers.replace(
      Place.interval,
      intervalUs,
      shorterUs < intervalUsMin ? ownUs : Math.max(ownUs, shorterUs),
    );
  }

  /** Lets nothing start for so long; a longer pause that is under way stays. */
  pause(nowUs: number, ms: number): void {
    const pauseUs = Math.ceil(Math.min(ms * 1_000, pauseUsMax));
    const untilUs = Math.ceil(nowUs) + pauseUs;
    // Before the end, which would else be taken for one that the clock was set back from.
    this.#numbers.raise(Place.pauseMax, pauseUs);
    this.#numbers.raise(Place.pausedUntil, untilUs);
  }

  /** Milliseconds until a pause is over; 0 without one. */
  pausedMs(nowUs: number): number {
    return this.#pausedUs(nowUs) / 1_000;
  }

  #pausedUs(nowUs: number): number {
    const untilUs = this.#numbers.get(Place.pausedUntil);
    const pauseUs = this.#numbers.get(Place.pauseMax);
    if (untilUs - nowUs <= pauseUs + clockSkewUs) return Math.max(0, untilUs - nowUs);
    // The clock was set back. How much of the pause is over is not known any more, so it begins anew.
    this.#numbers.replace(Place.pausedUntil, untilUs, Math.ceil(nowUs) + pauseUs);
    return pauseUs;
  }

  /**
   * A request was refused. Where others were just before, the interval gets longer: once for a burst of refusals, so
   * one that had been started before the last step back changes nothing. Without a pace, what was started lately is it.
   */
  stepBack(startedUs: number, nowUs: number): void {
    if (this.#numbers.get(Place.isLearned) === 1) return;
    const { started } = this;
    const refusedAt = this.#numbers.exchange(Place.refusedAt, started);
    if (started - refusedAt > paceLimits.burstStarts) return;
    const before = this.#numbers.get(Place.steppedBack);
    if (startedUs <= before || !this.#numbers.replace(Place.steppedBack, before, nowUs)) return;
    const intervalUs = this.intervalUs;
    const ownUs = this.#numbers.get(Place.ownInterval);
    const longerUs = Math.ceil(
      Math.max(intervalUs, this.#numbers.get(Place.recentInterval)) * paceLimits.stepBack,
    );
    this.#numbers.replace(
      Place.interval,
      intervalUs,
      Math.max(ownUs, Math.min(longerUs, paceLimits.stepBackMsMax * 1_000)),
    );
  }

  /** Notes how many requests were started per second lately. */
  measured(startsPerSecond: number): void {
    this.#numbers.set(Place.recentInterval, startsPerSecond > 0 ? Math.ceil(1e6 / startsPerSecond) : 0);
  }

  /** Requests started per second lately. */
  get startsPerSecond(): number {
    const intervalUs = this.#numbers.get(Place.recentInterval);
    return intervalUs === 0 ? 0 : 1e6 / intervalUs;
  }

  /** The pace is slower than the job has it. */
  get isSteppedBack(): boolean {
    return this.intervalUs > this.#numbers.get(Place.ownInterval);
  }
}

/**
 * Whole microseconds between two starts: the shortest span of a job's rates is what its pace is spread over, with a
 * margin for what happens to requests on their way. Its longer spans are budgets besides.
 */
export function intervalUsOf(rates: readonly Rate[]): number {
  const perMs = Math.min(...rates.map((rate) => rate.perMs));
  const finest = rates.filter((rate) => rate.perMs === perMs);
  return Math.ceil(Math.max(0, ...finest.map(({ count }) => perMs * 1_000 / count)) * paceLimits.margin);
}
