/**
 * What the request pool works on: one page of one part for 1..n keys. One pass through the rate limiter is one HTTP
 * request, so a retry repeats the page, not the keys' whole question. Today a task has one key, one part and one page.
 *
 * @module
 */

import type { Attempt } from "./attempt.ts";
import type { BatchEntry } from "./protocol.ts";
import { noTries, type Tries } from "./retry_policy.ts";

/** One page to ask for, and what came of it so far. */
export interface RequestTask {
  readonly keys: readonly [BatchEntry, ...BatchEntry[]];
  /** Where an answer is capped, its question is split; the part's index, from 0. */
  readonly part: number;
  /** The page's index within the part, from 0. */
  readonly page: number;
  /** The server's mark for this page; null on the first page. */
  readonly cursor: string | null;
  readonly tries: Tries;
  /** The start of the first attempt, in milliseconds since 1970. */
  startedMs: number;
  /** The same on the monotonic clock. */
  sinceMs: number;
  /** The last attempt allowed, if it failed: it becomes the verdict unless the API turns out to be down. */
  held: Attempt | undefined;
}

/** The first page for one key. */
export function firstTask(entry: BatchEntry): RequestTask {
  return {
    keys: [entry],
    part: 0,
    page: 0,
    cursor: null,
    tries: noTries(),
    startedMs: 0,
    sinceMs: 0,
    held: undefined,
  };
}
