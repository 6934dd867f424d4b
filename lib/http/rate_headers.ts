/**
 * Rate limits that an answer's headers announce: `Retry-After`, the IETF fields `RateLimit` and `RateLimit-Policy`
 * (draft-ietf-httpapi-ratelimit-headers), their older forms, and the common `X-RateLimit-*`. Pure: headers and the
 * clock in, delays out. A field that cannot be parsed, or is too long, is ignored.
 *
 * @module
 */

import { fieldOf, type HeaderFields } from "./header_field.ts";
import { parseHttpDate, parseRetryAfter } from "./retry_delay.ts";

/** What the headers of one answer say. */
export interface RateLimitInfo {
  /** The server refused the request because there were too many. The request itself is fine and may be sent again. */
  readonly isRefusal: boolean;
  /** The server wants no request for this many milliseconds; undefined if it does not say so. */
  readonly pauseMs: number | undefined;
  /** Milliseconds that `Retry-After` asks for, on an answer of any status; undefined without one. */
  readonly retryAfterMs: number | undefined;
}

/** One of possibly several limits: requests left, and milliseconds until the limit is whole again. */
interface AnnouncedLimit {
  readonly name: string;
  readonly remaining: number | undefined;
  readonly resetMs: number | undefined;
}

/**
 * Reads the headers of an answer that arrived at `nowMs`, milliseconds since 1970. A 429 is a refusal, and so is a
 * 503 or 403 with `Retry-After` or an exhausted limit. Without either, a 503 is a server error, and a 403 is final.
 */
export function rateLimitInfo(status: number, headers: HeaderFields, nowMs: number): RateLimitInfo {
  const retryAfter = fieldOf(headers, "retry-after");
  const retryAfterMs = retryAfter === null ? undefined : parseRetryAfter(retryAfter, nowMs);
  const isError = mayRefuse(status);
  if (isError && retryAfterMs !== undefined) return { isRefusal: true, pauseMs: retryAfterMs, retryAfterMs };
  const limits = limitsOf(headers, nowMs);
  // A 429 implies that nothing remains, so its limits need not say so.
  const spent = limits.filter(({ remaining }) =>
    remaining === 0 || (status === 429 && remaining === undefined)
  );
  const resets = spent.flatMap(({ resetMs }) => resetMs ?? []);
  const isExhausted = limits.some(({ remaining }) => remaining === 0);
  return {
    isRefusal: status === 429 || (isError && isExhausted),
    pauseMs: resets.length === 0 ? undefined : Math.max(...resets),
    retryAfterMs,
  };
}

/** Whether an answer of this status is a refusal if its headers say so. */
export function mayRefuse(status: number): boolean {
  return status === 429 || status === 503 || status === 403;
}

/** Whether an answer has any of these headers, so that its server's next answers are worth reading. */
export function hasRateHeaders(headers: HeaderFields): boolean {
  return ["ratelimit", ...prefixes.map((prefix) => `${prefix}remaining`)].some((name) =>
    fieldOf(headers, name) !== null
  );
}

const prefixes = ["ratelimit-", "x-ratelimit-", "x-rate-limit-"] as const;

function limitsOf(headers: HeaderFields, nowMs: number): AnnouncedLimit[] {
  const field = fieldOf(headers, "ratelimit");
  const windows = new Map(
    itemsOf(fieldOf(headers, "ratelimit-policy") ?? "").map(({ name, numbers }) =>
      [name, numbers.get("w")] as const
    ),
  );
  const limits = field === null ? [] : structured(field, { windows, nowMs });
  for (const prefix of prefixes) {
    const remaining = numberOf(fieldOf(headers, `${prefix}remaining`));
    const resetMs = resetOf(fieldOf(headers, `${prefix}reset`), nowMs);
    if (remaining === undefined && resetMs === undefined) continue;
    limits.push({ name: prefix, remaining, resetMs });
  }
  return limits;
}

/**
 * `"burst";r=0;t=5, "day";r=90;t=3600`: for each limit the requests left, and the seconds until it is whole. A limit
 * without `t` is whole after its policy's window. Before draft 8 the field was one limit: `limit=100, remaining=0,
 * reset=5`.
 */
