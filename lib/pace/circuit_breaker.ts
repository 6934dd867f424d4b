/**
 * Circuit breaker over all Workers. It opens when keys fail and none succeeds: then one probe at a time passes, at
 * growing intervals, and the first success closes it. Failures while it is open do not count against their keys,
 * except after two false alarms in a row. Refusals of access open it too, or end the run. Atomic numbers in shared
 * memory; the clock is passed in.
 *
 * @module
 */

import type { SharedNumbers } from "./shared_numbers.ts";

/** When the breaker opens, and how often it probes. */
export const circuitBreakerTuning = {
  /**
   * Failures since the last success that open it. A host that cannot be reached counts double (its caller's weight).
   */
  failuresMax: 10,
  /** Refusals of access in a row that open it. */
  refusalsMax: 10,
  /** Refusals of access that end the run if they are its first answers. */
  firstRefusalsMax: 20,
  /** Each false alarm in a row doubles that, at most this many times: keys may fail on their own. */
  falseAlarmsMax: 3,
  /** The first probe passes after this wait; each later one waits twice as long, up to the maximum. */
  probeMsMin: 1_000,
  probeMsMax: 15_000,
} as const;

/** Index of each number. */
const Place = {
  /** Weights of the failures since the last success. */
  failures: 0,
  /** Successes in total. */
  successes: 1,
  /** Microseconds since 1970 when the breaker opened; 0 while it is closed. */
  openSinceUs: 2,
  /** Microseconds since 1970 before which no probe passes. */
  nextProbeUs: 3,
  /** Probes since the breaker opened. */
  probes: 4,
  /** Times that the breaker opened, without confirmed false alarms. */
  outages: 5,
  /** Failure reason of the last failure, as a number. */
  lastFailure: 6,
  /** False alarms in a row. */
  falseAlarms: 7,
  /** Refusals of access since the last other answer. */
  refusals: 8,
  /** 1 once every request is refused, so that no more may start. */
  isRefused: 9,
  /** Latest start of a request that succeeded, microseconds since 1970. */
  succeededStartUs: 10,
} as const;

/** Numbers that a breaker occupies in shared memory. */
export const circuitBreakerCount = 11;

/** A view of the shared breaker; each thread makes its own. */
export class CircuitBreaker {
  readonly #numbers: SharedNumbers;

  /** `numbers` has {@linkcode circuitBreakerCount} places, all zero at first. */
  constructor(numbers: SharedNumbers) {
    this.#numbers = numbers;
  }

  /** Successes in total; an unchanged count shows that two failures belong to one streak. */
  get successes(): number {
    return this.#numbers.get(Place.successes);
  }

  /** Times that the API went down; a second false alarm in a row is not counted. */
  get outages(): number {
    return this.#numbers.get(Place.outages);
  }

  /** The breaker is open. */
  get isDown(): boolean {
    return this.#numbers.get(Place.openSinceUs) > 0;
  }

  /** Milliseconds since the breaker opened; 0 while it is closed. */
  downMs(nowUs: number): number {
    const sinceUs = this.#numbers.get(Place.openSinceUs);
    return sinceUs === 0 ? 0 : Math.max(0, nowUs - sinceUs) / 1_000;
  }

