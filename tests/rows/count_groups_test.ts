import assert from "node:assert/strict";
import { CountGroups } from "../../lib/rows/count_groups.ts";

Deno.test("CountGroups counts as a Map does, for any times and combinations", () => {
  const groups = new CountGroups();
  const expected = new Map<string, number>();
  const times = [NaN, 0, -0, -1, 1, 2 ** 32, 2 ** 32 + 1, -(2 ** 40), 1.7e12, 8.64e15];
  for (let at = 0; at < 20_000; at++) {
    const combination = at % 7;
    const ms = (times[at % times.length] ?? 0) + (at % 3) * 60_000;
    const name = `${combination} ${ms}`;
    assert.equal(groups.add(combination, ms), !expected.has(name), name);
    expected.set(name, (expected.get(name) ?? 0) + 1);
  }
  assert.equal(groups.size, expected.size);
  for (const group of groups.ordered()) {
    const name = `${groups.combinationOf(group)} ${groups.bucketMsOf(group)}`;
    assert.equal(groups.countOf(group), expected.get(name), name);
  }
});

Deno.test("CountGroups gives the oldest bucket first, then the combination that came first", () => {
  const groups = new CountGroups();
  for (const [combination, ms] of [[0, 60], [1, 0], [0, 0], [1, NaN], [0, -60]] as const) {
    groups.add(combination, ms);
  }
  const ordered = [...groups.ordered()].map((
    group,
  ) => [groups.combinationOf(group), groups.bucketMsOf(group)]);
  assert.deepEqual(ordered, [[0, -60], [0, 0], [1, 0], [1, NaN], [0, 60]]);
});

Deno.test("CountGroups holds a million groups in 26 MB, and none of it on V8's heap", () => {
  const beforeBytes = Deno.memoryUsage().heapUsed;
  const groups = new CountGroups();
  for (let at = 0; at < 1_000_000; at++) groups.add(0, at * 1_000);
  assert.ok(groups.bytes < 26_000_000, String(groups.bytes));
  // A Map takes 60 MB and more.
  const heapBytes = Deno.memoryUsage().heapUsed - beforeBytes;
  assert.ok(heapBytes < 20_000_000, String(heapBytes));
});
