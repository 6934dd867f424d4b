/**
 * Failure reasons: a closed list of codes with their meaning and whether a retry can help. An HTTP status has a code
 * of the form `http-404`. Codes are stored in databases and numbered by their place in the list: append new ones.
 * `docs/limits.md` is generated from the list.
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

/** Every code except those of HTTP statuses. */
export const failureReasons = {
  "connect": { transient: true, means: "the server could not be reached" },
  "connect-timeout": { transient: true, means: "no connection within request.timeout.connect" },
  "first-byte-timeout": { transient: true, means: "no first byte within request.timeout.first_byte" },
  "idle-timeout": { transient: true, means: "the body paused for longer than request.timeout.idle" },
  "total-timeout": { transient: true, means: "the attempt took longer than request.timeout.total" },
  "reset": { transient: true, means: "the connection was closed before a response" },
  "cut": { transient: true, means: "the response was cut short" },
  "bad-utf8": { transient: true, means: "the answer is not valid UTF-8" },
  "bad-json": { transient: true, means: "the answer is not valid JSON" },
  "refused": { transient: true, means: "a rule of accept.fail_if matched" },
  "missing": {
    transient: true,
    means: "the place of the rows, or of accept.require, is missing or of another type",
  },
  "wrong-count": { transient: true, means: "accept.count differs from the number of rows" },
  "control-empty": { transient: true, means: "a control key had no rows" },
  "bad-key": { transient: false, means: "the key cannot be part of the job's URL or headers" },
  "redirect": {
    transient: false,
    means:
      "a redirect led to a host that request.redirect_hosts does not list, or there were too many redirects",
  },
  "body-too-large": { transient: false, means: "the body is larger than request.max_body" },
  "value-too-large": {
    transient: false,
    means: "a value, or the values of one row, are too large to be held",
  },
  "too-deep": { transient: false, means: "the JSON is nested too deeply" },
  "bad-value": {
    transient: false,
    means: "a value does not fit its column, or a row has no time for rows.within_window",
  },
  "too-many-groups": { transient: false, means: "rows.count makes too many groups" },
  "too-compressed": {
    transient: false,
    means: `the body decompresses to more than ${httpLimits.ratioMax} times the bytes sent`,
  },
  "bad-http": { transient: true, means: "the response head is not valid HTTP, or too large" },
  "too-many-rows": { transient: false, means: "the answer has more rows than rows.max" },
  "incomplete": {
    transient: false,
    means: 'the answer is one part of several: status 206, or a Link header with rel="next"',
  },
  "out-of-descriptors": {
    transient: true,
    means: "too many open files: raise LimitNOFILE of the unit, or ulimit -n in a shell",
  },
  "wrong-answer": { transient: true, means: "the answer is about something else: see accept.equals" },
} as const satisfies Readonly<Record<string, ReasonInfo>>;

/** The code of a failure. */
export type FailureReason = keyof typeof failureReasons | `http-${number}`;

/** What is said of a failure: trawl's words, and a quotation of the server, which may be cut. */
export interface Said {
  readonly what?: string | undefined;
  readonly quote?: string | Uint8Array | undefined;
  readonly isCut?: boolean;
}

/** The code of a JSON error; undefined for any other error. */
export function reasonOfJson(error: unknown): FailureReason | undefined {
  if (error instanceof JsonLimitError) return error.limit === "depth" ? "too-deep" : "value-too-large";
  if (!(error instanceof JsonSyntaxError)) return undefined;
  return error.fault === "cut" ? "cut" : error.fault === "encoding" ? "bad-utf8" : "bad-json";
}

/** Whether a retry can help; false for a code that is unknown, as a newer version may have written it. */
export function isTransient(reason: string): boolean {
  const status = statusOf(reason);
  return status === undefined ? infoOf(reason)?.transient ?? false : isTransientStatus(status);
}

/** Whether a server refuses a client without access in this way: a person must change something. */
export function isAccessRefusal(reason: FailureReason): boolean {
  return reason === "http-401" || reason === "http-403" || reason === "http-407" || reason === "redirect";
}

/** {@linkcode isAccessRefusal} of a number from {@linkcode numberOf}. */
export function isAccessRefusalNumber(number: number): boolean {
  return number === 401 || number === 403 || number === 407 || number === numberOf("redirect");
}

/** The meaning of a code from a database, which a newer version may have written. */
export function meaningOf(reason: string): string {
  const status = statusOf(reason);
  return status === undefined
    ? infoOf(reason)?.means ?? "unknown to this version"
    : `the server answered ${status}`;
}

/** A code as a number for shared memory: the HTTP status, or a negative number for its place in the list. */
export function numberOf(reason: FailureReason): number {
  return statusOf(reason) ?? -1 - Object.keys(failureReasons).indexOf(reason);
}

/** The meaning and code of a number from {@linkcode numberOf}. */
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
