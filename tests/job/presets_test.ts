/**
 * Presets load, and names resolve to jobs.
 *
 * @module
 */

import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import type { Job } from "../../lib/job/job.ts";
import { loadJob } from "../../lib/job/load_job.ts";
import { presets, resolveJobName } from "../../lib/job/presets.ts";
import { RequestBuilder } from "../../lib/job/request_builder.ts";

const window = { startMs: Date.UTC(2026, 10, 20), endMs: Date.UTC(2026, 10, 21) };

function urlOf(job: Job, key: string): string {
  return RequestBuilder.of(job, window).first([{ key }]).url;
}

function load(name: string, set?: Readonly<Record<string, string>>) {
  const { text = "" } = presets[name] ?? {};
  const env = (variable: string) => variable === "TRAWL_SOURCEAPP" ? "test-app" : undefined;
  return loadJob(text, { file: name, set, env, secret: () => undefined });
}

for (const [name, { summary, text }] of Object.entries(presets)) {
  Deno.test(`presets: ${name} loads with its own name`, () => {
    strictEqual(load(name).name, name);
  });

  Deno.test(`presets: ${name} has a summary, comments and short lines`, () => {
    match(summary, /^[^\n]{20,90}$/);
    const comments = text.split("\n").filter((line) => line.includes("#"));
    ok(comments.length * 5 >= text.split("\n").length, `${comments.length} comments`);
    for (const line of text.split("\n")) ok(line.length <= 115 || line.startsWith("url"), line);
  });
}

Deno.test("presets: ripestat-updates requests the updates of one UTC day and counts them", () => {
  const job = load("ripestat-updates");
  strictEqual(
    urlOf(job, "12654"),
    "https://stat.ripe.net/data/bgp-updates/data.json?resource=AS12654" +
      "&starttime=2026-11-20T00%3A00%3A00&endtime=2026-11-21T00%3A00%3A00&unix_timestamps=TRUE&sourceapp=test-app",
  );
  deepStrictEqual(job.control, ["12654"]);
  deepStrictEqual(job.tables[0].count, { by: "ts", everyMs: 60_000 });
  strictEqual(job.tables[0].withinWindow, "ts");
  strictEqual(job.accept.count, "$.data.nr_updates");
  strictEqual(job.limits.inFlight, 8);
});

Deno.test("presets: ripestat-activity requests hourly samples", () => {
  const job = load("ripestat-activity");
  const query = new URL(urlOf(job, "3333")).searchParams;
  deepStrictEqual(Object.fromEntries(query), {
    resource: "AS3333",
    starttime: "2026-11-20T00:00:00",
    endtime: "2026-11-21T00:00:00",
    min_sampling_period: "3600",
    max_samples: "0",
    hide_empty_samples: "true",
    sourceapp: "test-app",
  });
  strictEqual(job.tables[0].name, "activity");
  strictEqual(job.tables[0].count, undefined);
});

Deno.test("presets: every preset uses another host when set.host is given", () => {
  for (const name of Object.keys(presets)) {
    const job = load(name, { host: "http://127.0.0.1:8080" });
    match(urlOf(job, "1"), /^http:\/\/127\.0\.0\.1:8080\/data\//);
    ok(!JSON.stringify([job.keys, job.request]).includes("stat.ripe.net"));
  }
});

Deno.test("resolveJobName() gives the text of a preset", async () => {
  const { text } = await resolveJobName("ripestat-updates", () => Promise.reject(new Error("read")));
  strictEqual(text, presets["ripestat-updates"]?.text);
});

Deno.test("resolveJobName() reads a file when the name contains a slash or ends in .toml", async () => {
  const read = (file: string) => Promise.resolve(`text of ${file}`);
  for (const file of ["job.toml", "./ripestat-updates", "jobs/x"]) {
    deepStrictEqual(await resolveJobName(file, read), { file, text: `text of ${file}` });
  }
});

Deno.test("resolveJobName() lists the presets when the name is unknown", async () => {
  const hint = (name: string) =>
    `Cannot find the job "${name}": it must be a preset (ripestat-updates, ripestat-activity) or a TOML file ` +
    `such as ./${name}.toml`;
  await rejects(resolveJobName("sweep"), { name: "UsageError", message: hint("sweep") });
  await rejects(resolveJobName("toString"), { name: "UsageError", message: hint("toString") });
  await rejects(resolveJobName("ripestat_update"), {
    name: "UsageError",
    message: `${hint("ripestat_update")} (did you mean "ripestat-updates")`,
  });
  await rejects(resolveJobName("/nowhere/x.toml"), {
    name: "UsageError",
    message: 'Cannot read the job file "/nowhere/x.toml": there is no such file',
  });
});
