/**
 * When the next request may start, over all Workers: the generic cell rate algorithm ("leaky bucket as a meter",
 * ITU-T I.371), whose state is one time before which no request may start. Starts are spread evenly, so a rate holds
 * in every sliding span of its length, without bursts at the start, after a pause, or between Workers. Quotas (rates
 * over a minute or longer) are counted on the main thread, which grants starts here.
 *
 * Atomic numbers in shared memory; the clock is passed in.
 *
 * @module
 */

import type { Rate } from "../job/job.ts";
import { clockSkewUs, supervisorTickMs } from "./clock.ts";
import type { SharedNumbers } from "./shared_numbers.ts";
import { type TurnLease, TurnLeases, turnLeasesCount } from "./turn_leases.ts";

/** How precisely a pace is kept, and how it reacts to refusals. */
export const paceTuning = {
  /**
   * Factor on the interval between two starts. In a second, a request may then arrive 7 ms later than those after it,
   * and the server still counts no more than it allows. Measured at 100/s on two cores: 2,000 requests in 20.4 s, 98
   * % of what is allowed, no 429 from nginx with `rate=100r/s burst=2 nodelay`. With no burst at all nginx refuses
   * requests less than 10 ms apart, which no timer can guarantee.
   */
  margin: 1.01,
  /**
   * A start may be this late without delaying the starts after it: Deno's timers fire 1 to 2 ms late, one in a
   * hundred 3. Two starts come closer by as much at most. Below a timer's resolution starts come in groups: of at
   * most 4 at 1,000/s, and 31 at 10,000/s.
   */
  lateMsMax: 3,
  /** The first start waits for one interval, as if another run had just started one; but no longer than this. */
  firstWaitMsMax: 1_000,
  /** Two refusals within this many starts are a burst, which steps back. A single refusal only pauses. */
  burstStarts: 10,
  /** A step back multiplies the interval by this, as TCP halves its window at congestion; up to the maximum. */
  stepBack: 2,
  stepBackMsMax: 250,
  /** After a step back the pace doubles in this time, up to the job's own. */
  doublingMs: 5_000,
} as const;

/** A refusal that names no delay pauses all requests this long, milliseconds. */
export const refusalPauseMs = 1_000;

/** A rate over this span or longer is a quota: counted on the main thread and kept across runs. */
const quotaMsMin = 60_000;

/** Whether a rate is a quota. */
export function isQuota({ perMs }: Rate): boolean {
  return perMs >= quotaMsMin;
}

/** Index of each number. */
const Place = {
  /** Microseconds since 1970 before which no request may start. */
  nextUs: 0,
  /** Microseconds between two starts, now and by the job, which is the lower bound; 0: no rate. */
  intervalUs: 1,
  ownIntervalUs: 2,
  /** Requests started, and how many the quotas grant, both since the start of the run. */
  started: 3,
  granted: 4,
  /** Microseconds since 1970 before which no request may start, by the server's word. */
  pausedUntilUs: 5,
  /** Microseconds since 1970 of the last step back. */
  steppedBackUs: 6,
  /** Mean microseconds between two starts over the last second. */
  recentIntervalUs: 7,
  /** `started` at the last refusal. */
  refusedAt: 8,
  /** 1 if a tuner sets the interval and reacts to refusals. */
  isTuned: 9,
  /** Length of the longest pause, microseconds: a longer rest shows that the clock was set back. */
  pauseUsMax: 10,
  /** Starts that the quotas shared with other processes grant, since the start of the run. */
  grantedShared: 11,
  /** 1 if requests start only at turns leased from a pace shared with other processes. */
  isLeased: 12,
  /** From here on: the leases. */
  leases: 13,
} as const;

/** Numbers that a pace occupies in shared memory. */
export const paceCount = Place.leases + turnLeasesCount;

/** Wait for a leased turn where none is known yet: the main thread leases turns at its next tick. */
const leaseWaitUs = 20_000;

/** Wait while the leases are being written, which takes microseconds. */
const busyWaitUs = 1_000;

/** More starts than any run makes. */
const unlimited = 2 ** 62;

/** The longest pause: its microseconds remain an exact number. */
const pauseUsMax = 366 * 86_400e6;

/** An interval below this is no rate: no machine starts 50,000 requests per second. */
const intervalUsMin = 20;

/** A view of the shared pace; each thread makes its own. */
export class Pace {
  readonly #numbers: SharedNumbers;
  readonly #leases: TurnLeases;

