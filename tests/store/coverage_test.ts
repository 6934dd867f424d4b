import assert from "node:assert/strict";
import { answeredOf, coverageOf, doneOf, pendingOf } from "../../lib/store/coverage.ts";

const counts = { ok: 40, empty: 30, unchanged: 20, failed: 5 };

Deno.test("doneOf() counts every verdict, answeredOf() all but failed", () => {
  assert.equal(doneOf(counts), 95);
  assert.equal(answeredOf(counts), 90);
});

Deno.test("pendingOf() is the keys without a verdict, and unknown while the number of keys is", () => {
  assert.equal(pendingOf({ ...counts, keys: 100 }), 5);
  assert.equal(pendingOf({ ...counts, keys: 95 }), 0);
  for (const keys of [null, undefined]) assert.equal(pendingOf({ ...counts, keys }), undefined);
});

Deno.test("pendingOf() is 0 when a list with fewer keys than verdicts was read", () => {
  assert.equal(pendingOf({ ...counts, keys: 90 }), 0);
});

Deno.test("coverageOf() counts failed and pending keys as not covered", () => {
  assert.equal(coverageOf({ ...counts, keys: 100 }), 0.9);
  assert.equal(coverageOf({ ok: 0, empty: 0, unchanged: 0, keys: 3 }), 0);
  assert.equal(coverageOf({ ok: 1, empty: 1, unchanged: 1, keys: 3 }), 1);
});

Deno.test("coverageOf() is unknown without keys, or while the number of keys is unknown", () => {
  for (const keys of [0, null, undefined]) assert.equal(coverageOf({ ...counts, keys }), undefined);
});
