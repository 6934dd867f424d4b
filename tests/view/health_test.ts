import assert from "node:assert/strict";
import type { JobState, RunRecord } from "../../lib/store/records.ts";
import { healthLine } from "../../lib/view/health.ts";
import { metricsText } from "../../lib/view/metrics_text.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");
const hourMs = 3_600_000;

function run(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    id: 7,
    job: "days",
    text: "",
    sha256: "",
    windowStart: "2026-11-21T00:00:00Z",
    windowEnd: "2026-11-22T00:00:00Z",
    state: "finished",
    reason: null,
    started: "2026-11-22T03:10:00Z",
    ended: "2026-11-22T09:00:00Z",
    keys: 1_000,
    ok: 900,
    empty: 95,
    unchanged: 0,
    failed: 5,
    rows: 12_345,
    bytes: 678,
    attempts: 1_010,
    ...changes,
  };
}

const finished = run();
const well: JobState = { newest: finished, finished };

function line(jobs: readonly JobState[], maxAgeMs?: number, minCoverage = 0.99): [boolean, string] {
  const health = healthLine(jobs, { maxAgeMs, minCoverage, nowMs });
  return [health.isWell, health.line];
}

Deno.test("healthLine() is well when the newest window is young and covered enough", () => {
  assert.deepEqual(line([well], 26 * hourMs), [
    true,
    "ok: days: 2026-11-21 finished 3h ago, coverage 99.50 %",
  ]);
  assert.equal(line([well], 3 * hourMs)[0], true);
});

Deno.test("healthLine() names what is too old, with what the last run says", () => {
  assert.deepEqual(line([well], 2 * hourMs), [
    false,
    "not ok: days: 2026-11-21 finished 3h ago, coverage 99.50 %: more than 2h ago",
  ]);
  const newest = run({ id: 8, state: "interrupted", reason: "the API is down\u001b[31m" });
  assert.equal(line([{ newest, finished }], 26 * hourMs)[0], true);
  assert.match(
    line([{ newest, finished }], hourMs)[1],
    /: more than 1h ago \(run 8 was interrupted: the API is down␛/,
  );
});

Deno.test("healthLine() names a coverage that is too low, and what was never finished", () => {
  assert.match(line([well], undefined, 0.996)[1], /^not ok: .*coverage 99.50 %: below 99.60 %$/);
  const newest = run({ state: "interrupted", reason: "stopped" });
  assert.deepEqual(line([{ newest, finished: undefined }]), [
    false,
    "not ok: days: nothing has been finished yet (run 7 was interrupted: stopped)",
  ]);
  assert.deepEqual(line([]), [false, "not ok: nothing was ever run"]);
});

Deno.test("healthLine() of several jobs names those that are not well only", () => {
  const other = run({ job: "hours", ended: "2026-11-20T00:00:00Z" });
  const [isWell, text] = line([well, { newest: other, finished: other }], 26 * hourMs);
  assert.equal(isWell, false);
  assert.match(text, /^not ok: hours: 2026-11-21 finished 2d 12h ago/);
});

Deno.test("metricsText() has every verdict, leaves out what is not known, and escapes labels", () => {
  const text = metricsText({
    job: 'a"b\\c\nd',
    version: "1.2.3",
    state: { newest: run({ keys: null }), finished: undefined },
    failures: [{ reason: "http-404", count: 5, example: "x" }],
    startedMs: nowMs - 1_500,
    nowMs,
    exit: undefined,
    databaseBytes: 4_096,
  });
  assert.match(text, /^trawl_run_keys\{job="a\\"b\\\\c\\nd",verdict="ok"\} 900$/m);
  assert.match(text, /^trawl_run_keys\{.*verdict="failed"\} 5$/m);
  assert.match(text, /^trawl_run_failures\{.*reason="http-404"\} 5$/m);
  assert.match(text, /^trawl_running\{.*\} 1$/m);
  assert.match(text, /^trawl_start_time_seconds\{.*\} 1795348798.5$/m);
  for (const unknown of ["pending", "coverage", "exit_code", "finished_"]) {
    assert.ok(!text.includes(unknown), text);
  }
  // Each name once with its help and type, and nothing but samples besides.
  const names = [...text.matchAll(/^# TYPE (\w+) gauge$/gm)].map(([, name]) => name);
  assert.equal(new Set(names).size, names.length);
  for (const sample of text.trimEnd().split("\n").filter((line) => !line.startsWith("#"))) {
    assert.match(sample, /^trawl_\w+\{job=".*"\} [\d.]+$/);
  }
});
