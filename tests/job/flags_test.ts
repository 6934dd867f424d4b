/**
 * Jobs made from flags, and flags that override a job.
 *
 * @module
 */

import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { type JobFlags, jobFromFlags } from "../../lib/job/from_flags.ts";
import type { Job } from "../../lib/job/job.ts";
import { type JobOverrides, overrideJob } from "../../lib/job/override.ts";

const url = "https://api.example:8080/{key}";
const context = { env: () => undefined, secret: () => undefined };
const job = jobFromFlags({ url, rows: "$" }, context);

function columnOf(column: string) {
  return jobFromFlags({ url, rows: "$", columns: [column] }, context).tables[0].columns[0];
}

Deno.test("jobFromFlags() makes a complete job from a URL and a path", () => {
  strictEqual(job.name, "api.example-8080");
  strictEqual(job.text, `name = "api.example-8080"\n[request]\nurl = "${url}"\n[rows]\npath = "$"\n`);
  deepStrictEqual(job.keys, { kind: "stdin" });
  deepStrictEqual(job.tables, [{
    name: "rows",
    path: "$",
    columns: [{ name: "value", path: "$", type: "any" }],
    max: 1e8,
  }]);
});

Deno.test("jobFromFlags() names the job after the host when no name is given", () => {
  const nameOf = (host: string) => jobFromFlags({ url: `http://${host}/{key}`, rows: "$" }, context).name;
  strictEqual(nameOf("127.0.0.1:80"), "127.0.0.1-80");
  strictEqual(nameOf("[::1]:80"), "1-80");
  strictEqual(nameOf("me:secret@h.example"), "h.example");
  strictEqual(jobFromFlags({ url, rows: "$", name: "mine" }, context).name, "mine");
});

Deno.test("jobFromFlags() separates the path of a column from its type", () => {
  const table: readonly (readonly [string, string, string, string])[] = [
    ["a=$.b", "a", "$.b", "any"],
    ["a=$.b:integer", "a", "$.b", "integer"],
    ["a=$['b:text']", "a", "$['b:text']", "any"],
    ["a=$['b:text']:text", "a", "$['b:text']", "text"],
    ["a=$['b=c']", "a", "$['b=c']", "any"],
    ["a=$['\"\\\\']:json", "a", "$['\"\\\\']", "json"],
    ["a=$['\x7f\u2028é']", "a", "$['\x7f\u2028é']", "any"],
  ];
  for (const [flag, name, path, type] of table) deepStrictEqual(columnOf(flag), { name, path, type }, flag);
});

Deno.test("jobFromFlags() keeps the order of columns", () => {
  const { tables } = jobFromFlags({ url, rows: "$", columns: ["z=$.z", "a=$.a", "m=$.m"] }, context);
  deepStrictEqual(tables[0].columns.map(({ name }) => name), ["z", "a", "m"]);
});

const wrongFlags: readonly (readonly [Partial<JobFlags>, string])[] = [
  [{ url: "h/{key}" }, '--url: must begin with http:// or https://: found "h/{key}"'],
  [{ url: "https://h/" }, '--url: must contain {key}: found "https://h/"'],
  [
    { url: "https://h/{kee}" },
    "--url: must use only the placeholders {key}, {env.NAME} and {secret.NAME}: found {kee}",
  ],
  [{ rows: "items" }, '--rows: Cannot read the path "items": a path begins with $, at character 1'],
  [
    { name: "a b" },
    '--name: must be 1 to 100 letters, digits, dots, hyphens or underscores, the first a letter or digit: found "a b"',
  ],
  [{ columns: ["a"] }, '--column: must be NAME=PATH or NAME=PATH:TYPE: found "a"'],
  [{ columns: ["=$"] }, '--column: must be NAME=PATH or NAME=PATH:TYPE: found "=$"'],
  [{ columns: ["a=$", "a=$.b"] }, "--column a: must be given once: found twice"],
  [{ columns: ["a=$", "A=$.b"] }, "--column A: must be a name of its own: taken are fetch, row, a"],
  [{ columns: ["a=b"] }, '--column a: Cannot read the path "b": a path begins with $, at character 1'],
  [{ columns: ["a=$:int"] }, '--column a: must be one of integer, text, real, time, json, any: found "int"'],
  [
    { columns: ["a=$[*]"] },
    '--column a: Cannot use the path "$[*]" for a column as it may select several values: ' +
    "select the array itself and get its JSON text",
  ],
  [
    { columns: ["a-b=$"] },
    '--column a-b: must be a name of 1 to 63 letters, digits and underscores, the first no digit: found "a-b"',
  ],
];

Deno.test("jobFromFlags() names the flag when its value is wrong", () => {
  for (const [flags, message] of wrongFlags) {
    throws(() => jobFromFlags({ url, rows: "$", ...flags }, context), { name: "UsageError", message });
  }
});

Deno.test("overrideJob() changes nothing when no flag is given", () => {
  deepStrictEqual(overrideJob(job, {}), job);
  const none: JobOverrides = { keys: undefined, inFlight: undefined, rate: undefined };
  deepStrictEqual(overrideJob(job, none), job);
});

Deno.test("overrideJob() replaces fields of the job by flags", () => {
  const changed = overrideJob(job, { keys: "-", inFlight: 10_000, rate: "5/min", batch: 1, minCoverage: 1 });
  deepStrictEqual(changed.limits, { inFlight: 10_000, rates: [{ count: 5, perMs: 60_000 }], batch: 1 });
  strictEqual(changed.accept.minCoverage, 1);
  strictEqual(changed.text, job.text);
  deepStrictEqual(changed.keys, { kind: "stdin" });
  deepStrictEqual(overrideJob(job, { keys: "a/k.txt" }).keys, { kind: "file", file: "a/k.txt" });
  const range = { kind: "range", first: 1, last: 2 } as const;
  strictEqual(overrideJob(job, { keys: range }).keys, range);
});

Deno.test("overrideJob() switches automatic limits on and off and keeps in_flight_max", () => {
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
  deepStrictEqual(limitsOf(found, { inFlight: 3, rate: "5/s" }), { inFlight: 3, rates });
  const capped = { ...job, limits: { inFlight: 40, rates, auto: { inFlight: true, rate: true } } };
  deepStrictEqual(limitsOf(capped, { inFlight: "auto" }), capped.limits);
  deepStrictEqual(limitsOf(capped, { rate: "auto" }).rates, []);
});

const wrongOverrides: readonly (readonly [JobOverrides, string])[] = [
  [{ inFlight: 0 }, '--in-flight: must be a whole number from 1 to 10000, or "auto": found 0'],
  [{ inFlight: 1.5 }, '--in-flight: must be a whole number from 1 to 10000, or "auto": found 1.5'],
  [{ inFlight: NaN }, '--in-flight: must be a whole number from 1 to 10000, or "auto": found NaN'],
  [{ batch: 50_001 }, "--batch: must be a whole number from 1 to 50000: found 50001"],
  [{ minCoverage: 99 }, "--min-coverage: must be a number from 0 to 1: found 99"],
  [{ minCoverage: -0.1 }, "--min-coverage: must be a number from 0 to 1: found -0.1"],
  [
    { rate: "5" },
    '--rate: must be a whole number above 0 and /s, /min, /h or /day, such as "50/s", or "auto": found "5"',
  ],
  [{ keys: "" }, '--keys: must be the name of a file, or "-" for standard input: found ""'],
];

Deno.test("overrideJob() names the flag when its value is wrong", () => {
  for (const [overrides, message] of wrongOverrides) {
    throws(() => overrideJob(job, overrides), { name: "UsageError", message });
  }
});
