/**
 * The identity of a run: which changes of a job keep it, which do not, and that it stays the same across versions.
 *
 * @module
 */

import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { changedFields, fieldFingerprints, identityOf } from "../../lib/job/identity.ts";
import { inlineJob } from "../../lib/job/inline_job.ts";
import type { Job } from "../../lib/job/job.ts";
import { type LoadContext, loadJob } from "../../lib/job/load_job.ts";
import { overrideJob } from "../../lib/job/override.ts";
import { presets } from "../../lib/job/presets.ts";

const everyField = await Deno.readTextFile(new URL("../../fixtures/jobs/every_field.toml", import.meta.url));

const outside: LoadContext = {
  file: "/jobs/x.toml",
  env: (name) => ["APP", "TRAWL_SOURCEAPP"].includes(name) ? "app" : undefined,
  secret: (name) => name === "TOKEN" ? "s3cret" : undefined,
};

function load(text: string, change: Partial<LoadContext> = {}): Job {
  return loadJob(text, { ...outside, ...change });
}

/** The fields whose change changes the identity; both must tell the same. */
async function changes(before: Job, after: Job): Promise<string[]> {
  const changed = changedFields(await fieldFingerprints(before), await fieldFingerprints(after));
  strictEqual(await identityOf(before) === await identityOf(after), changed.length === 0, changed.join());
  return changed;
}

/** The fields that change when `text` of the job with every field is replaced. */
async function changesBy(text: string, other: string): Promise<string[]> {
  ok(everyField.includes(text), text);
  return await changes(load(everyField), load(everyField.replace(text, other)));
}

Deno.test("identityOf() gives the identities that earlier versions stored", async () => {
  strictEqual(
    await identityOf(load(everyField)),
    "e995b93d9abadae217c968760861b111fc3b2647b033a3dc1146b727fb72bd14",
  );
  const minimal = inlineJob({ url: "https://h.example/{key}", rows: "$.items[*]" }, outside);
  strictEqual(await identityOf(minimal), "9c2e49435af16b90bb5f09287104863617bb8d366b5d06ffe836a72cc7e7c796");
  const file = load('name = "j"\nkeys.file = "k.txt"\nrequest.url = "https://h/{key}"\nrows.path = "$[*]"\n');
  strictEqual(await identityOf(file), "775fd2de18fb15c6bcfc1545e21c34150c09a33f92700b5414f5f6565572fe7d");
  strictEqual(
    await identityOf(load(presets["ripestat-updates"]?.text ?? "")),
    "e8a386da5f1e9e252b8a1b6e9c8d0c759406f79c904fe47c3a7a113ecf65950d",
  );
});

Deno.test("identityOf() stays when a field changes that decides neither what is asked nor what is stored", async () => {
  const same: readonly (readonly [text: string, other: string])[] = [
    ["# A job file", "# Another comment, and\n\n   # white space\n#"],
    ['name = "every-field"', 'keep = "90d"\nname = "other"'],
    ['lag = "90m"', 'lag = "1s"'],
    ["catch_up = 24", "catch_up = 1"],
    ['timeout = { connect = "5s", first_byte = "2m", idle = "500ms", total = "1h" }', ""],
    ['max_body = "64MiB"', 'max_body = "1GiB"'],
    ['redirect_hosts = ["CDN.example"', 'redirect_hosts = ["other.example"'],
    ["in_flight = 100", "in_flight = 4"],
    ['rate = ["100/s"', 'rate = ["1/s"'],
    ["batch = 500", ""],
    ['share = "api.example"', ""],
    ["attempts = 3", "attempts = 1"],
    ['outage = "10m"', 'outage = "1h"'],
    ["failed_windows = 2", ""],
    ["min_coverage = 0.5", "min_coverage = 1"],
    ['count = "$.total"\nheaders', "headers"],
    [", index = true", ""],
    ['every = "1h"', "every = '60m'"],
    ["authorization =", "Authorization ="],
    ['other = { path = "$.other" }', 'other = { type = "any", path = "$.other" }'],
  ];
  for (const [text, other] of same) deepStrictEqual(await changesBy(text, other), [], text);
});