function structured(
  field: string,
  { windows, nowMs }: {
    readonly windows: ReadonlyMap<string, number | undefined>;
    readonly nowMs: number;
  },
): AnnouncedLimit[] {
  const items = itemsOf(field);
  const old = new Map(items.map(({ name, value }) => [name, value]));
  if (old.has("remaining") || old.has("reset")) {
    return [{ name: "", remaining: old.get("remaining"), resetMs: untilMs(old.get("reset"), nowMs) }];
  }
  return items.map(({ name, numbers }) => ({
    name,
    remaining: numbers.get("r"),
    resetMs: inMs(numbers.get("t") ?? windows.get(name)),
  }));
}

/** A member of a structured field (RFC 9651). */
interface Item {
  readonly name: string;
  /** The value after `name=`, in a dictionary. */
  readonly value: number | undefined;
  readonly numbers: ReadonlyMap<string, number | undefined>;
}

/** Members of a list or dictionary of RFC 9651. Values other than whole numbers are dropped. */
function itemsOf(field: string): Item[] {
  return splitAt(",", field).map((member) => {
    const [head = "", ...parameters] = splitAt(";", member);
    const [name, value] = pairOf(head);
    return { name: name.replaceAll('"', ""), value, numbers: new Map(parameters.map(pairOf)) };
  });
}

/** Splits `name=12`. A value that is not a whole number is undefined. */
function pairOf(text: string): readonly [string, number | undefined] {
  const [, name = text, digits] = /^([^"=]+)=(\d{1,20})$/.exec(text.trim()) ?? [];
  return [name.trim(), digits === undefined ? undefined : Number(digits)];
}

/** Splits a text at each `separator` outside quotes. */
function splitAt(separator: string, text: string): string[] {
  const parts = [""];
  let isQuoted = false;
  let before = "";
  for (const char of text) {
    if (char === '"' && before !== "\\") isQuoted = !isQuoted;
    before = char;
    if (char === separator && !isQuoted) parts.push("");
    else parts[parts.length - 1] += char;
  }
  return parts;
}

/** The number in a header; the first of several, since some servers send `100, 100;w=60`. */
function numberOf(text: string | null): number | undefined {
  const digits = /^\s*(\d{1,20}(?:\.\d{1,9})?)\s*(?:[,;]|$)/.exec(text ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}

/** Milliseconds until a reset, given as a number (see {@linkcode untilMs}) or a date (ISO 8601 or HTTP). */
function resetOf(text: string | null, nowMs: number): number | undefined {
  const number = numberOf(text);
  if (number !== undefined) return untilMs(number, nowMs);
  const atMs = parseHttpDate(text?.trim() ?? "") ?? isoMs(text?.trim() ?? "");
  return atMs === undefined ? undefined : Math.max(0, atMs - nowMs);
}

/** Milliseconds since 1970 of an ISO 8601 time; one without a zone is in UTC. */
function isoMs(text: string): number | undefined {
  const [, date, time, zone] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,9})?) ?(Z|UTC|[+-]\d\d:?\d\d)?$/i.exec(text) ?? [];
  if (date === undefined) return undefined;
  const offset = /^[+-]/.test(zone ?? "") ? zone : "Z";
  const atMs = Date.parse(`${date}T${time}${offset}`);
  return Number.isNaN(atMs) ? undefined : atMs;
}

/**
 * Milliseconds until a reset that is given in seconds, or as time since 1970 in seconds (from 1e9 on: no window lasts
 * 30 years), milliseconds (from 1e11 on), microseconds (from 1e14 on) or nanoseconds (from 1e17 on).
 */
function untilMs(reset: number | undefined, nowMs: number): number | undefined {
  if (reset === undefined || reset < 1e9) return inMs(reset);
  const atMs = reset >= 1e17
    ? reset / 1e6
    : reset >= 1e14
    ? reset / 1e3
    : reset >= 1e11
    ? reset
    : reset * 1e3;
  return Math.max(0, Math.ceil(atMs - nowMs));
}
