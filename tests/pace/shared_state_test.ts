import assert from "node:assert/strict";
import fc from "fast-check";
import { SharedState } from "../../lib/pace/shared_state.ts";
import { runLimits } from "../../lib/limits.ts";
import { stayAlive } from "../collect/support.ts";
import { assertProperty } from "../support/property.ts";

Deno.test("SharedState hands out no more slots than it has, over several views", () => {
  const memory = SharedState.create(3);
  const [a, b] = [new SharedState(memory), new SharedState(memory)];
  assert.deepEqual([a.tryAcquire(0), b.tryAcquire(1), a.tryAcquire(0), b.tryAcquire(1)], [
    true,
    true,
    true,
    false,
  ]);
  assert.deepEqual([a.inFlight(), b.inFlight()], [3, 3]);
  a.release(0);
  assert.deepEqual([b.tryAcquire(1), a.tryAcquire(0)], [true, false]);
});

Deno.test("SharedState limits a Worker to its share, and lets it keep the slots it holds", () => {
  const shared = new SharedState(SharedState.create(4));
  for (let n = 0; n < 3; n++) assert.ok(shared.tryAcquire(0));
  shared.divide(2);
  assert.equal(shared.tryAcquire(0), false);
  assert.deepEqual([shared.tryAcquire(1), shared.tryAcquire(1)], [true, false]);
  shared.release(0);
  assert.equal(shared.tryAcquire(0), false);
  shared.release(0);
  assert.equal(shared.tryAcquire(0), true);
});

Deno.test("SharedState.bar() releases the slots of a dead Worker once, and lets it acquire and release no more", () => {
  const shared = new SharedState(SharedState.create(5));
  for (let n = 0; n < 3; n++) shared.tryAcquire(7);
  shared.tryAcquire(1);
  shared.bar(7);
  shared.bar(7);
  assert.equal(shared.tryAcquire(7), false);
  shared.release(7);
  assert.equal(shared.inFlight(), 1);
  let more = 0;
  while (shared.tryAcquire(2)) more++;
  assert.equal(more, 4);
});

Deno.test("SharedState never hands out more slots than it has, in any order of calls", () => {
  const worker = fc.nat({ max: runLimits.workersMax - 1 });
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(fc.constant("take" as const), worker) },
    { weight: 3, arbitrary: fc.tuple(fc.constant("give" as const), worker) },
    fc.tuple(fc.constantFrom("bar" as const, "admit" as const), worker),
    fc.tuple(fc.constantFrom("divide" as const, "resize" as const), fc.integer({ min: 1, max: 9 })),
  );
  assertProperty(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 100 }), (first, steps) => {
      const shared = new SharedState(SharedState.create(first));
      const held = new Array<number>(runLimits.workersMax).fill(0);
      const barred = new Set<number>();
      let [slots, workers] = [first, 1];
      const sum = () => held.reduce((a, b) => a + b);
      for (const [what, number] of steps) {
        const mine = held[number] ?? 0;
        if (what === "take") {
          const expected = mine < Math.ceil(slots / workers) && sum() < slots && !barred.has(number);
          assert.equal(shared.tryAcquire(number), expected);
          if (expected) held[number] = mine + 1;
        } else if (what === "give") {
          shared.release(number);
          held[number] = Math.max(0, mine - 1);
        } else if (what === "admit" && mine === 0) {
          shared.admit(number);
          barred.delete(number);
        } else if (what === "bar") {
          shared.bar(number);
          barred.add(number);
          held[number] = 0;
        } else if (what === "divide") {
          shared.divide(workers = number);
        } else if (what === "resize") {
          shared.resize(slots = number);
        }
        assert.equal(shared.inFlight(), sum());
      }
    }),
  );
});

Deno.test("SharedState.slotReleased() resolves for a release after the given count, and not for an earlier one", async () => {
  using _alive = stayAlive();
  const memory = SharedState.create(2);
  const [a, b] = [new SharedState(memory), new SharedState(memory)];
  for (const give of [() => b.release(1), () => b.bar(1), () => b.divide(1), () => b.resize(3)]) {
    b.tryAcquire(1);
    const seen = a.changes();
    let isGiven = false;
    const given = a.slotReleased(seen).then(() => isGiven = true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(isGiven, false);
    give();
    await given;
    // The count read before is outdated now.
    await a.slotReleased(seen);
  }
});

Deno.test("SharedState adds bytes and waits beyond 32 bits, over several views", () => {
  const memory = SharedState.create(1);
  const [a, b] = [new SharedState(memory), new SharedState(memory)];
  a.addBytes(2 ** 40);
  b.addBytes(1);
  a.addWait("pace", 1e9);
  b.addWait("pace", 0.5);
  b.addWait("slot", 2);
  assert.deepEqual([a.bytes(), b.bytes()], [2 ** 40 + 1, 2 ** 40 + 1]);
  assert.deepEqual([a.waitedMs("pace"), a.waitedMs("slot"), a.waitedMs("store")], [1e9 + 0.5, 2, 0]);
});