Deno.test("identityOf() stays when a secret has another value, and when tables are in another order", async () => {
  const secret = () => "another";
  deepStrictEqual(await changes(load(everyField), load(everyField, { secret })), []);
  const lines = 'x-key = "{key}"\naccept = "application/json"\nauthorization = "Bearer {secret.TOKEN}"\n';
  const headers = everyField.replace(/^headers = .*x-key.*$/m, "").replace(
    "[limits]",
    `[request.headers]\n${lines}[limits]`,
  );
  deepStrictEqual(await changes(load(everyField), load(headers)), []);
  const [head = "", ...tables] = everyField.split(/^(?=\[)/m);
  const isRule = (table: string) => table.startsWith("[[");
  const turned = [...tables.filter((table) => !isRule(table)).reverse(), ...tables.filter(isRule)];
  deepStrictEqual(await changes(load(everyField), load([head, ...turned].join(""))), []);
});

Deno.test("identityOf() changes with each field that decides what is asked or stored", async () => {
  const other: readonly (readonly [text: string, other: string, field: string])[] = [
    ["/keys?app={env.APP}", "/keys", "keys.url"],
    ['path = "$.keys[*]"', 'path = "$[*]"', "keys.path"],
    ['headers = { accept = "application/json" }', "", "keys.headers"],
    ['control = ["first", "second"]', 'control = ["second", "first"]', "keys.control"],
    ['every = "1h"', 'every = "2h"', "window.every"],
    ["/v1/{key}", "/v2/{key}", "request.url"],
    ["&token={secret.TOKEN}", "&token={set.host}", "request.url"],
    ['x-key = "{key}"', 'x-key = "{{key}}"', "request.headers"],
    ['[paging]\nstyle = "none"\n', "", "paging.style"],
    ['type = "any" }\n', 'type = "object" }\n', "accept.require"],
    ['require = { path = "$.items", type = "any" }', "", "accept.require"],
    ['count = "$.total"\nmin_coverage', "min_coverage", "accept.count"],
    ['"$.id" = "{key}", ', "", "accept.equals"],
    ['contains = "try later"', 'contains = "try"', "accept.fail_if"],
    ['path = "$.items[*]"', 'path = "$.items[?@.a]"', "rows.path"],
    ['table = "items"', 'table = "item"', "rows.table"],
    ["max = 1000", "max = 1001", "rows.max"],
    ['within_window = "at"', "", "rows.within_window"],
    ['kind = { path = "$.kind", type = "text" }', "", "rows.columns"],
    ['type = "integer"', 'type = "real"', "rows.columns"],
    ['by = "at"\nevery = "1m"', 'by = "at"\nevery = "2m"', "rows.count"],
  ];
  for (const [text, change, field] of other) {
    deepStrictEqual(await changesBy(text, change), [field], text);
  }
  const host = { host: "https://other.example" };
  deepStrictEqual(await changes(load(everyField), load(everyField, { set: host })), [
    "keys.url",
    "request.url",
  ]);
  const env = () => "another";
  deepStrictEqual(await changes(load(everyField), load(everyField, { env })), ["keys.url"]);
});

Deno.test("identityOf() changes with --keys, but not with the way to name the same file", async () => {
  const job = load(everyField);
  const withKeys = (file: string) => overrideJob(job, { keys: { kind: "file", file } });
  deepStrictEqual(await changes(job, withKeys("/k.txt")), [
    "keys.file",
    "keys.headers",
    "keys.path",
    "keys.url",
  ]);
  deepStrictEqual(await changes(withKeys("/k.txt"), withKeys("/l.txt")), ["keys.file"]);
  deepStrictEqual(await changes(withKeys("k.txt"), withKeys(`${Deno.cwd()}/a/../k.txt`)), []);
  deepStrictEqual(await changes(withKeys("/dev/fd/63"), withKeys("/dev/fd/62")), []);
  deepStrictEqual(await changes(withKeys("/dev/fd/63"), overrideJob(job, { keys: { kind: "stdin" } })), []);
  const speed = { inFlight: 1, rate: "auto", batch: 9, minCoverage: 0 } as const;
  deepStrictEqual(await changes(job, overrideJob(job, speed)), []);
});

Deno.test("fieldFingerprints() holds no value of a field", async () => {
  const found = JSON.stringify(await fieldFingerprints(load(everyField)));
  for (const text of ["s3cret", "app", "api.example", "first"]) ok(!found.includes(text), text);
  notStrictEqual(await identityOf(load(everyField)), "");
});