  /** `numbers` has {@linkcode paceCount} places. */
  constructor(numbers: SharedNumbers) {
    this.#numbers = numbers;
    this.#leases = new TurnLeases(numbers.from(Place.leases));
  }

  /** Sets the rates of a run before its first request, which waits as if another request had just started. */
  begin(rates: readonly Rate[], nowUs: number): void {
    const intervalUs = intervalUsOf(rates);
    this.#numbers.set(Place.intervalUs, intervalUs);
    this.#numbers.set(Place.ownIntervalUs, intervalUs);
    this.#numbers.set(
      Place.nextUs,
      Math.ceil(nowUs) + Math.min(intervalUs, paceTuning.firstWaitMsMax * 1_000),
    );
    this.#numbers.set(Place.steppedBackUs, Math.floor(nowUs) - 1);
    this.#numbers.set(Place.refusedAt, -paceTuning.burstStarts - 1);
    this.#numbers.set(Place.granted, rates.some(isQuota) ? 0 : unlimited);
    this.#numbers.set(Place.grantedShared, unlimited);
  }

  /** Microseconds between two starts; 0: no rate. */
  get intervalUs(): number {
    return this.#numbers.get(Place.intervalUs);
  }

  /** Sets the interval that a tuner found. From the first call on, only a tuner changes it. */
  tune(intervalUs: number): void {
    this.#numbers.set(Place.isTuned, 1);
    this.#numbers.set(Place.intervalUs, intervalUs);
    this.#numbers.set(Place.ownIntervalUs, intervalUs);
  }

  /** Requests started since the start of the run. */
  get started(): number {
    return this.#numbers.get(Place.started);
  }

  /** Grants `started` starts, counted from the start of the run. */
  grant(started: number): void {
    this.#numbers.set(Place.granted, started);
  }

  /** Grants `started` starts of the shared quotas, counted from the start of the run; undefined: no such quota. */
  grantShared(started: number | undefined): void {
    this.#numbers.set(Place.grantedShared, started ?? unlimited);
  }

  /** From now on requests start only at these turns, and at any time again once undefined. Main thread only. */
  lease(leases: readonly TurnLease[] | undefined): void {
    this.#leases.set(leases ?? []);
    this.#numbers.set(Place.isLeased, leases === undefined ? 0 : 1);
  }

  /**
   * Starts a request if one may start now.
   *
   * @returns 0 if it started, else the microseconds to wait before the next try.
   */
  tryStart(nowUs: number): number {
    const pausedUs = this.#pausedUs(nowUs);
    if (pausedUs > 0) return pausedUs;
    const intervalUs = this.intervalUs;
    const waitUs = this.#numbers.get(Place.isLeased) === 1
      ? this.#tryLeasedTurn(Math.ceil(nowUs), intervalUs)
      : intervalUs === 0
      ? 0
      : this.#tryTurn(Math.ceil(nowUs), intervalUs);
    if (waitUs > 0) return waitUs;
    for (;;) {
      const { started } = this;
      const granted = Math.min(this.#numbers.get(Place.granted), this.#numbers.get(Place.grantedShared));
      if (started >= granted) return supervisorTickMs * 1_000;
      if (this.#numbers.replace(Place.started, started, started + 1)) return 0;
    }
  }

  #tryTurn(nowUs: number, intervalUs: number): number {
    for (;;) {
      const next = this.#numbers.get(Place.nextUs);
      const aheadUs = next - nowUs;
      if (aheadUs > intervalUs + clockSkewUs) {
        // The clock was set back, so the time since the last start is unknown: wait for a whole interval.
        this.#numbers.replace(Place.nextUs, next, nowUs + intervalUs);
        return intervalUs;
      }
      if (aheadUs > 0) return aheadUs;
      const turnUs = Math.max(next, nowUs - paceTuning.lateMsMax * 1_000);
      if (!this.#numbers.replace(Place.nextUs, next, turnUs + intervalUs)) continue;
      this.#recover(intervalUs);
      return 0;
    }
  }

  /** Takes a leased turn. The own interval, if a tuner or a step back made it longer, holds on average. */
  #tryLeasedTurn(nowUs: number, intervalUs: number): number {
    for (;;) {
      const before = this.#numbers.get(Place.nextUs);
      // The clock was set back. The leases alone keep the pace until the next start.
      const isSetBack =
        before - nowUs > Math.max(intervalUs, paceTuning.firstWaitMsMax * 1_000) + clockSkewUs;
      const next = isSetBack ? nowUs : before;
      const turn = this.#leases.next(next, nowUs);
      if (turn === "none") return leaseWaitUs;
      if (turn === "busy") return busyWaitUs;
      if (turn.atUs > nowUs) return turn.atUs - nowUs;
      const earlierUs = Math.max(next, turn.atUs - turn.intervalUs);
      const afterUs = Math.max(turn.atUs + turn.gapUs, earlierUs + intervalUs);
      if (!this.#numbers.replace(Place.nextUs, before, afterUs)) continue;
      this.#recover(intervalUs);
      return 0;
    }
  }

  /** After a step back, each start shortens the interval a little. */
  #recover(intervalUs: number): void {
    const ownUs = this.#numbers.get(Place.ownIntervalUs);
    if (intervalUs <= ownUs) return;
    const shorterUs = intervalUs -
      Math.ceil(intervalUs * intervalUs * Math.LN2 / (paceTuning.doublingMs * 1_000));
    const nextUs = shorterUs < intervalUsMin ? ownUs : Math.max(ownUs, shorterUs);
    this.#numbers.replace(Place.intervalUs, intervalUs, nextUs);
  }

  /** Stops all starts for `ms` milliseconds. A pause that ends later stays. */
  pause(nowUs: number, ms: number): void {
    const pauseUs = Math.ceil(Math.min(ms * 1_000, pauseUsMax));
    // First, or another thread would take the new end for a clock that was set back.
    this.#numbers.raise(Place.pauseUsMax, pauseUs);
    this.#numbers.raise(Place.pausedUntilUs, Math.ceil(nowUs) + pauseUs);
  }

  /** Milliseconds until the pause ends; 0 without a pause. */
  pausedMs(nowUs: number): number {
    return this.#pausedUs(nowUs) / 1_000;
  }

  #pausedUs(nowUs: number): number {
    const untilUs = this.#numbers.get(Place.pausedUntilUs);
    const longestUs = this.#numbers.get(Place.pauseUsMax);
    if (untilUs - nowUs <= longestUs + clockSkewUs) return Math.max(0, untilUs - nowUs);
    // The clock was set back, so the rest of the pause is unknown: it starts again.
    this.#numbers.replace(Place.pausedUntilUs, untilUs, Math.ceil(nowUs) + longestUs);
    return longestUs;
  }

  /**
   * A request that started at `startedUs` was refused. A burst of refusals makes the interval longer, once: requests
   * that started before the last step back change nothing. Without a rate, the measured interval is what gets longer.
   */
  stepBack(startedUs: number, nowUs: number): void {
    if (this.#numbers.get(Place.isTuned) === 1) return;
    const { started } = this;
    const refusedAt = this.#numbers.exchange(Place.refusedAt, started);
    if (started - refusedAt > paceTuning.burstStarts) return;
    const before = this.#numbers.get(Place.steppedBackUs);
    if (startedUs <= before || !this.#numbers.replace(Place.steppedBackUs, before, nowUs)) return;
    const intervalUs = this.intervalUs;
    const recentUs = Math.max(intervalUs, this.#numbers.get(Place.recentIntervalUs));
    const longerUs = Math.min(Math.ceil(recentUs * paceTuning.stepBack), paceTuning.stepBackMsMax * 1_000);
    const nextUs = Math.max(this.#numbers.get(Place.ownIntervalUs), longerUs);
    this.#numbers.replace(Place.intervalUs, intervalUs, nextUs);
  }

  /** Sets the requests started per second over the last second. */
  measured(startsPerSecond: number): void {
    this.#numbers.set(Place.recentIntervalUs, startsPerSecond > 0 ? Math.ceil(1e6 / startsPerSecond) : 0);
  }

  /** Requests started per second over the last second. */
  get startsPerSecond(): number {
    const intervalUs = this.#numbers.get(Place.recentIntervalUs);
    return intervalUs === 0 ? 0 : 1e6 / intervalUs;
  }

  /** The pace is slower than the job's own rate. */
  get isSteppedBack(): boolean {
    return this.intervalUs > this.#numbers.get(Place.ownIntervalUs);
  }
}

/**
 * Whole microseconds between two starts: the rates over the shortest span, spread evenly, with a margin for jitter on
 * the network. Rates over longer spans are quotas. 0 without rates.
 */
export function intervalUsOf(rates: readonly Rate[]): number {
  const perMs = Math.min(...rates.map((rate) => rate.perMs));
  const finest = rates.filter((rate) => rate.perMs === perMs);
  return Math.ceil(Math.max(0, ...finest.map(({ count }) => perMs * 1_000 / count)) * paceTuning.margin);
}
