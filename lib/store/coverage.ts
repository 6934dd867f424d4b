/**
 * Verdict sums of a run: how many keys are done, answered and pending, and the share that was answered. Pure.
 *
 * @module
 */

import type { Verdict } from "../rows/fetch_record.ts";

type VerdictCounts = Readonly<Record<Verdict, number>>;

/** The sums of a run; `keys` is null or undefined until the key list has been read to its end. */
export interface Covered extends VerdictCounts {
  readonly keys: number | null | undefined;
}

/** Number of keys with a verdict. */
export function doneOf(counts: VerdictCounts): number {
  return answeredOf(counts) + counts.failed;
}

/** Number of keys with a verdict other than `failed`. */
export function answeredOf({ ok, empty, unchanged }: Omit<VerdictCounts, "failed">): number {
  return ok + empty + unchanged;
}

/** Number of keys without a verdict, at least 0; undefined if the number of keys is unknown. */
export function pendingOf({ keys, ...counts }: Covered): number | undefined {
  return keys === null || keys === undefined ? undefined : Math.max(0, keys - doneOf(counts));
}

/** Answered keys as a share of all keys, 0 to 1; undefined if the number of keys is unknown or 0. */
export function coverageOf({ keys, ...counts }: Omit<Covered, "failed">): number | undefined {
  return keys === null || keys === undefined || keys === 0 ? undefined : answeredOf(counts) / keys;
}
