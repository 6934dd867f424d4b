import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import { Deadlines, type Watched } from "../../lib/http/deadlines.ts";

function watch(dueMs: number, expire: (self: Watched) => void): Watched {
  const watched: Watched = { dueMs, expire: () => expire(watched) };
  return watched;
}

Deno.test("Deadlines expires what is due, repeatedly until it is postponed or deleted", async () => {
  let nowMs = 0;
  using deadlines = new Deadlines(() => nowMs);
  const expired: string[] = [];
  deadlines.add(watch(10, (self) => {
    expired.push("put off");
    self.dueMs = 1_000;
  }));
  deadlines.add(watch(10, (self) => {
    if (expired.push("again") > 3) deadlines.delete(self);
  }));
  deadlines.add(watch(11, () => expired.push("too early")));
  nowMs = 10;
  while (expired.length < 4) await delay(20);
  await delay(250);
  assert.deepEqual(expired, ["put off", "again", "again", "again"]);
});

Deno.test("Deadlines runs its timer only while something is watched", async () => {
  // The test's resource sanitizer fails on a leaked timer.
  const deadlines = new Deadlines(() => 1);
  const first = watch(2, () => assert.fail("not due"));
  deadlines.add(first);
  deadlines.delete(first);
  await delay(220);
  let count = 0;
  const second = watch(0, () => {
    count++;
    deadlines.delete(second);
  });
  deadlines.add(second);
  await delay(320);
  assert.equal(count, 1);
});

Deno.test("Deadlines expires nothing after it is disposed", async () => {
  const deadlines = new Deadlines(() => 1);
  deadlines.add(watch(0, () => assert.fail("disposed of")));
  deadlines[Symbol.dispose]();
  await delay(150);
});
