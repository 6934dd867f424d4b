/**
 * Metrics in the Prometheus text format.
 *
 * @module
 */

import assert from "node:assert/strict";
import { metricsText } from "../../lib/view/metrics_text.ts";
import { runRecord } from "../support/run_record.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");

Deno.test("metricsText() has every verdict, leaves out what is not known, and escapes labels", () => {
  const text = metricsText({
    job: 'a"b\\c\nd',
    version: "1.2.3",
    state: { newest: runRecord({ keys: null, state: "died" }), finished: undefined },
    failures: [{ reason: "http-404", count: 5, example: "x", detail: null }],
    startedMs: nowMs - 1_500,
    nowMs,
    exit: undefined,
    databaseBytes: 4_096,
  });
  assert.match(text, /^trawl_run_keys\{job="a\\"b\\\\c\\nd",verdict="ok"\} 900$/m);
  assert.match(text, /^trawl_run_keys\{.*verdict="failed"\} 5$/m);
  assert.match(text, /^trawl_run_failures\{.*reason="http-404"\} 5$/m);
  assert.match(text, /^trawl_running\{.*\} 1$/m);
  assert.match(
    text,
    /^trawl_run_state\{.*state="running"\} 0\n.*state="finished"\} 0\n.*\n.*state="died"\} 1$/m,
  );
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
