/**
 * Judges an answer by the job's acceptance rules. Pure: what was seen in the answer in, a verdict or a failure reason
 * out.
 *
 * @module
 */

import { shortened } from "../errors.ts";
import type { FailRule } from "../job/job.ts";
import { httpLimits } from "../limits.ts";
import type { Differing } from "../rows/answer_collector.ts";
import { type Unmet, unmetText } from "../rows/demands.ts";
import type { FailureReason, Said } from "../rows/failure_reasons.ts";
import type { FetchRecord } from "../rows/fetch_record.ts";

/** UTF-16 units shown of a value in the job. */
const shownCharsMax = 80;

/** UTF-16 units kept of a value in the answer. */
const quotedCharsMax = 4_096;

/** What was seen in an answer that arrived whole and is JSON. */
export interface Seen {
  /** Rows that the path of the first table selected. */
  readonly selected: number;
  /** Rows that the job keeps, over all tables. */
  readonly kept: number;
  /** What the answer should hold and does not. */
  readonly unmet: Unmet | undefined;
  /** The first value that is not the one that `accept.equals` expects. */
  readonly differing: Differing | undefined;
  /** The value of `accept.count`. */
  readonly count: number | undefined;
  /** The fail rule that holds. */
  readonly refusedBy: FailRule | undefined;
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
  | { readonly verdict: "failed"; readonly reason: FailureReason; readonly said: Said };

/** A failure is never a zero: only an answer that passes every rule is `empty`. */
export function judge(seen: Seen, { isCounted, isControl }: Acceptance): Judgement {
  const { selected, kept, unmet, differing, count, refusedBy } = seen;
  if (refusedBy !== undefined) return failed("refused", { what: ruleText(refusedBy) });
  if (unmet !== undefined) return failed("missing", { what: unmetText(unmet) });
  if (differing !== undefined) return failed("wrong-answer", differenceOf(differing));
  if (isCounted && count !== selected) {
    return failed("wrong-count", {
      what: `accept.count is ${count ?? "no number"}, the number of rows ${selected}`,
    });
  }
  if (kept > 0) return { verdict: "ok" };
  return isControl ? failed("control-empty") : { verdict: "empty" };
}

function failed(reason: FailureReason, said: Said = {}): Judgement {
  return { verdict: "failed", reason, said };
}

function differenceOf({ path, expected, found }: Differing): Said {
  const what = `${path} must be ${shortened(expected, shownCharsMax)}, got`;
  if (found === undefined) return { what: `${what} nothing` };
  return { what, quote: found.slice(0, quotedCharsMax), isCut: found.length > quotedCharsMax };
}

/** A fail rule in words: `$.status starts with "maintenance"`. */
function ruleText({ path, equals, startsWith, contains }: FailRule): string {
  if (equals !== undefined) return `${path} equals ${shortened(JSON.stringify(equals), shownCharsMax)}`;
  if (startsWith !== undefined) return `${path} starts with "${shortened(startsWith, shownCharsMax)}"`;
  return contains === undefined
    ? `${path} is there`
    : `${path} contains "${shortened(contains, shownCharsMax)}"`;
}

/** Whether the API answered a key in so few bytes that the circuit breaker may probe with it. */
export function isShortAnswer({ verdict, bytes }: Pick<FetchRecord, "verdict" | "bytes">): boolean {
  return (verdict === "ok" || verdict === "empty") && bytes <= httpLimits.smallBodyBytesMax;
}
