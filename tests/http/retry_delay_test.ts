import assert from "node:assert/strict";
import fc from "fast-check";
import {
  backoffTuning,
  isTransientStatus,
  parseRetryAfter,
  retryDelayMs,
} from "../../lib/http/retry_delay.ts";
import { httpLimits } from "../../lib/limits.ts";
import { assertProperty } from "../support/property.ts";

const nowMs = Date.parse("1994-11-06T08:49:00Z");

const headers: readonly (readonly [string, number | undefined])[] = [
  ["0", 0],
  ["1", 1_000],
  [" 120 ", 120_000],
  ["007", 7_000],
  ["99999999999999", 99_999_999_999_999_000],
  ["Sun, 06 Nov 1994 08:49:37 GMT", 37_000],
  ["Sunday, 06-Nov-94 08:49:37 GMT", 37_000],
  ["Sun Nov  6 08:49:37 1994", 37_000],
  ["Sun, 06 Nov 1994 08:48:00 GMT", 0],
  ["", undefined],
  ["-1", undefined],
  // A fraction is rounded up; of several fields, joined by commas, the longest counts.
  ["1.5", 2_000],
  ["2, 7", 7_000],
  ["7,2", 7_000],
  ["120, Sun, 06 Nov 1994 08:49:37 GMT", 120_000],
  ["Sun, 06 Nov 1994 08:49:37 GMT, 5", 37_000],
  ["Sun, 06 Nov 1994 08:49:37 GMT, Sunday, 06-Nov-94 08:49:50 GMT", 50_000],
  ["soon, 5", 5_000],
  ["5, soon", undefined],
  ["1.5.2", undefined],
  ["1e3", undefined],
  ["soon", undefined],
  ["Retry later 5", undefined],
  ["Sun, 99 Foo 1994 08:49:37 GMT", undefined],
  ["1994-11-06T08:49:37Z", undefined],
];

for (const [header, expected] of headers) {
  Deno.test(`parseRetryAfter() reads "${header}" as ${expected}`, () => {
    assert.equal(parseRetryAfter(header, nowMs), expected);
  });
}

Deno.test("retryDelayMs() draws between 0 and a bound that doubles up to the largest", () => {
  const bounds = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
  for (const [index, bound] of bounds.entries()) {
    const failed = { attempts: index + 1, attemptsMax: 100, retryAfterMs: undefined };
    assert.equal(retryDelayMs(failed, 0), 0);
    assert.equal(retryDelayMs(failed, 0.5), bound / 2);
  }
});

Deno.test("retryDelayMs() keeps within its bounds for any attempt and any header", () => {
  const failed = fc.record({
    attempts: fc.integer({ min: 1, max: 2_000 }),
    attemptsMax: fc.integer({ min: 1, max: 2_000 }),
    retryAfter: fc.option(fc.oneof(fc.string(), fc.nat().map(String))),
  });
  assertProperty(
    fc.property(failed, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (it, random) => {
      const retryAfterMs = it.retryAfter === null ? undefined : parseRetryAfter(it.retryAfter, nowMs);
      const delayMs = retryDelayMs({ ...it, retryAfterMs }, random);
      if (it.attempts >= it.attemptsMax) return delayMs === undefined;
      return delayMs === undefined || (delayMs >= 0 && delayMs <= httpLimits.retryAfterMaxMs);
    }),
  );
});

Deno.test("retryDelayMs() obeys the server's delay, and is undefined when that is too long", () => {
  const ask = (retryAfter: string, attempts = 1) =>
    retryDelayMs({ attempts, attemptsMax: 3, retryAfterMs: parseRetryAfter(retryAfter, nowMs) }, 0.999);
  assert.equal(ask("7"), 7_000);
  assert.equal(ask("7", 2), 7_000);
  assert.equal(ask("7", 3), undefined);
  assert.equal(ask("3600"), httpLimits.retryAfterMaxMs);
  assert.equal(ask("3601"), undefined);
  assert.equal(ask("99999999999999"), undefined);
  assert.equal(ask("Mon, 07 Nov 1994 08:49:00 GMT"), undefined);
  assert.equal(ask("whenever"), 0.999 * backoffTuning.baseMs);
});

Deno.test("isTransientStatus() is true for statuses that another attempt may change", () => {
  const transient = [408, 425, 429, 500, 502, 503, 504, 507, 520, 599];
  const final = [200, 301, 304, 400, 401, 403, 404, 410, 451, 501, 505];
  for (const status of transient) assert.ok(isTransientStatus(status), String(status));
  for (const status of final) assert.ok(!isTransientStatus(status), String(status));
});
