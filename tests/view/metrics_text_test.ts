/**
 * Metrics in the Prometheus text format.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { RunRecord } from "../../lib/store/records.ts";
import { metricsText } from "../../lib/view/metrics_text.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");

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
