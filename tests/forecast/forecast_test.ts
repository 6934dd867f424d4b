import assert from "node:assert/strict";
import {
  forecastOf,
  type ForecastTarget,
  isEnough,
  keysDefault,
  type Probe,
} from "../../lib/forecast/forecast.ts";
import type { MeasuredFetch } from "../../lib/store/records.ts";
import { Random } from "../../lib/simulate/engine/random.ts";

const day = 86_400_000;

function fetchOf(given: Partial<MeasuredFetch> = {}): MeasuredFetch {
  return {
    key: "k",
    reason: null,
    attempts: 1,
    bytes: 1_000,
    rows: 2,
    storedRows: 2,
    detail: null,
    durationMs: 100,
    ...given,
  };
}

/** A probe whose requests took what its fetches did. */
function probeOf(fetches: readonly MeasuredFetch[], given: Partial<Probe> = {}): Probe {
  const requestMs = fetches.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return {
    fetches,
    requestMs,
    elapsedMs: requestMs,
    unfinished: 0,
    isHeldBack: false,
    storageSize: { fetchBytes: 100, rowBytes: 20 },
    ...given,
  };
}

function outlookOf(given: Partial<ForecastTarget> = {}): ForecastTarget {
  return { keys: 10_000, limits: { inFlight: 8, rates: [] }, attemptsMax: 5, ...given };
}

/** Latencies of an exponential distribution. */
function exponential(count: number, meanMs: number, seed: number): MeasuredFetch[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => fetchOf({ durationMs: -meanMs * Math.log(1 - random.unit()) }));
}

Deno.test("forecastOf() multiplies what every key is like", () => {
  const forecast = forecastOf(probeOf(Array(50).fill(fetchOf())), outlookOf());
  assert.deepEqual(forecast.timeMs, { mean: 125_000, low: 125_000, high: 125_000 });
  assert.deepEqual(forecast.limit, { what: "in_flight", inFlight: 8 });
  assert.deepEqual(forecast.bytes, { mean: 10e6, low: 10e6, high: 10e6 });
  assert.deepEqual(forecast.rows, { mean: 20_000, low: 20_000, high: 20_000 });
  assert.equal(forecast.diskBytes.mean, 10_000 * (100 + 2 * 20));
  assert.deepEqual([forecast.requests, forecast.requestsPerKey], [10_000, 1]);
  assert.deepEqual(forecast.faster, { inFlight: 16, timeMs: 62_500 });
  assert.deepEqual(forecast.failures, []);
});

Deno.test("forecastOf() gives ranges that hold the truth 95 times in 100, where latencies are exponential", () => {
  let held = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const { latencyMs: { mean, low, high } } = forecastOf(probeOf(exponential(400, 20, seed)), outlookOf());
    assert.ok(low !== null && high !== null && low < mean && mean < high);
    if (low <= 20 && 20 <= high) held++;
  }
  assert.ok(held >= 370 && held <= 396, `${held} of 400`);
});

Deno.test("isEnough() is true for what leaves a forecast within 10 % of the truth", () => {
  let worst = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const all = exponential(6_000, 20, seed);
    // Looked at as often as a probe does.
    const count = Array.from({ length: 60 }, (_, look) => 100 * (look + 1))
      .find((count) => isEnough(all.slice(0, count), { inFlight: 8 }));
    assert.ok(count !== undefined && count > 1_500 && count < 4_000, String(count));
    const { latencyMs } = forecastOf(probeOf(all.slice(0, count)), outlookOf());
    worst = Math.max(worst, Math.abs(latencyMs.mean / 20 - 1));
  }
  assert.ok(worst < 0.1, String(worst));
});

Deno.test("isEnough() wants many keys per slot, whatever their latencies", () => {
  const alike = Array<MeasuredFetch>(400).fill(fetchOf());
  assert.equal(isEnough(alike.slice(0, 99), { inFlight: 1 }), false);
  assert.equal(isEnough(alike.slice(0, 100), { inFlight: 1 }), true);
  assert.equal(isEnough(alike.slice(0, 399), { inFlight: 100 }), false);
  assert.equal(isEnough(alike, { inFlight: 100 }), true);
});

Deno.test("forecastOf() knows no range from one key, and no slot from more than there are keys", () => {
  const one = forecastOf(probeOf([fetchOf()]), outlookOf({ keys: 3 }));
  assert.deepEqual(one.timeMs, { mean: 100, low: null, high: null });
  assert.deepEqual(one.bytes, { mean: 3_000, low: null, high: null });
  const only = forecastOf(probeOf([fetchOf()]), outlookOf({ keys: 1 }));
  assert.deepEqual(only.timeMs.mean, 100);
  assert.deepEqual(only.bytes, { mean: 1_000, low: 1_000, high: 1_000 });
});

Deno.test("forecastOf() counts the time of requests that had no answer in the end", () => {
  // Half of the requests hang: the keys that came are half of what the slots were used for.
  const fetches = Array<MeasuredFetch>(10).fill(fetchOf());
  const forecast = forecastOf(probeOf(fetches, { requestMs: 2_000, unfinished: 5 }), outlookOf());
  assert.equal(forecast.timeMs.mean, 250_000);
});

