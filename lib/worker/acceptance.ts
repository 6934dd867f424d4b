/**
 * Decides what an answer is worth: pure, from what was seen in it.
 *
 * @module
 */

import { httpLimits } from "../limits.ts";
import type { FailureReason } from "../rows/failure_reasons.ts";
import type { FetchRecord } from "../rows/fetch_record.ts";

/** What was seen in an answer that came whole and is JSON. */
export interface Seen {
  /** Rows that the path selected, and those of them that the job keeps. */
  readonly selected: number;
  readonly kept: number;
  readonly required: boolean;
  readonly count: number | undefined;
  readonly refused: boolean;
}

/** What the job asks of an answer. */
export interface Acceptance {
  /** Whether the answer must count its own rows. */
  readonly counted: boolean;
  /** Whether the key is known never to be empty. */
  readonly control: boolean;
}

/** What an answer is worth; a failure has its reason. */
export type Judgement =
  | { readonly verdict: "ok" | "empty" }
  | { readonly verdict: "failed"; readonly reason: FailureReason };

/** A failure is never a zero: `empty` is only what passed every rule. */
export function judge(seen: Seen, acceptance: Acceptance): Judgement {
  if (seen.refused) return { verdict: "failed", reason: "refused" };
  if (!seen.required) return { verdict: "failed", reason: "missing" };
  if (acceptance.counted && seen.count !== seen.selected) return { verdict: "failed", reason: "wrong-count" };
  if (seen.kept > 0) return { verdict: "ok" };
  return acceptance.control ? { verdict: "failed", reason: "control-empty" } : { verdict: "empty" };
}

/** Whether the API has answered a key, and in so few bytes that it may be asked for them again. */
export function isShortAnswer({ verdict, bytes }: Pick<FetchRecord, "verdict" | "bytes">): boolean {
  return (verdict === "ok" || verdict === "empty") && bytes <= httpLimits.smallBodyBytesMax;
}
