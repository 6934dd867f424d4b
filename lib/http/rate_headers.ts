/**
 * What an answer says about the pace that its server wants: `Retry-After`, the IETF fields `RateLimit` and
 * `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), their older forms, and what many servers send as
 * `X-RateLimit-*`. Pure: headers and the time in, a delay out. Whatever cannot be read says nothing.
 *
 * @module
 */

import { fieldOf, type HeaderFields } from "./header_field.ts";
import { retryAfterMs } from "./retry_delay.ts";

/** What was said. */
export interface RateLimitInfo {
  /** The request was not served because there were too many: it is no fault of the request's, and may come again. */
  readonly isRefusal: boolean;
  /** Nothing may be asked for so long, by the server's own word. */
  readonly pauseMs: number | undefined;
}

/** One of possibly several limits: what remains of it, and when it is whole again. */
interface Quota {
  readonly name: string;
  readonly remaining: number | undefined;
  readonly resetMs: number | undefined;
}

/**
 * Reads the headers of an answer. A 429 is a refusal; so are a 503 and a 403 that name a delay or an exhausted quota:
 * without, a 503 is a server's trouble, and a 403 is final.
 */
export function rateLimitInfo(status: number, headers: HeaderFields, nowMs: number): RateLimitInfo {
  const retryAfter = fieldOf(headers, "retry-after");
  const asked = retryAfter === null ? undefined : retryAfterMs(retryAfter, nowMs);
  const isError = mayRefuse(status);
  if (isError && asked !== undefined) return { isRefusal: true, pauseMs: asked };
  const quotas = quotasOf(headers, nowMs);
  // A server that refuses has no need to say that nothing remains.
  const spent = quotas.filter(({ remaining }) =>
    remaining === 0 || (status === 429 && remaining === undefined)
  );
  const resets = spent.flatMap(({ resetMs }) => resetMs ?? []);
  const isExhausted = quotas.some(({ remaining }) => remaining === 0);
  return {
    isRefusal: status === 429 || (isError && isExhausted),
    pauseMs: resets.length === 0 ? undefined : Math.max(...resets),
  };
}

/** Whether an answer of this status may be a refusal; its headers tell. */
export function mayRefuse(status: number): boolean {
  return status === 429 || status === 503 || status === 403;
}

/** Whether an answer has any such header, so that those of its server are worth reading. */
export function hasRateHeaders(headers: HeaderFields): boolean {
  return ["ratelimit", ...prefixes.map((prefix) => `${prefix}remaining`)].some((name) =>
    fieldOf(headers, name) !== null
  );
}

const prefixes = ["ratelimit-", "x-ratelimit-", "x-rate-limit-"] as const;

function quotasOf(headers: HeaderFields, nowMs: number): Quota[] {
  const field = fieldOf(headers, "ratelimit");
  const windows = new Map(
    itemsOf(fieldOf(headers, "ratelimit-policy") ?? "").map(({ name, numbers }) =>
      [name, numbers.get("w")] as const
    ),
  );
  const quotas = field === null ? [] : structured(field, windows);
  for (const prefix of prefixes) {
    const remaining = numberOf(fieldOf(headers, `${prefix}remaining`));
    const reset = numberOf(fieldOf(headers, `${prefix}reset`));
    if (remaining === undefined && reset === undefined) continue;
    quotas.push({
      name: prefix,
      remaining,
      resetMs: reset === undefined ? undefined : untilMs(reset, nowMs),
    });
  }
  return quotas;
}

/**
 * `"burst";r=0;t=5, "day";r=90;t=3600`: for each limit what remains, and the seconds until it is whole. One that names
 * none is whole after its policy's window. Before draft 8 the field was one limit: `limit=100, remaining=0, reset=5`.
 */
function structured(field: string, windows: ReadonlyMap<string, number | undefined>): Quota[] {
  const items = itemsOf(field);
  const old = new Map(items.map(({ name, value }) => [name, value]));
  if (old.has("remaining") || old.has("reset")) {
    return [{ name: "", remaining: old.get("remaining"), resetMs: inMs(old.get("reset")) }];
  }
  return items.map(({ name, numbers }) => ({
    name,
    remaining: numbers.get("r"),
    resetMs: inMs(numbers.get("t") ?? windows.get(name)),
  }));
}

/** A member of a structured field. */
interface Item {
  readonly name: string;
  /** Behind the name, as a dictionary has it. */
  readonly value: number | undefined;
  readonly numbers: ReadonlyMap<string, number | undefined>;
}

/** A list or dictionary of RFC 9651, as far as it is about whole numbers. */
function itemsOf(field: string): Item[] {
  return splitAt(",", field).map((member) => {
    const [head = "", ...parameters] = splitAt(";", member);
    const [name, value] = pairOf(head);
    return { name: name.replaceAll('"', ""), value, numbers: new Map(parameters.map(pairOf)) };
  });
}

/** `name=12`; what is no whole number is undefined. */
function pairOf(text: string): readonly [string, number | undefined] {
  const [, name = text, digits] = /^([^"=]+)=(\d{1,15})$/.exec(text.trim()) ?? [];
  return [name.trim(), digits === undefined ? undefined : Number(digits)];
}

/** Cuts a text at each `separator` that does not stand in quotes. */
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

/** The first number of a header that should be one; some servers send `100, 100;w=60`. */
function numberOf(text: string | null): number | undefined {
  const digits = /^\s*(\d{1,15}(?:\.\d{1,9})?)\s*(?:[,;]|$)/.exec(text ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}

/** No window is 30 years long, and no epoch time in milliseconds is that early: so the three are told apart. */
function untilMs(reset: number, nowMs: number): number {
  if (reset >= 1e11) return Math.max(0, reset - nowMs);
  if (reset >= 1e9) return Math.max(0, reset * 1_000 - nowMs);
  return reset * 1_000;
}
