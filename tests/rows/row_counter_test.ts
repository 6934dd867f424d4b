import assert from "node:assert/strict";
import fc from "fast-check";
import type { Converted, HeldValue } from "../../lib/rows/convert.ts";
import { RowCounter } from "../../lib/rows/row_counter.ts";
import { outboxLimits } from "../../lib/limits.ts";
import { assertProperty } from "../support/property.ts";

function counted(
  rows: readonly (readonly HeldValue[])[],
  { column = 0, everyMs = 60_000 } = {},
): HeldValue[][] {
  const counter = new RowCounter({ column, everyMs });
  for (const row of rows) assert.ok(counter.add(row));
  return [...counter.rows()];
}

Deno.test("RowCounter puts a row into the bucket that its time lies in", () => {
  const table: readonly (readonly [number, Converted, Converted])[] = [
    [60_000, 0, 0],
    [60_000, 59.999999, 0],
    [60_000, 60, 60],
    [60_000, -1, -60],
    [60_000, 1763596801.25, 1763596800],
    [60_000, null, null],
    [500, 0.5, 0.5],
    [500, 0.75, 0.5],
    [100, 0.3, 0.3],
    [100, 1763596800.7, 1763596800.7],
    [100, 1763596800.6999, 1763596800.6],
    [1, 1763596800.001, 1763596800.001],
    [86_400_000, 1763640000, 1763596800],
  ];
  for (const [everyMs, time, bucket] of table) {
    assert.deepEqual(counted([[time]], { everyMs }), [[bucket, 1]], `${String(time)} every ${everyMs} ms`);
  }
});

Deno.test("RowCounter keeps apart what differs in any other column, in value or in type", () => {
  const rows: readonly (readonly Converted[])[] = [
    ["a", 1, "b"],
    ["ab", 1, ""],
    ["", 1, "ab"],
    ["a", 1, null],
    ["a", 1, "null"],
    [1, 1, "b"],
    [1n, 1, "b"],
    ["1", 1, "b"],
    [null, 1, null],
    ["1:a", 1, ""],
    ["1", 1, "a:"],
  ];
  assert.equal(
    counted([...rows, ...rows], { column: 1 }).filter((row) => row.at(-1) === 2).length,
    rows.length,
  );
  const single = [[1, "1"], [1, 1], [1, 1n], [1, null], [1, "null"], [1, ""]];
  assert.equal(counted([...single, ...single]).filter((row) => row.at(-1) === 2).length, single.length);
});

Deno.test("RowCounter gives the oldest bucket first, and within it the combination that came first", () => {
  const rows = [[120, "b"], [60, "a"], [0, "b"], [60, "b"], [1, "a"]];
  assert.deepEqual(counted(rows), [[0, "b", 1], [0, "a", 1], [60, "b", 1], [60, "a", 1], [120, "b", 1]]);
});

Deno.test("RowCounter counts every row exactly once", () => {
  const value = fc.oneof(fc.constantFrom("a", "b", "", null, 1, 1n), fc.string({ maxLength: 2 }));
  const row = fc.tuple(value, fc.option(fc.nat({ max: 600 })), value);
  assertProperty(fc.property(fc.array(row), (rows) => {
    const expected = new Map<string, number>();
    const name = (parts: readonly HeldValue[]) => parts.map((part) => `${typeof part}${part}`).join("\0");
    for (const [a, time, b] of rows) {
      const at = name([a, time === null ? null : Math.floor(time / 60) * 60, b]);
      expected.set(at, (expected.get(at) ?? 0) + 1);
    }
    const found = counted(rows, { column: 1 }).map((row) => [name(row.slice(0, -1)), row.at(-1)]);
    assert.deepEqual(new Map(found as [string, number][]), expected);
    assert.equal(found.length, expected.size);
  }));
});

Deno.test("RowCounter takes as many buckets as the limit says, and not more", () => {
  const counter = new RowCounter({ column: 0, everyMs: 1_000 });
  let taken = 0;
  while (counter.add([taken])) taken++;
  assert.ok(taken > outboxLimits.countGroupsMax * 0.99 && taken < outboxLimits.countGroupsMax, String(taken));
  assert.ok(!counter.add([taken + 1]));
});

Deno.test("RowCounter takes fewer combinations, and fewer still of long ones", () => {
  const taken = (chars: number) => {
    const counter = new RowCounter({ column: 0, everyMs: 1_000 });
    let count = 0;
    while (counter.add([0, String(count).padStart(chars)])) count++;
    return count;
  };
  const short = taken(1);
  assert.ok(short > 50_000 && short < 70_000, String(short));
  const long = taken(10_000);
  assert.ok(long > 300 && long < 500, String(long));
});
