/**
 * Unknown fields of a job file that are words of other tools, and that check goes on behind them.
 *
 * @module
 */

import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { MistakesError } from "../../lib/job/diagnostics.ts";
import { loadJob } from "../../lib/job/load_job.ts";
import { base } from "./mistakes.ts";

/** Every message of a wrong job file. */
function mistakesOf(text: string): readonly string[] {
  try {
    loadJob(text, { file: "x.toml", env: () => undefined, secret: () => undefined });
  } catch (error) {
    if (error instanceof MistakesError) return error.mistakes;
    throw error;
  }
  return [];
}

/** A field as another tool has it, and what the message must name. */
const words: readonly (readonly [lines: string, named: RegExp])[] = [
  ['[request]\nmethod = "POST"', /^request\.method: .*every request is a GET/],
  ["[request]\nparams = { limit = 10 }", /^request\.params: .*write the query into request\.url/],
  ['[request]\njson = { a = "{key}" }', /^request\.json: .*no body yet/],
  [
    '[request]\nauth = { type = "bearer" }',
    /^request\.auth: .*headers = \{ authorization = "Bearer \{secret\./,
  ],
  ['[request]\nproxy = "http://p"', /^request\.proxy: .*no proxy setting yet/],
  ["[request]\nverify = false", /^request\.verify: .*certificates are always checked/],
  ["[request]\nfollow_redirects = true", /^request\.follow_redirects: .*request\.redirect_hosts/],
  ['[auth]\ntype = "bearer"', /^auth: .*authorization = "Bearer \{secret\.API_TOKEN\}"/],
  ['[authenticator]\ntype = "x"', /^authenticator: .*secret/],
  ['[pagination]\ntype = "cursor"', /^pagination: .*\[paging\] style = "none"/],
  ['[paginator]\ntype = "x"', /^paginator: .*pages are not followed yet/],
  ['[incremental]\ncursor_path = "x"', /^incremental: .*\[window\]/],
  ['[endpoint]\npath = "x"', /^endpoint: .*request\.url/],
  ['[rows]\nrecords_path = "data"', /^rows\.records_path: .*rows\.path/],
  ['[rows]\ndata_selector = "data"', /^rows\.data_selector: .*rows\.path/],
  ['[rows]\nprimary_key = "id"', /^rows\.primary_key: .*not there yet/],
  ["[limits]\nconcurrency = 5", /^limits\.concurrency: .*limits\.in_flight/],
  ["[limits]\nmaxConcurrency = 5", /^limits\.maxConcurrency: .*limits\.in_flight/],
  ["[limits]\nrate-limit = 5", /^limits\.rate-limit: .*rate = "50\/s"/],
  ["[limits]\ntimeout = 5", /^limits\.timeout: .*request\.timeout/],
  ["[retry]\nmax_retries = 5", /^retry\.max_retries: .*retry\.attempts/],
  ["[retry]\nbackoff = 5", /^retry\.backoff: .*cannot be set/],
  ['[destination]\ndatabase = "x"', /^destination: .*--db FILE/],
  ['[schedule]\ncron = "x"', /^schedule: .*init JOB --systemd/],
  ['[vars]\na = "x"', /^vars: .*\[set\]/],
  // No word of another tool, but a field of another table.
  ["[request]\nin_flight = 5", /^request\.in_flight: .*it belongs to \[limits\]$/],
  ["[limits]\nattempts = 5", /^limits\.attempts: .*it belongs to \[retry\]$/],
  // A misspelling is nearer than a word.
  ["[request]\nheader = {}", /^request\.header: .*did you mean "headers"$/],
];

Deno.test("loadJob() names the field to use for a word of another tool, or that it is not there yet", () => {
  for (const [lines, named] of words) {
    const [table = "", ...fields] = lines.split("\n");
    const text = base.includes(`${table}\n`)
      ? base.replace(table, `${table}\n${fields.join("\n")}`)
      : `${base}${lines}\n`;
    const found = mistakesOf(text);
    strictEqual(found.length, 1, found.join("\n"));
    const [, message = ""] = /^x\.toml:\d+:\d+: (.*)$/.exec(found[0] ?? "") ?? [];
    match(message, named, message);
    match(message, /: is not a known field: /);
  }
});

Deno.test("loadJob() finds the mistakes behind unknown fields and wrong limits", () => {
  const text = `name = "j"
[pagination]
type = "cursor"
[request]
method = "POST"
url = "https://h/{id}"
[limits]
in_flight = 0
[retry]
attempts = 0
[rows]
path = "items"
within_window = "ts"
[rows.columns]
a = { path = "$.a[*]" }
`;
  const fields = mistakesOf(text).map((message) => message.split(": ", 2).join(": "));
  deepStrictEqual(fields, [
    "x.toml:2:2: pagination",
    "x.toml:5:1: request.method",
    "x.toml:6:7: request.url",
    "x.toml:8:13: limits.in_flight",
    "x.toml:10:12: retry.attempts",
    "x.toml:12:8: rows.path",
    "x.toml:13:17: rows.within_window",
    "x.toml:13:17: rows.within_window",
    "x.toml:15:14: rows.columns.a.path",
  ]);
});

Deno.test("loadJob() judges the rest of a file as if misspelled fields were spelled right", () => {
  const windw = `${base.replace("{key}", "{key}?d={window.start}")}[windw]\nevery = "1d"\n`;
  deepStrictEqual(mistakesOf(windw), ['x.toml:6:2: windw: is not a known field: did you mean "window"']);
  const typ = `${base.replace("$[*]", "$[")}within_window = "ts"
[window]
every = "1d"
[rows.columns]
ts = { path = "$.ts", typ = "time" }
`;
  deepStrictEqual(mistakesOf(typ).map((message) => message.split(": ", 2).join(": ")), [
    "x.toml:5:8: rows.path",
    "x.toml:10:23: rows.columns.ts.typ",
  ]);
});

Deno.test("loadJob() judges no rest of a file in which [set] is wrong, as placeholders depend on it", () => {
  const text = `${base.replace("$[*]", "$[").replace("{key}", "{key}/{set.a}")}[set]\na = 1\n`;
  deepStrictEqual(mistakesOf(text).map((message) => message.split(": ", 2).join(": ")), [
    "x.toml:7:5: set.a",
  ]);
});
