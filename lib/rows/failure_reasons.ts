/**
 * Why a fetch failed: a closed list of codes, each with what it means and whether asking again can help. An HTTP
 * status is a code of its own, `http-404`.
 *
 * @module
 */

import { isTransientStatus } from "../http/retry_delay.ts";
import { httpLimits } from "../limits.ts";
import { JsonLimitError, JsonSyntaxError } from "../json/json_error.ts";

interface ReasonInfo {
  readonly transient: boolean;
  readonly means: string;
}

/** Every code but those of HTTP statuses. */
export const failureReasons = {
  "connect": { transient: true, means: "the server could not be reached" },
  "connect-timeout": { transient: true, means: "the server took no connection in time" },
  "first-byte-timeout": { transient: true, means: "no answer began in time" },
  "idle-timeout": { transient: true, means: "the answer stood still for too long" },
  "total-timeout": { transient: true, means: "the answer took too long as a whole" },
  "reset": { transient: true, means: "the connection broke before an answer" },
  "cut": { transient: true, means: "the answer ended before its end" },
  "bad-utf8": { transient: true, means: "the answer is no UTF-8" },
  "bad-json": { transient: true, means: "the answer is no JSON" },
  "refused": { transient: true, means: "the answer says that it is none (accept.fail_if)" },
  "missing": { transient: true, means: "what must be in the answer is not (accept.require)" },
  "wrong-count": { transient: true, means: "the answer counts other than it has rows (accept.count)" },
  "control-empty": { transient: true, means: "a control key, never empty, was empty" },
  "bad-key": { transient: false, means: "no URL of the job's can hold the key" },
  "redirect": {
    transient: false,
    means: "a redirect led to a host that request.redirect_hosts does not name, or there were too many",
  },
  "body-too-large": { transient: false, means: "the answer is larger than request.max_body" },
  "value-too-large": { transient: false, means: "a single value of the answer is too large to be held" },
  "too-deep": { transient: false, means: "the answer is nested too deep" },
  "bad-value": { transient: false, means: "a value does not fit its column's type" },
  "too-many-groups": { transient: false, means: "the rows fall into too many groups to be counted" },
  "too-compressed": {
    transient: false,
    means: `the answer is more than ${httpLimits.ratioMax} times as large as what was sent`,
  },
  "bad-http": { transient: true, means: "the answer's head is no HTTP, or too large" },
  "too-many-rows": { transient: false, means: "the answer has more rows than rows.max" },
} as const satisfies Readonly<Record<string, ReasonInfo>>;

/** A code. */
export type FailureReason = keyof typeof failureReasons | `http-${number}`;

/** The code of what is wrong with a JSON text; undefined if that is not what the error is about. */
export function reasonOfJson(error: unknown): FailureReason | undefined {
  if (error instanceof JsonLimitError) return error.limit === "depth" ? "too-deep" : "value-too-large";
  if (!(error instanceof JsonSyntaxError)) return undefined;
  return error.fault === "cut" ? "cut" : error.fault === "encoding" ? "bad-utf8" : "bad-json";
}

/** Whether a failure for this reason may go away by itself. */
export function isTransient(reason: FailureReason): boolean {
  const status = statusOf(reason);
  return status === undefined ? infoOf(reason)?.transient ?? false : isTransientStatus(status);
}

/** What a reason found in a database means, in words. */
export function meaningOf(reason: string): string {
  const status = statusOf(reason);
  return status === undefined
    ? infoOf(reason)?.means ?? "not known to this version"
    : `the server answered ${status}`;
}

/** A reason as a number, for memory that threads share: the status, or below 0 the place in the list. */
export function numberOf(reason: FailureReason): number {
  return statusOf(reason) ?? -1 - Object.keys(failureReasons).indexOf(reason);
}

/** The code and meaning of such a number. */
export function describeNumber(number: number): string {
  const reason = number > 0 ? `http-${number}` : Object.keys(failureReasons)[-1 - number] ?? "";
  return `${meaningOf(reason)} (${reason})`;
}

function infoOf(reason: string): ReasonInfo | undefined {
  return Object.entries(failureReasons).find(([name]) => name === reason)?.[1];
}

function statusOf(reason: string): number | undefined {
  return reason.startsWith("http-") ? Number(reason.slice(5)) : undefined;
}
