/**
 * The text of a forecast, and the cautions that come with it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { cautionsOf, fitsOnDisk, type ForecastBasis } from "../../lib/forecast/cautions.ts";
import type { Forecast } from "../../lib/forecast/forecast.ts";
import { planText, type PlanView } from "../../lib/view/forecast_text.ts";

const forecast: Forecast = {
  keys: 85_000,
  requests: 86_000,
  requestsPerKey: 86 / 85,
  latencyMs: { mean: 22.3, low: 22, high: 23 },
  timeMs: { mean: 240_000, low: 228_000, high: 247_000 },
  limit: { what: "in_flight", inFlight: 8 },
  bytes: { mean: 1_048_576, low: null, high: null },
  largestBytes: 500_000,
  largestShare: 0.05,
  rows: { mean: 85_000, low: 85_000, high: 85_000 },
  diskBytes: { mean: 1_000_000, low: 900_000, high: 2_097_152 },
  faster: { inFlight: 16, timeMs: 119_000 },
  failures: [],
};

const basis: ForecastBasis = {
  probed: 2_125,
  givenUp: 0,
  isControlOnly: false,
  isAuto: false,
  freeBytes: 1_073_741_824,
};

function textOf(changes: Partial<PlanView> = {}): string {
  return planText({
    ...basis,
    job: "hello",
    window: undefined,
    database: "a.db",
    forecast,
    control: 1,
    unfinishedRun: undefined,
    elapsedMs: 6_100,
    cautions: [],
    fits: true,
    ...changes,
  });
}

Deno.test("planText() has the estimates with their ranges, and the bottleneck", () => {
  assert.equal(
    textOf(),
    [
      "hello: forecast from 2,125 keys asked in 6.1s",
      "  keys        85,000 and 1 control key",
      "  requests    86,000, 1.2 % of them retries",
      "  time        3m 48s to 4m 7s; a request takes 22.3ms",
      "  data        about 1 MiB",
      "  rows        85,000",
      "  disk        878.9 KiB to 2 MiB in a.db, where 1 GiB are free",
      "  limited by  the job's limit on requests in flight: 85,000 × 22.3ms ÷ 8",
      "  faster      1m 59s with in_flight = 16, if the API allows it",
      "",
    ].join("\n"),
  );
});

Deno.test("planText() names the unfinished run, a quota and each caution", () => {
  const text = textOf({
    window: "2026-11-20",
    control: 0,
    unfinishedRun: { run: 3, done: 1_000 },
    forecast: {
      ...forecast,
      limit: { what: "budget", rate: { count: 400, perMs: 86_400_000 } },
      faster: null,
    },
    cautions: [{ kind: "given-up", requests: 1 }, { kind: "few-keys" }],
  }).split("\n");
  assert.equal(text[0], "hello for 2026-11-20: forecast from 2,125 keys asked in 6.1s");
  assert.equal(text[1], "  keys        85,000 left of run 3: 1,000 have a verdict");
  assert.equal(text[7], "  limited by  the job's quota: 400/day");
  assert.match(text[8] ?? "", /^ {2}caution {5}1 request got no answer within the probe/);
  assert.match(text[9] ?? "", /^ {2}caution {5}the probe was small; --probe N asks N keys/);
});

Deno.test("cautionsOf() doubts a forecast for each reason, most important first", () => {
  const kinds = (changes: Partial<ForecastBasis>, more: Partial<Forecast> = {}) =>
    cautionsOf({ ...forecast, ...more }, { ...basis, ...changes }).map(({ kind }) => kind);
  assert.deepEqual(kinds({}), []);
  assert.deepEqual(kinds({ freeBytes: 2_097_152 }), []);
  assert.deepEqual(kinds({ freeBytes: 2_097_151, givenUp: 2, isAuto: true }), [
    "disk-full",
    "given-up",
    "tuning",
  ]);
  assert.deepEqual(kinds({ freeBytes: undefined }), []);
  assert.deepEqual(kinds({}, { largestShare: 0.11 }), ["heavy-answer"]);
  assert.deepEqual(kinds({ probed: 85_000 }, { largestShare: 0.11 }), []);
  assert.deepEqual(kinds({ probed: 29 }), ["few-keys"]);
  assert.deepEqual(kinds({ probed: 30 }), []);
  assert.deepEqual(kinds({ probed: 29, isControlOnly: true }), ["control-only"]);
  assert.equal(fitsOnDisk(forecast, undefined), undefined);
});
