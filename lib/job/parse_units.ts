/**
 * Durations, sizes, rates and ranges: "90s", "8GiB", "50/s", "1..1000000". Text in, numbers out. A wrong text throws a
 * `UsageError` whose message is a clause that follows the name of a field: `must be …`. Pure.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { formatBytes, formatDuration } from "../text/format.ts";
import type { Rate } from "./job.ts";

const durationUnits: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

const sizeUnits: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["KB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["TB", 1e12],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
  ["TiB", 2 ** 40],
]);

const rateUnits: ReadonlyMap<string, number> = new Map([
  ["s", 1_000],
  ["min", 60_000],
  ["h", 3_600_000],
  ["day", 86_400_000],
]);

/** Highest count in a rate, far above what one machine can send. */
export const rateCountMax = 1_000_000_000;

/** The smallest and the largest value, both included. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/**
 * The milliseconds of a duration: a whole number and one of the units `ms`, `s`, `m`, `h`, `d`.
 *
 * @throws {UsageError} If the text is not a duration or is outside the bounds (milliseconds).
 */
export function parseDuration(text: string, { min, max }: Bounds): number {
  const ms = quantity(text, durationUnits);
  if (ms === undefined || ms < min || ms > max) {
    throw new UsageError(
      `must be a duration from ${formatDuration(min)} to ${
        formatDuration(max)
      } in ms, s, m, h or d, such as "90s"`,
    );
  }
  return ms;
}

/**
 * The bytes of a size: a whole number and one of the units `B`, `KB`, `MB`, `GB`, `TB` (powers of 1000), `KiB`, `MiB`,
 * `GiB`, `TiB` (powers of 1024).
 *
 * @throws {UsageError} If the text is not a size or is outside the bounds (bytes).
 */
export function parseBytes(text: string, { min, max }: Bounds): number {
  const bytes = quantity(text, sizeUnits);
  if (bytes === undefined || bytes < min || bytes > max) {
    throw new UsageError(
      `must be a size from ${formatBytes(min)} to ${
        formatBytes(max)
      } in B, KiB, MiB, GiB (or KB, MB, GB), such as "64MiB"`,
    );
  }
  return bytes;
}

/**
 * Reads a rate: a whole number from 1 to 1,000,000,000, then `/s`, `/min`, `/h` or `/day`.
 *
 * @throws {UsageError} If the text is not a rate.
 */
export function parseRate(text: string): Rate {
  return readRate(text, rateRule);
}

/**
 * Reads a rate, or `auto` for the highest rate that the server allows.
 *
 * @throws {UsageError} If the text is neither.
 */
export function parseRateOrAuto(text: string): Rate | "auto" {
  return text === "auto" ? text : readRate(text, `${rateRule}, or "auto"`);
}

const rateRule = 'must be a whole number above 0 and /s, /min, /h or /day, such as "50/s"';

function readRate(text: string, rule: string): Rate {
  const [, digits, unit] = /^(\d{1,10})\/([a-z]+)$/.exec(text) ?? [];
  const count = Number(digits);
  const perMs = rateUnits.get(unit ?? "");
  if (perMs === undefined || count < 1 || count > rateCountMax) throw new UsageError(rule);
  return { count, perMs };
}

/**
 * Reads a range of whole numbers, both ends included: `1..1000000`.
 *
 * @throws {UsageError} If the text is not a range, is empty, or exceeds 2^53 − 1.
 */
export function parseRange(text: string): { readonly first: number; readonly last: number } {
  const [, from, to] = /^(\d{1,16})\.\.(\d{1,16})$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || first > last) {
    throw new UsageError('must be two whole numbers, the smaller one first, such as "1..1000000"');
  }
  return { first, last };
}

/** A whole number times its unit; undefined if the text has another form or the result exceeds 2^53 − 1. */
function quantity(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const [, digits, unit] = /^(\d{1,16}) ?([A-Za-z]+)$/.exec(text) ?? [];
  const size = units.get(unit ?? "");
  if (size === undefined || !Number.isSafeInteger(Number(digits) * size)) return undefined;
  return Number(digits) * size;
}
