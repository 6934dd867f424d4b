/**
 * Decides what follows a failed attempt: a retry after a delay, or the key's verdict. The decision uses what all
 * Workers saw: a refusal slows all of them down, and neither refusals nor failures in an outage count against a key.
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

/** The tries of one key or page. */
export interface Tries {
  /** Requests so far. */
  attempts: number;
  /** Attempts that do not count against the key: refusals, and failures during an outage. */
  excused: number;
  refusals: number;
  /** How often the last failed attempt was held back to see whether the API is down. */
  holds: number;
  /** The circuit breaker's counts of successes and outages at the last failure. */
  successesAt: number | undefined;
  outagesAt: number;
}

/** The tries of a key that has not been asked. */
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

/** The clock and the dice of a decision. */
export interface RetryContext {
  readonly nowUs: number;
  /** 0 ≤ random < 1. */
  readonly random: number;
}

/** `again`: retry after the delay. `hold`: look at the last attempt again after the delay. `verdict`: give up. */
export type RetryDecision =
  | { readonly what: "again" | "hold"; readonly delayMs: number }
  | { readonly what: "verdict" };

/** The decision on a held attempt. `ask`: the attempt does not count, so retry at once. */
export type HoldDecision = Exclude<RetryDecision, { readonly what: "again" }> | { readonly what: "ask" };

/** Reasons that show a server that is up: a wrong job meets them too, so they are no sign of an outage. */
const answered: ReadonlySet<FailureReason> = new Set<FailureReason>([
  "http-202",
  "bad-utf8",
  "missing",
  "wrong-count",
  "wrong-answer",
  "control-empty",
]);

/** Reasons that are the same for every key. */
const unreachable: ReadonlySet<FailureReason> = new Set<FailureReason>([
  "connect",
  "connect-timeout",
  "out-of-descriptors",
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

  /** Counts a failed attempt and decides what follows. */
  failed(tries: Tries, failed: FailedTry, circumstances: RetryContext): RetryDecision {
    const { nowUs } = circumstances;
    if (failed.isRefusal) {
      this.#shared.feedback.refused(failed.startedUs);
      this.#shared.pace.stepBack(failed.startedUs, nowUs);
    }
    if (!failed.isRefusal && !isTransient(failed.reason)) {
      // A bad key makes no request. Any other final failure is an answer of the server.
      if (failed.reason !== "bad-key") this.#shared.circuitBreaker.succeeded(failed.startedUs);
      return verdict;
    }
    this.#count(tries, failed, nowUs);
    if (tries.attempts - tries.excused < this.#attemptsMax) return this.#again(tries, failed, circumstances);
    tries.holds = 0;
    return hold;
  }

  /** Decides on a held attempt. The caller has passed the rate limiter, as for a request. */
  held(tries: Tries): HoldDecision {
    const { circuitBreaker } = this.#shared;
    if (circuitBreaker.outages !== tries.outagesAt) {
      tries.excused++;
      return { what: "ask" };
    }
    return circuitBreaker.successes === tries.successesAt && ++tries.holds < retryTuning.holdsMax
      ? hold
      : verdict;
  }

  #count(tries: Tries, { reason, isRefusal }: FailedTry, nowUs: number): void {
    const { circuitBreaker } = this.#shared;
    const { successes } = circuitBreaker;
    tries.outagesAt = circuitBreaker.outages;
    const isUnreachable = unreachable.has(reason);
    // One key that fails repeatedly is no sign of an outage. An unreachable host is one, whatever the key.
    const isKnown = tries.successesAt === successes || answered.has(reason);
    circuitBreaker.failed({ weight: isUnreachable ? 2 : isKnown ? 0 : 1, why: numberOf(reason) }, nowUs);
    tries.successesAt = successes;
    if (isRefusal) tries.refusals++;
    if (circuitBreaker.isDown || (isRefusal && tries.refusals <= retryTuning.refusalsMax)) tries.excused++;
  }

  #again(tries: Tries, failed: FailedTry, { nowUs, random }: RetryContext): RetryDecision {
    // The pace delays all requests after a refusal, this one too.
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
