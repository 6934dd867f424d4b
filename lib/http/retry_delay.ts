/**
 * When to try again: `Retry-After`, exponential backoff, transient statuses. All that trawl knows about it is in this
 * file. Pure: the clock and the random number are passed in.
 *
 * @module
 */

import { httpLimits } from "../limits.ts";

/** Exponential backoff, milliseconds. */
export const backoffTuning = {
  /** The longest delay after the first attempt; it doubles with each attempt. */
  baseMs: 500,
  maxMs: 60_000,
} as const;

/** A failed attempt. */
export interface FailedAttempt {
  /** Attempts so far, including this one. */
  readonly attempts: number;
  readonly attemptsMax: number;
  /** Milliseconds that the answer's `Retry-After` asks for; undefined without one. */
  readonly retryAfterMs: number | undefined;
}

/**
 * Milliseconds to wait before the next attempt; undefined if there is none, because the attempts are used up or the
 * server asks for more than `httpLimits.retryAfterMaxMs`. A server's delay is kept exactly, any other is random.
 *
 * @param random 0 ≤ random < 1.
 */
export function retryDelayMs(failed: FailedAttempt, random: number): number | undefined {
  const { attempts, attemptsMax, retryAfterMs } = failed;
  if (attempts >= attemptsMax) return undefined;
  if (retryAfterMs === undefined) return backoffMs(attempts, random);
  return retryAfterMs <= httpLimits.retryAfterMaxMs ? retryAfterMs : undefined;
}

/**
 * A random delay from 0 to a bound that doubles with each attempt, milliseconds ("full jitter",
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). `attempts` is from 1 on.
 */
export function backoffMs(attempts: number, random: number): number {
  return random * Math.min(backoffTuning.maxMs, backoffTuning.baseMs * 2 ** (attempts - 1));
}

/**
 * Milliseconds from now that a `Retry-After` header asks for: seconds or an HTTP date (RFC 9110, 10.2.3). Seconds with
 * a fraction are rounded up. Of several fields, which arrive joined by commas, the longest delay counts. Undefined if
 * none of them can be read.
 */
export function parseRetryAfter(header: string, nowMs: number): number | undefined {
  const delays = header.split(betweenFields).flatMap((text) => delayOf(text.trim(), nowMs) ?? []);
  return delays.length === 0 ? undefined : Math.max(...delays);
}

/** A comma before seconds or a weekday: an HTTP date has a comma of its own. */
const betweenFields = /,(?=\s*(?:\d+(?:\.\d+)?\s*(?:,|$)|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*[, ]))/;

function delayOf(text: string, nowMs: number): number | undefined {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.ceil(Number(text)) * 1_000;
  const atMs = parseHttpDate(text);
  return atMs === undefined ? undefined : Math.max(0, atMs - nowMs);
}

/** Milliseconds since 1970 of an HTTP date in one of its three forms; undefined for any other text. */
export function parseHttpDate(text: string): number | undefined {
  // `Date.parse` finds a date in almost any text.
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/.test(text)) return undefined;
  // The asctime form of a date names no zone and is in UTC, as the two others are.
  const atMs = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** Whether another attempt may get another status: not ready yet, timeouts, too many requests, most server errors. */
export function isTransientStatus(status: number): boolean {
  return status === 202 || status === 408 || status === 425 || status === 429 ||
    (status >= 500 && status !== 501 && status !== 505);
}