Deno.test("forecastOf() counts retries, and those that a run makes and a probe does not", () => {
  const retried = fetchOf({ attempts: 2, durationMs: 700 });
  const given = { requestMs: 1_100 };
  const passed = forecastOf(probeOf([...Array(9).fill(fetchOf()), retried], given), outlookOf());
  assert.equal(passed.requests, 11_000);
  // 110 ms a key: the wait between two attempts holds no slot.
  assert.equal(Math.round(passed.timeMs.mean), 137_500);
  const down = { ...retried, reason: "http-503" };
  const failed = forecastOf(probeOf([...Array(9).fill(fetchOf()), down], given), outlookOf());
  assert.equal(failed.requests, 14_000);
  assert.equal(forecastOf(probeOf([down], given), outlookOf({ attemptsMax: 1 })).requests, 20_000);
  const gone = { ...fetchOf(), reason: "http-404" };
  assert.equal(forecastOf(probeOf([gone, fetchOf()]), outlookOf()).requests, 10_000);
});

Deno.test("forecastOf() names failures by reason, most frequent first, also where all failed", () => {
  const fetches = [
    fetchOf({ key: "a", reason: "http-404" }),
    fetchOf({ key: "b", reason: "cut" }),
    fetchOf({ key: "c", reason: "cut", detail: "said" }),
  ];
  assert.deepEqual(forecastOf(probeOf(fetches), outlookOf()).failures, [
    { reason: "cut", count: 2, example: "c", detail: "said" },
    { reason: "http-404", count: 1, example: "a", detail: null },
  ]);
});

Deno.test("forecastOf() takes the rate for the limit where it is slower, with the margin that a run keeps", () => {
  const rate = { count: 50, perMs: 1_000 };
  const fetches = Array<MeasuredFetch>(50).fill(fetchOf());
  const limits = { inFlight: 8, rates: [rate] };
  const forecast = forecastOf(probeOf(fetches), outlookOf({ limits }));
  assert.deepEqual(forecast.limit, { what: "rate", rate });
  assert.deepEqual(forecast.timeMs, { mean: 202_000, low: 202_000, high: 202_000 });
  assert.equal(forecast.faster, null);
});

Deno.test("forecastOf() says how much more in flight would help only as far as the rate allows", () => {
  const limits = { inFlight: 8, rates: [{ count: 100, perMs: 1_000 }] };
  const fetches = Array<MeasuredFetch>(50).fill(fetchOf());
  const { faster, limit } = forecastOf(probeOf(fetches), outlookOf({ limits }));
  assert.deepEqual([limit.what, faster], ["in_flight", { inFlight: 16, timeMs: 101_000 }]);
  const close = { inFlight: 8, rates: [{ count: 84, perMs: 1_000 }] };
  assert.equal(forecastOf(probeOf(fetches), outlookOf({ limits: close })).faster, null);
});

Deno.test("forecastOf() counts a budget in windows of which the first begins at once", () => {
  const budget = { count: 1_000, perMs: day };
  const rates = [{ count: 100, perMs: 1_000 }, budget];
  const days = (keys: number) => {
    const limits = { inFlight: 8, rates };
    const { timeMs, limit } = forecastOf(probeOf([fetchOf(), fetchOf()]), outlookOf({ limits, keys }));
    return [timeMs.mean / day / (1 + 1 / 240), limit.what];
  };
  assert.deepEqual(days(1_001), [1, "budget"]);
  assert.deepEqual(days(85_000), [84, "budget"]);
  assert.equal(days(1_000)[1], "in_flight");
  // Alone it is spread evenly.
  const alone = { inFlight: 8, rates: [budget] };
  const { timeMs, limit } = forecastOf(
    probeOf([fetchOf(), fetchOf()]),
    outlookOf({ limits: alone, keys: 85_000 }),
  );
  assert.deepEqual([Math.round(timeMs.mean / day * 100) / 100, limit.what], [85.85, "budget"]);
});

Deno.test("forecastOf() is as fast as a server that holds requests back was", () => {
  const probe = probeOf(Array(10).fill(fetchOf()), { isHeldBack: true, elapsedMs: 10_000 });
  const { timeMs, limit } = forecastOf(probe, outlookOf());
  assert.deepEqual([timeMs.mean, limit.what], [10e6, "refusals"]);
});

Deno.test("forecastOf() stays finite for lists of 100 million keys and answers of gigabytes", () => {
  const fetches = [fetchOf({ bytes: 200 }), fetchOf({ bytes: 3e9 }), fetchOf({ bytes: 0 })];
  const forecast = forecastOf(probeOf(fetches), outlookOf({ keys: 100_000_000 }));
  assert.equal(forecast.requests, 100_000_000);
  assert.ok(Number.isFinite(forecast.bytes.high));
  assert.ok(forecast.largestShare > 0.99);
});

Deno.test("forecastOf() knows the data of a list that was asked as a whole", () => {
  const fetches = [fetchOf({ bytes: 200 }), fetchOf({ bytes: 3_000 })];
  const { bytes } = forecastOf(probeOf(fetches), outlookOf({ keys: 2 }));
  assert.deepEqual(bytes, { mean: 3_200, low: 3_200, high: 3_200 });
});

Deno.test("keysDefault() leaves budgets to the runs", () => {
  assert.equal(keysDefault({ rates: [] }), 10_000);
  assert.equal(keysDefault({ rates: [{ count: 5, perMs: 1_000 }] }), 10_000);
  assert.equal(keysDefault({ rates: [{ count: 5, perMs: 1_000 }, { count: 1_000, perMs: day }] }), 100);
  assert.equal(keysDefault({ rates: [{ count: 5, perMs: day }] }), 1);
});
