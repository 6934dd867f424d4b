/**
 * Values that override fields of a job.
 *
 * @module
 */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { inlineJob } from "../../lib/job/inline_job.ts";
import type { Job } from "../../lib/job/job.ts";
import { type JobOverrides, overrideJob } from "../../lib/job/override.ts";

const job = inlineJob({ url: "https://api.example/{key}", rows: "$" }, {
  env: () => undefined,
  secret: () => undefined,
});

const perMinute = { count: 5, perMs: 60_000 };

Deno.test("overrideJob() changes nothing without values", () => {
  deepStrictEqual(overrideJob(job, {}), job);
  const none: JobOverrides = { keys: undefined, inFlight: undefined, rate: undefined };
  deepStrictEqual(overrideJob(job, none), job);
});

Deno.test("overrideJob() replaces the fields of the job", () => {
  const changed = overrideJob(job, {
    keys: { kind: "stdin" },
    inFlight: 10_000,
    rate: perMinute,
    batch: 1,
    minCoverage: 1,
  });
  deepStrictEqual(changed.limits, { inFlight: 10_000, rates: [perMinute], batch: 1 });
  strictEqual(changed.accept.minCoverage, 1);
  strictEqual(changed.text, job.text);
  deepStrictEqual(changed.keys, { kind: "stdin" });
  const range = { kind: "range", first: 1, last: 2 } as const;
  strictEqual(overrideJob(job, { keys: range }).keys, range);
});

Deno.test("overrideJob() turns automatic limits on and off, and keeps the cap of the job", () => {
  const rates = [{ count: 5, perMs: 1_000 }];
  const fixed = { ...job, limits: { inFlight: 8, rates } };
  const limitsOf = (from: Job, overrides: JobOverrides) => overrideJob(from, overrides).limits;
  const found = overrideJob(fixed, { inFlight: "auto", rate: "auto" });
  deepStrictEqual(found.limits, { inFlight: 1_000, rates: [], auto: { inFlight: true, rate: true } });
  deepStrictEqual(limitsOf(fixed, { inFlight: "auto" }), {
    inFlight: 1_000,
    rates,
    auto: { inFlight: true, rate: false },
  });
  deepStrictEqual(limitsOf(found, { inFlight: 3, rate: { count: 5, perMs: 1_000 } }), { inFlight: 3, rates });
  const capped = { ...job, limits: { inFlight: 40, rates, auto: { inFlight: true, rate: true } } };
  deepStrictEqual(limitsOf(capped, { inFlight: "auto" }), capped.limits);
  deepStrictEqual(limitsOf(capped, { rate: "auto" }).rates, []);
});