  /** Lets a request pass if the breaker is closed or a probe is due. Returns 0, or the microseconds to wait. */
  tryPass(nowUs: number): number {
    if (this.#numbers.get(Place.isRefused) === 1) return circuitBreakerTuning.probeMsMax * 1_000;
    if (!this.isDown) return 0;
    for (;;) {
      const next = this.#numbers.get(Place.nextProbeUs);
      const waitUs = next - nowUs;
      // A longer wait than the maximum means that the clock was set back.
      if (waitUs > 0 && waitUs <= circuitBreakerTuning.probeMsMax * 1_000) return waitUs;
      const probes = this.#numbers.get(Place.probes);
      const after = Math.ceil(nowUs + probeWaitMs(probes + 1) * 1_000);
      if (!this.#numbers.replace(Place.nextProbeUs, next, after)) continue;
      this.#numbers.add(Place.probes, 1);
      return 0;
    }
  }

  /** Latest start of a request that succeeded: what was refused before that time was refused on its own. */
  get succeededStartUs(): number {
    return this.#numbers.get(Place.succeededStartUs);
  }

  /** The API answered a request as an API does, even if not with the key's rows. Closes the breaker. */
  succeeded(startedUs = 0): void {
    this.#numbers.raise(Place.succeededStartUs, Math.floor(startedUs));
    this.#numbers.add(Place.successes, 1);
    if (this.#numbers.get(Place.failures) === 0 && this.refusals === 0 && !this.isDown) return;
    this.#numbers.set(Place.failures, 0);
    this.#numbers.set(Place.refusals, 0);
    this.#numbers.set(Place.openSinceUs, 0);
  }

  /**
   * The probe of a key that had succeeded before succeeded again. After only one probe it counts as a false alarm,
   * and the breaker opens later next time. The second false alarm in a row takes its outage back: those keys fail on
   * their own.
   */
  answeredAgain(startedUs = 0): void {
    if (!this.isDown) return;
    const alarms = this.#numbers.get(Place.probes) <= 1 ? this.#numbers.get(Place.falseAlarms) + 1 : 0;
    if (alarms > 1) this.#numbers.add(Place.outages, -1);
    this.#numbers.set(Place.falseAlarms, Math.min(alarms, circuitBreakerTuning.falseAlarmsMax));
    this.succeeded(startedUs);
  }

  /** The `why` of the last {@linkcode failed}. */
  get lastFailure(): number {
    return this.#numbers.get(Place.lastFailure);
  }

  /** A request failed for a reason that may be the API's. `weight` is 0 if it is no new evidence of an outage. */
  failed({ weight, why }: { readonly weight: number; readonly why: number }, nowUs: number): void {
    const { failuresMax } = circuitBreakerTuning;
    this.#numbers.set(Place.lastFailure, why);
    const failures = this.#numbers.add(Place.failures, weight);
    if (failures >= this.#raised(failuresMax)) this.#open(nowUs);
  }

  /** Refusals of access (401 and the like) since the last other answer. */
  get refusals(): number {
    return this.#numbers.get(Place.refusals);
  }

  /**
   * A request was refused for want of access. Opens the breaker after some in a row. If they are the first answers, and
   * there is no key whose answer would tell more (`hasProbe`), they end the run.
   *
   * @returns Whether the run must end; true once.
   */
  refused({ why, hasProbe }: { readonly why: number; readonly hasProbe: boolean }, nowUs: number): boolean {
    const { refusalsMax, firstRefusalsMax } = circuitBreakerTuning;
    this.#numbers.set(Place.lastFailure, why);
    const refusals = this.#numbers.add(Place.refusals, 1);
    if (this.successes === 0 && !hasProbe) return refusals >= firstRefusalsMax && this.refuse();
    if (refusals >= this.#raised(refusalsMax)) this.#open(nowUs);
    return false;
  }

  /** A key that was answered before was refused. Returns whether the run must end, as {@linkcode refused} does. */
  probeRefused(why: number): boolean {
    this.#numbers.set(Place.lastFailure, why);
    return this.successes === 0 && this.refuse();
  }

  /** Lets no request pass any more. Returns true once. */
  refuse(): boolean {
    return this.#numbers.exchange(Place.isRefused, 1) === 0;
  }

  #raised(max: number): number {
    return max * 2 ** this.#numbers.get(Place.falseAlarms);
  }

  #open(nowUs: number): void {
    if (this.isDown) return;
    this.#numbers.set(Place.probes, 0);
    this.#numbers.set(Place.nextProbeUs, Math.ceil(nowUs + probeWaitMs(0) * 1_000));
    this.#numbers.add(Place.outages, 1);
    this.#numbers.set(Place.openSinceUs, Math.ceil(nowUs));
  }
}

function probeWaitMs(probes: number): number {
  const { probeMsMin, probeMsMax } = circuitBreakerTuning;
  return Math.min(probeMsMax, probeMsMin * 2 ** Math.min(probes, 30));
}
