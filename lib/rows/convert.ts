/**
 * Converts one JSON value of an answer to its column's type. Never rounds a number: a value that does not fit its
 * column fails the whole fetch. So does a text that a reader would not get back: SQLite's text ends at U+0000, and a
 * lone surrogate has no UTF-8 form. JSON text keeps both, as escapes. Pure.
 *
 * @module
 */

import type { ColumnType } from "../job/job.ts";
import type { RawText } from "../json/raw_text.ts";
import type { ColumnPlan } from "../json/row_scanner.ts";
import { decodeText, ValueKind } from "../json/value.ts";
import { memoryLimits } from "../limits.ts";
import { CellKind, type LongText } from "./row_batch.ts";

/** The value of a cell. In a column of type `any`, a `bigint` is an integer and a `number` is a real. */
export type Converted = number | bigint | string | null;

/** The value of a cell as it is held: a long text stays outside of V8's heap. */
export type HeldValue = Converted | LongText;

/** The value does not fit the column's type. */
export const unfit = Symbol("unfit");

/** As {@linkcode convert}, without making a text of the most frequent kinds of values. */
export function convertRaw(kind: ValueKind, raw: RawText, type: ColumnType): Converted | typeof unfit {
  if (kind === ValueKind.number && type !== "text" && type !== "json") {
    const value = raw.smallInteger();
    if (value !== undefined && type === "any") return BigInt(value);
    // A zero may be negative, which only a real can be.
    const isPlain = type === "integer" || (type === "real" ? value !== 0 : Math.abs(value ?? 0) < firstMs);
    if (value !== undefined && isPlain) return value;
  } else if (kind === ValueKind.string && (type === "text" || type === "any")) {
    const value = raw.shortString();
    if (value !== undefined) return value;
  }
  return convert(kind, raw.toString(), type);
}

/**
 * The value of a column as UTF-8, if it is a text of at least `memoryLimits.longTextBytesMin`: V8's heap has no room
 * for many. Undefined for other values; a text with escapes may fail in {@linkcode convert} and be undefined here.
 */
export function longTextOf(kind: ValueKind, raw: RawText, type: ColumnType): LongText | undefined {
  const { bytes, start, end } = raw;
  if (end - start < memoryLimits.longTextBytesMin || type !== "text" && type !== "any" && type !== "json") {
    return undefined;
  }
  const isText = kind === ValueKind.string && type !== "json";
  if (isText && bytes.subarray(start, end).includes(backslash)) return encoded(convertRaw(kind, raw, type));
  // A number in a column of type any may be a real.
  if (kind === ValueKind.number && type === "any") return encoded(convertRaw(kind, raw, type));
  return isText ? bytes.slice(start + 1, end - 1) : bytes.slice(start, end);
}

const backslash = 0x5c;
const encoder = new TextEncoder();

function encoded(value: Converted | typeof unfit): LongText | undefined {
  return typeof value === "string" ? encoder.encode(value) : undefined;
}

/** The values of a column that the scanner converts by itself, as {@linkcode convertRaw} would. */
export function columnPlan(type: ColumnType): ColumnPlan {
  const texts = {
    numbersBelow: 0,
    numberKind: CellKind.integer,
    strings: type === "text",
    nulls: type === "text",
  };
  if (type === "text" || type === "json") return texts;
  return {
    numbersBelow: type === "time" ? firstMs : Infinity,
    numberKind: type === "real" ? CellKind.real : CellKind.integer,
    strings: type === "any",
    nulls: true,
  };
}

/** @returns The column's value, or {@linkcode unfit}. JSON's null is null in every column. */
export function convert(kind: ValueKind, raw: string, type: ColumnType): Converted | typeof unfit {
  if (kind === ValueKind.null) return type === "json" ? raw : null;
  switch (type) {
    case "any":
      return anyValue(kind, raw);
    case "json":
      return raw;
    case "text":
      return kind === ValueKind.string ? stringValue(raw) : raw;
    case "integer":
      return integerValue(kind, raw);
    case "real":
      return kind === ValueKind.number ? realValue(raw) : unfit;
    case "time":
      return timeSeconds(kind, raw) ?? unfit;
  }
}

/** Numbers from here are milliseconds: as seconds they would lie beyond the year 5000. */
const firstMs = 1e11;

/** Numbers from here are finer than milliseconds: as milliseconds they would lie beyond the year 5000. */
const firstFiner = 1e14;

/**
 * Seconds since 1970 of a time value: an integer or decimal (seconds, or milliseconds from 10^11 to below 10^14), or
 * an ISO 8601 text, in UTC if it names no zone. Undefined for any other value.
 */
export function timeSeconds(kind: ValueKind, raw: string): number | undefined {
  if (kind === ValueKind.number) {
    const value = Number(raw);
    if (Math.abs(value) >= firstFiner) return undefined;
    // Adding 0 turns -0 into 0.
    return Math.abs(value) >= firstMs ? value / 1_000 : value + 0;
  }
  return kind === ValueKind.string ? textSeconds(String(decodeText(kind, raw))) : undefined;
}

function textSeconds(text: string): number | undefined {
  const found = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?:(:\d\d)(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(text);
  if (found === null) return undefined;
  const [, date, time = "00:00", seconds = ":00", fraction = ".0", zone = "Z"] = found;
  // Date.parse turns the 30th of February into the 2nd of March, and drops digits below a millisecond.
  const day = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== date) return undefined;
  const ms = Date.parse(`${date}T${time}${seconds}${zone.replace(/^(...)(\d\d)$/, "$1:$2")}`);
  return Number.isNaN(ms) ? undefined : (ms + Number(`${fraction}e3`)) / 1_000;
}

/** The text of a string, if it can be stored. Only an escape can make one that cannot. */
function stringValue(raw: string): string | typeof unfit {
  if (!raw.includes("\\")) return raw.slice(1, -1);
  const text = String(decodeText(ValueKind.string, raw));
  return text.isWellFormed() && !text.includes("\0") ? text : unfit;
}

function anyValue(kind: ValueKind, raw: string): Converted | typeof unfit {
  if (kind === ValueKind.string) return stringValue(raw);
  if (kind === ValueKind.true) return 1n;
  if (kind === ValueKind.false) return 0n;
  const value = decodeText(kind, raw);
  if (typeof value === "boolean") return value ? 1n : 0n;
  return typeof value === "number" && Number.isSafeInteger(value) && isPlainInteger(raw)
    ? BigInt(value)
    : value;
}

function integerValue(kind: ValueKind, raw: string): Converted | typeof unfit {
  if (kind === ValueKind.true) return 1n;
  if (kind === ValueKind.false) return 0n;
  const text = kind === ValueKind.string ? raw.slice(1, -1) : raw;
  if (kind !== ValueKind.number && kind !== ValueKind.string) return unfit;
  if (!isPlainInteger(text)) return unfit;
  const value = decodeText(ValueKind.number, text);
  return typeof value === "number" || typeof value === "bigint" ? value : unfit;
}

/** Digits with at most a minus sign: `1.0` and `1e3` are reals. */
function isPlainInteger(text: string): boolean {
  let at = text.charCodeAt(0) === 0x2d ? 1 : 0;
  if (at === text.length) return false;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

/** The nearest real of a decimal. An integer must be that real exactly, or the way it is printed. */
function realValue(raw: string): number | typeof unfit {
  const value = Number(raw);
  if (!Number.isFinite(value)) return unfit;
  if (Number.isSafeInteger(value) || !isPlainInteger(raw)) return value;
  return String(value) === raw || BigInt(value) === BigInt(raw) ? value : unfit;
}
