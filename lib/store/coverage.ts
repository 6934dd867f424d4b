/**
 * How much of what was asked was answered.
 *
 * @module
 */

import type { RunCounts } from "./records.ts";

/** The sums that it follows from; `keys` is null or undefined where the list has not been read to its end. */
export interface Covered extends Pick<RunCounts, "ok" | "empty" | "unchanged"> {
  readonly keys: number | null | undefined;
}

/** The share of keys that ended with an answer, 0 to 1; undefined where nobody knows how many keys there are. */
export function coverageOf({ keys, ok, empty, unchanged }: Covered): number | undefined {
  return keys === null || keys === undefined || keys === 0 ? undefined : (ok + empty + unchanged) / keys;
}
