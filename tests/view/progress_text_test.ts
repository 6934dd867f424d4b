import assert from "node:assert/strict";
import { type ProgressFacts, progressLine, progressText } from "../../lib/view/progress_text.ts";

const progress: ProgressFacts = {
  done: 450,
  doneBefore: 250,
  total: 1_000,
  elapsedMs: 10_000,
  bytes: 10_485_760,
  inFlight: 8,
  verdicts: { ok: 400, empty: 49, unchanged: 0, failed: 1 },
  foundRate: undefined,
  foundInFlight: undefined,
};

Deno.test("progressText() has all facts that are known", () => {
  assert.equal(
    progressText(progress, "in_flight"),
    "450/1,000 · 20.0/s · 27.5s left · 1 failed · 1 MiB/s · 8 in flight · limit: in_flight",
  );
  assert.equal(
    progressText({ ...progress, total: undefined, foundInFlight: 24 }, undefined),
    "450 · 20.0/s · 1 failed · 1 MiB/s · 8 in flight · 24 in flight (auto)",
  );
});

Deno.test("progressText() estimates no time from fewer than 20 keys of this start", () => {
  assert.doesNotMatch(progressText({ ...progress, done: 269 }, undefined), / left /);
  assert.match(progressText({ ...progress, done: 270 }, undefined), / · 6m 5s left · /);
});

Deno.test("progressLine() drops whole facts from the right, and the limit last", () => {
  const table: readonly (readonly [columns: number, line: string])[] = [
    [
      112,
      " 45 % █████████░░░░░░░░░░░ 450/1,000 · 20.0/s · 27.5s left · 1 failed · 1 MiB/s · 8 in flight · limit: in_flight",
    ],
    [
      99,
      " 45 % █████░░░░░ 450/1,000 · 20.0/s · 27.5s left · 1 failed · 1 MiB/s · limit: in_flight",
    ],
    [79, " 45 % █████░░░░░ 450/1,000 · 20.0/s · 27.5s left · 1 failed · limit: in_flight"],
    [77, " 45 % █████░░░░░ 450/1,000 · 20.0/s · 27.5s left · limit: in_flight"],
    [50, " 45 % █████░░░░░ 450/1,000 · limit: in_flight"],
    [30, " 45 % █████░░░░░ 450/1,000"],
    [20, ""],
    [0, ""],
  ];
  for (const [columns, line] of table) assert.equal(progressLine(progress, "in_flight", columns), line);
  for (let columns = 0; columns < 130; columns++) {
    assert.ok(progressLine(progress, "in_flight", columns).length <= columns);
  }
  assert.equal(progressLine({ ...progress, total: undefined }, undefined, 30), "450 · 20.0/s · 1 failed");
});
