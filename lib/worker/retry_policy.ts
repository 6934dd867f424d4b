/**
 * What becomes of a failed attempt: another one after a delay, or the key's verdict. Goes by what all Workers saw:
 * a refusal slows all of them down and is not the key's fault, nor is a failure while the API is down.
 *
 * @module
 */

import { retryDelayMs } from "../http/retry_delay.ts";
import { type FailureReason, isTransient, numberOf } from "../rows/failure_reasons.ts";
import type { SharedState } from "../pace/shared_state.ts";

/** How often a key is tried besides its attempts. */
export const retryTuning = {
  /** Refusals of one key that do not count as attempts: a refusal is about the pace, unless it is always that key's. */
  refusalsMax: 10,
  /** The last failed attempt is held this long, this often, until it is clear whether the API is down. */
  holdMs: 500,
  holdsMax: 2,
} as const;

/** How often a key was tried, and what of that does not count. */
export interface Tries {
  /** Requests so far. */
  attempts: number;
  /** Those of them that are no fault of the key's. */
  excused: number;
  refusals: number;
  /** Looks at whether the API is down that its last failed attempt has been held back for. */
  holds: number;
  /** The successes and outages that there had been when it last failed. */
  successesAt: number | undefined;
  outagesAt: number;
}

/** Of a key that has not been asked. */
export function noTries(): Tries {
  return { attempts: 0, excused: 0, refusals: 0, holds: 0, successesAt: undefined, outagesAt: 0 };
}

/** A failed attempt. */
export interface FailedTry {
  readonly reason: FailureReason;
  readonly isRefusal: boolean;
  readonly retryAfterMs: number | undefined;
  /** Microseconds since 1970. */
  readonly startedUs: number;
}

/** What is not known to a decision. */
export interface RetryContext {
  readonly nowUs: number;
  /** 0 ≤ random < 1. */
  readonly random: number;
}

/** Another attempt after so many milliseconds, a look at the last one after so many, or its verdict. */
export type RetryDecision =
  | { readonly what: "again" | "hold"; readonly delayMs: number }
  | { readonly what: "verdict" };

/** What a look at a last attempt comes to: it does not count, so the key is asked at once, or as above. */
export type HoldDecision = Exclude<RetryDecision, { readonly what: "again" }> | { readonly what: "ask" };

/** Reasons with which the server has shown that it is up, if perhaps not well: a job that is wrong meets them too. */
const answered: ReadonlySet<FailureReason> = new Set<FailureReason>([
  "bad-utf8",
  "missing",
  "wrong-count",
  "control-empty",
]);

const verdict = { what: "verdict" } as const;
const hold = { what: "hold", delayMs: retryTuning.holdMs } as const;

/** One per Worker. */
export class RetryPolicy {
  readonly #shared: SharedState;
  readonly #attemptsMax: number;

  constructor(shared: SharedState, attemptsMax: number) {
    this.#shared = shared;
    this.#attemptsMax = attemptsMax;
  }

  /** An attempt has failed: counts it, and decides what is next. */
  failed(tries: Tries, failed: FailedTry, circumstances: RetryContext): RetryDecision {
    const { nowUs } = circumstances;
    if (failed.isRefusal) {
      this.#shared.feedback.refused(failed.startedUs);
      this.#shared.pace.stepBack(failed.startedUs, nowUs);
    }
    if (!failed.isRefusal && !isTransient(failed.reason)) {
      // No request was made of a bad key; any other final failure is a word of the server's.
      if (failed.reason !== "bad-key") this.#shared.breaker.succeeded();
      return verdict;
    }
    this.#count(tries, failed, nowUs);
    if (tries.attempts - tries.excused < this.#attemptsMax) return this.#again(tries, failed, circumstances);
    tries.holds = 0;
    return hold;
  }

  /** Looks again at a last attempt that was held back. Whoever looks has passed the limiter, as for a request. */
  held(tries: Tries): HoldDecision {
    const { breaker } = this.#shared;
    if (breaker.outages !== tries.outagesAt) {
      tries.excused++;
      return { what: "ask" };
    }
    return breaker.successes === tries.successesAt && ++tries.holds < retryTuning.holdsMax ? hold : verdict;
  }

  #count(tries: Tries, { reason, isRefusal }: FailedTry, nowUs: number): void {
    const { breaker } = this.#shared;
    const { successes } = breaker;
    tries.outagesAt = breaker.outages;
    const isUnreachable = reason === "connect" || reason === "connect-timeout";
    // One key that fails again and again is no outage; a host that cannot be reached is one, whatever the key.
    const isKnown = tries.successesAt === successes || answered.has(reason);
    breaker.failed({ weight: isUnreachable ? 2 : isKnown ? 0 : 1, why: numberOf(reason) }, nowUs);
    tries.successesAt = successes;
    if (isRefusal) tries.refusals++;
    if (breaker.isDown || (isRefusal && tries.refusals <= retryTuning.refusalsMax)) tries.excused++;
  }

  #again(tries: Tries, failed: FailedTry, { nowUs, random }: RetryContext): RetryDecision {
    // All requests pause for a refusal, so it is the pace that knows until when.
    if (failed.isRefusal) return this.#after(0, nowUs);
    const { retryAfterMs } = failed;
    const delayMs = retryDelayMs({ attempts: tries.attempts, attemptsMax: Infinity, retryAfterMs }, random);
    return delayMs === undefined ? verdict : this.#after(delayMs, nowUs);
  }

  #after(delayMs: number, nowUs: number): RetryDecision {
    const { pace, retryBudget } = this.#shared;
    return { what: "again", delayMs: Math.max(delayMs, retryBudget.reserve(nowUs, pace.startsPerSecond)) };
  }
}
