/**
 * Parsing and formatting of durations, sizes, rates and ranges.
 *
 * @module
 */

import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { parseBytes, parseDuration, parseRange, parseRate } from "../../lib/job/parse_units.ts";
import { formatBytes, formatCount, formatDuration } from "../../lib/text/format.ts";
import { assertProperty } from "../support/property.ts";

const any = { min: 0, max: Number.MAX_SAFE_INTEGER };

Deno.test("parseDuration() reads every unit", () => {
  const table = {
    "0s": 0,
    "500ms": 500,
    "10s": 10_000,
    "1m": 60_000,
    "3h": 10_800_000,
    "90d": 7_776_000_000,
    "2 m": 120_000,
  };
  for (const [text, ms] of Object.entries(table)) strictEqual(parseDuration(text, any), ms, text);
});

Deno.test("parseDuration() throws when the text is not a duration or out of bounds", () => {
  const message = 'must be a duration from 1s to 1m in ms, s, m, h or d, such as "90s"';
  const texts = [
    "",
    "10",
    "s",
    "1.5s",
    "-1s",
    "1 sec",
    "1M",
    "1e3s",
    " 1s",
    "1s ",
    "1h30m",
    "٣s",
    "999ms",
    "61s",
    "9".repeat(17) + "s",
  ];
  for (const text of texts) {
    throws(() => parseDuration(text, { min: 1_000, max: 60_000 }), { name: "UsageError", message }, text);
  }
});

Deno.test("parseBytes() reads every unit", () => {
  const table = {
    "0B": 0,
    "512B": 512,
    "1KB": 1_000,
    "1MB": 1e6,
    "2GB": 2e9,
    "1TB": 1e12,
    "64KiB": 65_536,
    "64MiB": 2 ** 26,
    "8 GiB": 2 ** 33,
    "1TiB": 2 ** 40,
  };
  for (const [text, bytes] of Object.entries(table)) strictEqual(parseBytes(text, any), bytes, text);
});

Deno.test("parseBytes() throws when the text is not a size or out of bounds", () => {
  const message = 'must be a size from 1 B to 1 KiB in B, KiB, MiB, GiB (or KB, MB, GB), such as "64MiB"';
  for (const text of ["", "5", "5b", "5kib", "1.5KiB", "-1B", "0B", "1025B", "8G", "99999999TiB"]) {
    throws(() => parseBytes(text, { min: 1, max: 1_024 }), { name: "UsageError", message }, text);
  }
});

Deno.test("parseRate() reads every unit", () => {
  deepStrictEqual(parseRate("50/s"), { count: 50, perMs: 1_000 });
  deepStrictEqual(parseRate("30/min"), { count: 30, perMs: 60_000 });
  deepStrictEqual(parseRate("10000/h"), { count: 10_000, perMs: 3_600_000 });
  deepStrictEqual(parseRate("1000000000/day"), { count: 1e9, perMs: 86_400_000 });
});

Deno.test("parseRate() throws when the text is not a rate", () => {
  const message = 'must be a whole number above 0 and /s, /min, /h or /day, such as "50/s"';
  for (
    const text of [
      "",
      "50",
      "/s",
      "0/s",
      "-1/s",
      "1.5/s",
      "50 / s",
      "50/sec",
      "50/d",
      "1000000001/s",
      "50/s/s",
    ]
  ) {
    throws(() => parseRate(text), { name: "UsageError", message }, text);
  }
});

Deno.test("parseRange() reads both ends", () => {
  deepStrictEqual(parseRange("1..1000000"), { first: 1, last: 1_000_000 });
  deepStrictEqual(parseRange("0..0"), { first: 0, last: 0 });
  deepStrictEqual(parseRange("007..9007199254740991"), { first: 7, last: Number.MAX_SAFE_INTEGER });
});

Deno.test("parseRange() throws when the text is not a range", () => {
  const message = 'must be two whole numbers, the smaller one first, such as "1..1000000"';
  for (
    const text of ["", "1", "1..", "..1", "1...2", "2..1", "-1..1", "1..2..3", "a..b", "1..9007199254740992"]
  ) {
    throws(() => parseRange(text), { name: "UsageError", message }, text);
  }
});

Deno.test("formatDuration() gives the two largest units", () => {
  const table: readonly (readonly [number, string])[] = [
    [0, "0ms"],
    [350.4, "350ms"],
    [999.4, "999ms"],
    [1_000, "1s"],
    [4_210, "4.2s"],
    [59_949, "59.9s"],
    [59_950, "1m"],
    [90_000, "1m 30s"],
    [3_599_499, "59m 59s"],
    [3_599_500, "1h"],
    [11_100_000, "3h 5m"],
    [86_400_000, "1d"],
    [187_200_000, "2d 4h"],
    [31_622_400_000, "366d"],
  ];
  for (const [ms, text] of table) strictEqual(formatDuration(ms), text);
});

Deno.test("formatDuration() never gives a unit more than its next larger one holds", () => {
  assertProperty(fc.property(fc.double({ min: 0, max: 1e11, noNaN: true }), (ms) => {
    const [, minutes] = /(\d+)m(?: |$)/.exec(formatDuration(ms)) ?? [];
    const [, seconds] = /([\d.]+)s$/.exec(formatDuration(ms).replace(/\d+ms$/, "")) ?? [];
    const [, hours] = /(\d+)h/.exec(formatDuration(ms)) ?? [];
    deepStrictEqual([Number(seconds ?? 0) < 60, Number(minutes ?? 0) < 60, Number(hours ?? 0) < 24], [
      true,
      true,
      true,
    ]);
  }));
});

Deno.test("formatBytes() gives one decimal at most", () => {
  const table: readonly (readonly [number, string])[] = [
    [0, "0 B"],
    [512, "512 B"],
    [1_023, "1023 B"],
    [1_024, "1 KiB"],
    [1_572_864, "1.5 MiB"],
    [1_048_575, "1 MiB"],
    [2 ** 33, "8 GiB"],
    [2 ** 40, "1 TiB"],
    [2 ** 51, "2048 TiB"],
  ];
  for (const [bytes, text] of table) strictEqual(formatBytes(bytes), text);
});

Deno.test("formatCount() keeps every digit below a million", () => {
  const table: readonly (readonly [number, string])[] = [
    [0, "0"],
    [999, "999"],
    [1_000, "1,000"],
    [85_321, "85,321"],
    [999_999, "999,999"],
    [1_000_000, "1M"],
    [1_254_000, "1.25M"],
    [12_340_000, "12.3M"],
    [100_000_000, "100M"],
    [999_499_999, "999M"],
    [999_500_000, "1B"],
    [4_500_000_000, "4.5B"],
    [1_234_000_000_000, "1234B"],
  ];
  for (const [count, text] of table) strictEqual(formatCount(count), text);
});

Deno.test("parseBytes() reads what formatBytes() writes for whole units", () => {
  assertProperty(
    fc.property(fc.integer({ min: 1, max: 1023 }), fc.constantFrom(0, 10, 20, 30, 40), (count, power) => {
      strictEqual(parseBytes(formatBytes(count * 2 ** power), any), count * 2 ** power);
    }),
  );
});
