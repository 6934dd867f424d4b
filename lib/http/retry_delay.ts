/**
 * Whether and when to ask again. Pure: the clock and the dice are passed in.
 *
 * @module
 */

import { httpLimits } from "../limits.ts";

/** What a failed attempt was like. */
export interface FailedAttempt {
  /** Attempts so far, this one included. */
  readonly attempts: number;
  readonly attemptsMax: number;
  /** The `Retry-After` header of the answer, if there was one. */
  readonly retryAfter: string | null;
}

/** What is not known to a pure function. */
export interface Circumstances {
  /** Since 1970. */
  readonly nowMs: number;
  /** 0 ≤ random < 1. */
  readonly random: number;
}

/**
 * Milliseconds to wait before the next attempt, or undefined if there is to be none. A delay that the server gave is
 * kept as it is; any other is drawn between 0 and a bound that doubles with every attempt ("full jitter",
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function retryDelayMs(failed: FailedAttempt, circumstances: Circumstances): number | undefined {
  if (failed.attempts >= failed.attemptsMax) return undefined;
  const asked = failed.retryAfter === null ? undefined : retryAfterMs(failed.retryAfter, circumstances.nowMs);
  if (asked !== undefined) return asked <= httpLimits.retryAfterMaxMs ? asked : undefined;
  return backoffMs(failed.attempts, circumstances.random);
}

/** Milliseconds from 0 to a bound that doubles with every attempt, the first being 1. */
export function backoffMs(attempts: number, random: number): number {
  return random * Math.min(httpLimits.backoffMaxMs, httpLimits.backoffBaseMs * 2 ** (attempts - 1));
}

/**
 * The delay that a `Retry-After` header asks for, milliseconds from now: whole seconds or an HTTP date (RFC 9110,
 * 10.2.3). Undefined if it is neither.
 */
export function retryAfterMs(header: string, nowMs: number): number | undefined {
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  // Date.parse finds a date in almost any text.
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/.test(text)) return undefined;
  // One of the three forms of a date names no zone, and means UTC as the others do.
  const at = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

/** Whether a status may be another one the next time: timeouts, too many requests, troubles of the server's. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 ||
    (status >= 500 && status !== 501 && status !== 505);
}
