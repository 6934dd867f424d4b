/**
 * The parameters of a RIPEstat call: text of a query string in, checked numbers out. What makes no sense is a
 * `RangeError`, which the caller is told by status 400.
 *
 * @module
 */

import { asnOf } from "../../engine/options.ts";

/** A window as asked for, in unix seconds. */
export interface Span {
  /** Included. */
  readonly startS: number;
  /** Included in answers, as at RIPEstat; not in the truth. */
  readonly endS: number;
}

/** How `bgp-update-activity` is to be sampled. */
export interface Sampling {
  /** The shortest sample, in seconds. */
  readonly periodMinS: number;
  /** Samples in all; 0 for no limit. */
  readonly samplesMax: number;
  /** Samples without an update are left out. */
  readonly hideEmpty: boolean;
}

/** A window of more days is refused: the days are walked one by one. */
const SPAN_DAYS_MAX = 400;
/**
 * The ASN that `resource` names.
 *
 * @throws {RangeError} If it names none, which the caller is told by 400.
 */
export function readAsn(query: URLSearchParams): number {
  const resource = query.get("resource") ?? "";
  const asn = asnOf(resource);
  if (asn === undefined) throw new RangeError(`${resource} is of unsupported type. It should be an ASN`);
  return asn;
}

/**
 * The span from `starttime` to `endtime`: unix seconds or ISO text, where no zone is UTC.
 *
 * @throws {RangeError} If one is missing or makes no sense, which the caller is told by 400.
 */
export function readSpan(query: URLSearchParams): Span {
  const startS = readTime(query, "starttime");
  const endS = readTime(query, "endtime");
  if (endS < startS) throw new RangeError("endtime is before starttime");
  if (endS - startS > SPAN_DAYS_MAX * 86_400) {
    throw new RangeError(`the window exceeds ${SPAN_DAYS_MAX} days`);
  }
  return { startS, endS };
}

function readTime(query: URLSearchParams, name: string): number {
  // A plus sign that was not escaped arrives as a space.
  const text = (query.get(name) ?? "").replace(" ", "+");
  const zoned = /T.*(?:[zZ]|[+-]\d\d:?\d\d)$/.test(text) || !text.includes("T") ? text : `${text}Z`;
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.floor(Date.parse(zoned) / 1_000);
  // From 2001 to 2286, unix seconds have ten digits, as the records' gaps do.
  if (seconds >= 1e9 && seconds < 1e10 - 86_400) return seconds;
  throw new RangeError(`${name} "${text}" is not a time`);
}

/**
 * The sampling of `bgp-update-activity`.
 *
 * @throws {RangeError} If a number is none.
 */
export function readSampling(query: URLSearchParams): Sampling {
  return {
    periodMinS: Math.max(1, readCount(query, "min_sampling_period", 300)),
    samplesMax: readCount(query, "max_samples", 50),
    hideEmpty: query.get("hide_empty_samples")?.toUpperCase() !== "FALSE",
  };
}

/** Whether times are wanted as unix seconds. */
export function readUnix(query: URLSearchParams): boolean {
  return query.get("unix_timestamps")?.toUpperCase() === "TRUE";
}

function readCount(query: URLSearchParams, name: string, absent: number): number {
  const text = query.get(name) ?? String(absent);
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`${name} "${text}" is not a whole number`);
  return Number(text);
}
