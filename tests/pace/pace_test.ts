import assert from "node:assert/strict";
import fc from "fast-check";
import { intervalUsOf, Pace, paceCount, paceTuning } from "../../lib/pace/pace.ts";
import { SharedNumbers } from "../../lib/pace/shared_numbers.ts";
import type { Rate } from "../../lib/job/job.ts";
import { assertProperty } from "../support/property.ts";

const beginUs = 1e15;

function memoryOf(rates: readonly Rate[]): SharedNumbers {
  const memory = new SharedNumbers(new BigInt64Array(new SharedArrayBuffer(paceCount * 8)));
  new Pace(memory).begin(rates, beginUs);
  return memory;
}

/** Asserts that no span of a rate's length holds more starts than its count. */
function assertHeld(startsUs: readonly number[], { count, perMs }: Rate): void {
  for (const [index, startUs] of startsUs.entries()) {
    const after = startsUs[index + count];
    assert.ok(after === undefined || after - startUs >= perMs * 1_000, `${count + 1} starts from ${startUs}`);
  }
}

Deno.test("Pace never exceeds its rate in a sliding span, at any times of its calls", () => {
  const rate = fc.record({ count: fc.integer({ min: 1, max: 3_000 }), perMs: fc.constant(1_000) });
  // Mostly short steps, some pauses, and some steps back of the clock.
  const step = fc.record({
    us: fc.oneof({ weight: 9, arbitrary: fc.nat(20_000) }, fc.nat(5_000_000)),
    backUs: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(3_600_000_000)),
    tries: fc.integer({ min: 1, max: 40 }),
  });
  assertProperty(
    fc.property(rate, fc.array(step, { minLength: 100, maxLength: 400 }), (rate, steps) => {
      const memory = memoryOf([rate]);
      const views = [new Pace(memory), new Pace(memory)] as const;
      const startsUs: number[] = [];
      let [trueUs, setBackUs] = [beginUs, 0];
      for (const { us, backUs, tries } of steps) {
        trueUs += us;
        setBackUs += backUs;
        for (let n = 0; n < tries; n++) {
          if (views[n % 2 === 0 ? 0 : 1].tryStart(trueUs - setBackUs) === 0) startsUs.push(trueUs);
        }
      }
      assertHeld(startsUs, rate);
    }),
  );
});

Deno.test("Pace uses 98 % of its rate when it is called at the times that it returns", () => {
  for (const count of [1, 100, 5_000]) {
    const pace = new Pace(memoryOf([{ count, perMs: 1_000 }]));
    let [nowUs, starts] = [beginUs, 0];
    const endUs = beginUs + 20e6;
    while (nowUs < endUs) {
      const waitUs = pace.tryStart(nowUs);
      // Timers fire late.
      if (waitUs === 0) starts++;
      else nowUs += Math.ceil(waitUs / 1_000) * 1_000 + 1_200;
    }
    assert.ok(starts >= 0.98 * 20 * count - 1, `${starts} of ${20 * count}`);
    assert.equal(pace.started, starts);
  }
});

Deno.test("Pace allows no burst at the start, after a pause, or between two views", () => {
  const memory = memoryOf([{ count: 100, perMs: 1_000 }]);
  const [a, b] = [new Pace(memory), new Pace(memory)];
  const intervalUs = 10_000 * paceTuning.margin;
  assert.equal(a.tryStart(beginUs), intervalUs);
  assert.equal(a.tryStart(beginUs + intervalUs), 0);
  assert.equal(b.tryStart(beginUs + intervalUs), intervalUs);
  const laterUs = beginUs + 60e6;
  assert.equal(b.tryStart(laterUs), 0);
  assert.equal(a.tryStart(laterUs), intervalUs - paceTuning.lateMsMax * 1_000);
});

Deno.test("Pace waits one interval when the clock is set back", () => {
  const pace = new Pace(memoryOf([{ count: 10, perMs: 1_000 }]));
  assert.equal(pace.tryStart(beginUs + 1e6), 0);
  const backUs = beginUs - 3_600e6;
  assert.equal(pace.tryStart(backUs), pace.intervalUs);
  assert.equal(pace.tryStart(backUs + pace.intervalUs - 1), 1);
  assert.equal(pace.tryStart(backUs + pace.intervalUs), 0);
});

Deno.test("Pace restarts a pause when the clock is set back", () => {
  const pace = new Pace(memoryOf([]));
  pace.pause(beginUs, 2_000);
  assert.equal(pace.tryStart(beginUs + 1.5e6), 0.5e6);
  const backUs = beginUs - 3_600e6;
  assert.equal(pace.tryStart(backUs), 2e6);
  assert.deepEqual([pace.pausedMs(backUs + 1e6), pace.tryStart(backUs + 2e6)], [1_000, 0]);
});

Deno.test("Pace without rates starts every request", () => {
  const pace = new Pace(memoryOf([]));
  for (let n = 0; n < 100; n++) assert.equal(pace.tryStart(beginUs), 0);
  assert.equal(pace.started, 100);
});

Deno.test("Pace with a quota starts what was granted", () => {
  const pace = new Pace(memoryOf([{ count: 1_000, perMs: 1_000 }, { count: 5, perMs: 60_000 }]));
  let nowUs = beginUs;
  const started = () => {
    let count = 0;
    for (let n = 0; n < 9; n++) if (pace.tryStart(nowUs += 1e6) === 0) count++;
    return count;
  };
  assert.equal(started(), 0);
  pace.grant(3);
  assert.equal(started(), 3);
  pace.grant(5);
  assert.equal(started(), 2);
});

Deno.test("intervalUsOf() spreads over the shortest span; longer ones are quotas", () => {
  const [second, minute] = [{ count: 100, perMs: 1_000 }, { count: 60, perMs: 60_000 }];
  assert.equal(intervalUsOf([]), 0);
  assert.equal(intervalUsOf([second, minute]), 10_000 * paceTuning.margin);
  assert.equal(intervalUsOf([minute]), 1_000_000 * paceTuning.margin);
  assert.equal(intervalUsOf([second, { count: 50, perMs: 1_000 }]), 20_000 * paceTuning.margin);
});
