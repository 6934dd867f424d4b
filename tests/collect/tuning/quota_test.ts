import assert from "node:assert/strict";
import fc from "fast-check";
import { Quota } from "../../../lib/collect/tuning/quota.ts";
import { Quotas } from "../../../lib/collect/tuning/quotas.ts";
import type { Rate } from "../../../lib/job/job.ts";
import { SharedState } from "../../../lib/pace/shared_state.ts";
import { openWriter } from "../../support/database.ts";
import { assertProperty } from "../../support/property.ts";
import { TempFolder } from "../../support/temp.ts";

const beginMs = 1e12;
const day = 86_400_000;

Deno.test("Quota never exceeds its rate in a sliding window, also over restarts", () => {
  const step = fc.record({
    ms: fc.oneof(fc.nat(2_000), fc.nat(70_000)),
    wanted: fc.nat(40),
    isRestart: fc.boolean(),
  });
  assertProperty(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.array(step, { maxLength: 100 }), (count, steps) => {
      const rate = { count, perMs: 60_000 };
      let quota = new Quota(rate);
      let nowMs = beginMs;
      const startsMs: number[] = [];
      for (const { ms, wanted, isRestart } of steps) {
        nowMs += ms;
        if (isRestart) quota = new Quota(rate, quota.with(nowMs, 0));
        const starts = Math.min(wanted, quota.room(nowMs));
        quota.add(nowMs, starts);
        for (let n = 0; n < starts; n++) startsMs.push(nowMs);
      }
      for (const [index, startMs] of startsMs.entries()) {
        const after = startsMs[index + count];
        assert.ok(after === undefined || after - startMs >= rate.perMs);
      }
    }),
  );
});

Deno.test("Quota is whole again one window and a 240th later", () => {
  const quota = new Quota({ count: 1_000, perMs: day });
  quota.add(beginMs, 400);
  assert.equal(quota.room(beginMs), 600);
  assert.equal(quota.room(beginMs + day - 1), 600);
  assert.equal(quota.room(beginMs + day + day / 240), 1_000);
});

Deno.test("Quota counts starts from before the clock was set back as started now", () => {
  const quota = new Quota({ count: 10, perMs: 60_000 });
  quota.add(beginMs, 4);
  const backMs = beginMs - day;
  assert.equal(quota.room(backMs), 6);
  assert.equal(quota.room(backMs + 59_999), 6);
  assert.equal(quota.room(backMs + 60_250), 10);
});

/** A run's beginning on the database: what it may start at once, having started `starts` of them. */
async function runOnce(
  file: string,
  options: {
    readonly rates: readonly Rate[];
    readonly nowMs: number;
    readonly isKilled?: boolean;
    readonly want: number;
  },
): Promise<number> {
  const { rates, nowMs, isKilled, want } = options;
  await using store = await openWriter(file, { name: "t", columns: [{ name: "v", type: "ANY" }] });
  const { pace } = new SharedState(SharedState.create(1, rates, nowMs * 1_000));
  const quotas = await Quotas.open(rates, { pace, store, host: "h:80" });
  let started = 0;
  for (let second = 1; second <= 60; second++) {
    await quotas.tick(nowMs + second * 1_000);
    while (started < want && pace.tryStart((nowMs + second * 1_000) * 1_000) === 0) started++;
  }
  if (!isKilled) await quotas.close(nowMs + 60_000);
  return started;
}

Deno.test("Quotas spends a quota once per window, over restarts and kills", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  const rates = [{ count: 1, perMs: 1_000 }, { count: 50, perMs: day }];
  const at = (minutes: number) => beginMs + minutes * 60_000;
  assert.equal(await runOnce(file, { rates, nowMs: at(0), want: 20 }), 20);
  assert.equal(await runOnce(file, { rates, nowMs: at(10), want: 20, isKilled: true }), 20);
  // What was allowed to the one that was killed counts as started: a second's worth.
  assert.equal(await runOnce(file, { rates, nowMs: at(20), want: 20 }), 9);
  assert.equal(await runOnce(file, { rates, nowMs: at(30), want: 20 }), 0);
  assert.equal(await runOnce(file, { rates, nowMs: at(24 * 60 + 8), want: 60 }), 20);
});
