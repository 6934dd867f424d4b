/**
 * A circuit breaker over all Workers: when nothing but failures comes, the API is down, and asking on makes it only
 * worse. Then one request at a time asks for its health, less and less often; the first success lets all others go on.
 * What fails meanwhile is no failure of its key's, unless a key that was answered before is answered again at the
 * first look, twice in a row. Numbers in memory that all Workers share; the time is passed in.
 *
 * @module
 */

import { retryLimits } from "../limits.ts";
import type { SharedNumbers } from "./shared_numbers.ts";

/** Places among the numbers. */
const Place = {
  /** Keys that have failed since the last success. */
  streak: 0,
  /** How often something has succeeded. */
  successes: 1,
  /** Microseconds since 1970 at which the API went down; 0 while it is up. */
  downSince: 2,
  /** Microseconds since 1970: no request may ask for its health before. */
  nextProbe: 3,
  /** How many have asked since it went down. */
  probes: 4,
  /** How often it has gone down. */
  outages: 5,
  /** Why the last request failed, as a number. */
  lastFailure: 6,
  /** How often in a row the API was taken for down, and was not. */
  falseAlarms: 7,
} as const;

/** Numbers that a breaker takes in the shared memory. */
export const circuitBreakerCount = 8;

/** A view on the memory; each thread makes its own. */
export class CircuitBreaker {
  readonly #numbers: SharedNumbers;

  /** `numbers` has {@linkcode circuitBreakerCount} places, all zero at first. */
  constructor(numbers: SharedNumbers) {
    this.#numbers = numbers;
  }

  /** How often something has succeeded so far: tells two streaks of failures apart. */
  get successes(): number {
    return this.#numbers.get(Place.successes);
  }

  /** How often the API has gone down so far. */
  get outages(): number {
    return this.#numbers.get(Place.outages);
  }

  get isDown(): boolean {
    return this.#numbers.get(Place.downSince) > 0;
  }

  /** Milliseconds since the API went down; 0 while it is up. */
  downMs(nowUs: number): number {
    const sinceUs = this.#numbers.get(Place.downSince);
    return sinceUs === 0 ? 0 : Math.max(0, nowUs - sinceUs) / 1_000;
  }

  /** Lets a request pass while the API is up, and one now and then while it is down. 0, or the microseconds to wait. */
  tryPass(nowUs: number): number {
    if (!this.isDown) return 0;
    for (;;) {
      const next = this.#numbers.get(Place.nextProbe);
      const waitUs = next - nowUs;
      // Also where the clock was set back.
      if (waitUs > 0 && waitUs <= retryLimits.probeMsMax * 1_000) return waitUs;
      const probes = this.#numbers.get(Place.probes);
      const after = Math.ceil(nowUs + probeWaitMs(probes + 1) * 1_000);
      if (!this.#numbers.replace(Place.nextProbe, next, after)) continue;
      this.#numbers.add(Place.probes, 1);
      return 0;
    }
  }

  /** The API has answered as it should, if perhaps not to the key's liking. */
  succeeded(): void {
    this.#numbers.add(Place.successes, 1);
    if (this.#numbers.get(Place.streak) === 0 && !this.isDown) return;
    this.#numbers.set(Place.streak, 0);
    this.#numbers.set(Place.downSince, 0);
  }

  /**
   * The API has answered a key that it had answered before. If that was the first look since it went down, it may never
   * have been: from then on it takes more failures to look again. The second time in a row, whatever fails does so by
   * itself, and is not excused.
   */
  answeredAgain(): void {
    if (!this.isDown) return;
    const alarms = this.#numbers.get(Place.probes) <= 1 ? this.#numbers.get(Place.falseAlarms) + 1 : 0;
    if (alarms > 1) this.#numbers.add(Place.outages, -1);
    this.#numbers.set(Place.falseAlarms, Math.min(alarms, retryLimits.falseAlarmsMax));
    this.succeeded();
  }

  /** Why the last request failed, as it was told to {@linkcode failed}. */
  get lastFailure(): number {
    return this.#numbers.get(Place.lastFailure);
  }

  /** Something has failed that may be the API's fault; `weight` 0 if it tells nothing new about that. */
  failed({ weight, why }: { readonly weight: number; readonly why: number }, nowUs: number): void {
    this.#numbers.set(Place.lastFailure, why);
    const streak = this.#numbers.add(Place.streak, weight);
    if (streak < retryLimits.streakMax * 2 ** this.#numbers.get(Place.falseAlarms) || this.isDown) return;
    this.#numbers.set(Place.probes, 0);
    this.#numbers.set(Place.nextProbe, Math.ceil(nowUs + probeWaitMs(0) * 1_000));
    this.#numbers.add(Place.outages, 1);
    this.#numbers.set(Place.downSince, Math.ceil(nowUs));
  }
}

function probeWaitMs(probes: number): number {
  return Math.min(retryLimits.probeMsMax, retryLimits.probeMsMin * 2 ** Math.min(probes, 30));
}
