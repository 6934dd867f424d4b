/**
 * Judges an answer by the job's acceptance rules. Pure: what was seen in the answer in, a verdict or a failure reason
 * out.
 *
 * @module
 */

import { httpLimits } from "../limits.ts";
import type { FailureReason } from "../rows/failure_reasons.ts";
import type { FetchRecord } from "../rows/fetch_record.ts";

/** What was seen in an answer that arrived whole and is JSON. */
export interface Seen {
  /** Rows that the path of the first table selected. */
  readonly selected: number;
  /** Rows that the job keeps, over all tables. */
  readonly kept: number;
  /** The node of `accept.require` is there. */
  readonly required: boolean;
  /** The value of `accept.count`. */
  readonly count: number | undefined;
  /** A fail rule holds. */
  readonly refused: boolean;
}

/** What the job asks of an answer. */
export interface Acceptance {
  /** The answer must give the number of its rows. */
  readonly isCounted: boolean;
  /** The key is a control key, known never to be empty. */
  readonly isControl: boolean;
}

/** The verdict on an answer. */
export type Judgement =
  | { readonly verdict: "ok" | "empty" }
  /** `what` was found, in words. */
  | { readonly verdict: "failed"; readonly reason: FailureReason; readonly what?: string };

/** A failure is never a zero: only an answer that passes every rule is `empty`. */
export function judge(seen: Seen, { isCounted, isControl }: Acceptance): Judgement {
  if (seen.refused) return { verdict: "failed", reason: "refused" };
  if (!seen.required) return { verdict: "failed", reason: "missing" };
  if (isCounted && seen.count !== seen.selected) {
    const what = `the count is ${seen.count ?? "not there"}, the rows are ${seen.selected}`;
    return { verdict: "failed", reason: "wrong-count", what };
  }
  if (seen.kept > 0) return { verdict: "ok" };
  return isControl ? { verdict: "failed", reason: "control-empty" } : { verdict: "empty" };
}

/** Whether the API answered a key in so few bytes that the circuit breaker may probe with it. */
export function isShortAnswer({ verdict, bytes }: Pick<FetchRecord, "verdict" | "bytes">): boolean {
  return (verdict === "ok" || verdict === "empty") && bytes <= httpLimits.smallBodyBytesMax;
}
