/**
 * The parameters of a RIPEstat data call: a query string in, checked numbers out. A wrong parameter throws a
 * `RangeError`, which the profile answers with status 400.
 *
 * @module
 */

import { asnOf } from "./ripestat_options.ts";

/** The window of a request, in unix seconds. */
export interface Span {
  /** Included. */
  readonly startS: number;
  /** Included in answers, as at RIPEstat, but not in the truth. */
  readonly endS: number;
}

/** The sampling of `bgp-update-activity`. */
export interface Sampling {
  /** The shortest sample, in seconds. */
  readonly periodMinS: number;
  /** Number of samples at most; 0 for no limit. */
  readonly samplesMax: number;
  /** Samples without an update are left out. */
  readonly hideEmpty: boolean;
}

/** Longest window. Days are visited one by one. */
const spanDaysMax = 400;

/**
 * The ASN that `resource` names.
 *
 * @throws {RangeError} If it names none.
 */
export function readAsn(query: URLSearchParams): number {
  const resource = query.get("resource") ?? "";
  const asn = asnOf(resource);
  if (asn === undefined) throw new RangeError(`${resource} is of unsupported type. It should be an ASN`);
  return asn;
}

/**
 * The span from `starttime` to `endtime`: unix seconds or ISO text, in UTC if it has no zone.
 *
 * @throws {RangeError} If one is missing or not a time, or the span is negative or too long.
 */
export function readSpan(query: URLSearchParams): Span {
  const startS = readTime(query, "starttime");
  const endS = readTime(query, "endtime");
  if (endS < startS) throw new RangeError("endtime is before starttime");
  if (endS - startS > spanDaysMax * 86_400) {
    throw new RangeError(`the window exceeds ${spanDaysMax} days`);
  }
  return { startS, endS };
}

function readTime(query: URLSearchParams, name: string): number {
  // URLSearchParams decodes a plus sign as a space.
  const text = (query.get(name) ?? "").replace(" ", "+");
  const zoned = /T.*(?:[zZ]|[+-]\d\d:?\d\d)$/.test(text) || !text.includes("T") ? text : `${text}Z`;
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.floor(Date.parse(zoned) / 1_000);
  // The gaps of the encoder hold ten digits: 2001 to 2286.
  if (seconds >= 1e9 && seconds < 1e10 - 86_400) return seconds;
  throw new RangeError(`${name} "${text}" is not a time`);
}

/**
 * The sampling of `bgp-update-activity`.
 *
 * @throws {RangeError} If a parameter is not a whole number.
 */
export function readSampling(query: URLSearchParams): Sampling {
  return {
    periodMinS: Math.max(1, readCount(query, "min_sampling_period", 300)),
    samplesMax: readCount(query, "max_samples", 50),
    hideEmpty: query.get("hide_empty_samples")?.toUpperCase() !== "FALSE",
  };
}

/** Whether the answer has unix seconds instead of ISO text. */
export function readUnix(query: URLSearchParams): boolean {
  return query.get("unix_timestamps")?.toUpperCase() === "TRUE";
}

function readCount(query: URLSearchParams, name: string, absent: number): number {
  const text = query.get(name) ?? String(absent);
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`${name} "${text}" is not a whole number`);
  return Number(text);
}
