/**
 * The judgement of jobs for a monitor, and its line.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { JobState } from "../../lib/store/records.ts";
import { healthOf, isWell } from "../../lib/store/job_health.ts";
import { healthLine } from "../../lib/view/health_text.ts";
import { runRecord } from "../support/run_record.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");
const hourMs = 3_600_000;

const finished = runRecord();
const well: JobState = { newest: finished, finished };

function line(jobs: readonly JobState[], maxAgeMs?: number, minCoverage = 0.99): [boolean, string] {
  const health = healthOf(jobs, { maxAgeMs, minCoverage, nowMs });
  return [isWell(health), healthLine(health, nowMs)];
}

Deno.test("healthOf() is well when the newest window is young and covered enough", () => {
  assert.deepEqual(line([well], 26 * hourMs), [
    true,
    "ok: days: 2026-11-21 finished 3h ago, coverage 99.50 %",
  ]);
  assert.equal(line([well], 3 * hourMs)[0], true);
});

Deno.test("healthLine() names what is too old, with the reason of the last run", () => {
  assert.deepEqual(line([well], 2 * hourMs), [
    false,
    "not ok: days: 2026-11-21 finished 3h ago, coverage 99.50 %: more than 2h ago",
  ]);
  const newest = runRecord({ id: 8, state: "interrupted", reason: "the API is down\u001b[31m" });
  assert.equal(line([{ newest, finished }], 26 * hourMs)[0], true);
  assert.match(
    line([{ newest, finished }], hourMs)[1],
    /: more than 1h ago \(run 8 was interrupted: the API is down␛/,
  );
});

Deno.test("healthLine() names a low coverage, and a job that never finished", () => {
  assert.match(line([well], undefined, 0.996)[1], /^not ok: .*coverage 99.50 %: below 99.60 %$/);
  const newest = runRecord({ state: "interrupted", reason: "stopped" });
  assert.deepEqual(line([{ newest, finished: undefined }]), [
    false,
    "not ok: days: never finished (run 7 was interrupted: stopped)",
  ]);
  assert.deepEqual(line([]), [false, "not ok: no run yet"]);
});

Deno.test("healthLine() names a run that died, beside a window that is well", () => {
  const newest = runRecord({ id: 8, state: "died", reason: "no word", ended: "2026-11-22T11:00:00Z" });
  const death = "(run 8 died, last write at 2026-11-22T11:00:00Z: no word; run again to resume)";
  assert.deepEqual(line([{ newest, finished }], 26 * hourMs), [
    false,
    `not ok: days: 2026-11-21 finished 3h ago, coverage 99.50 % ${death}`,
  ]);
  assert.deepEqual(line([{ newest, finished: undefined }]), [false, `not ok: days: never finished ${death}`]);
});

Deno.test("healthLine() names only the jobs that are not well", () => {
  const other = runRecord({ job: "hours", ended: "2026-11-20T00:00:00Z" });
  const [isGood, text] = line([well, { newest: other, finished: other }], 26 * hourMs);
  assert.equal(isGood, false);
  assert.match(text, /^not ok: hours: 2026-11-21 finished 2d 12h ago/);
});
