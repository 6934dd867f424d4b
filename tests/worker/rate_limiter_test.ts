import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import { nowUs } from "../../lib/pace/clock.ts";
import { RateLimiter } from "../../lib/worker/rate_limiter.ts";
import { SharedState } from "../../lib/pace/shared_state.ts";
import type { Rate } from "../../lib/job/job.ts";
import { stayAlive } from "../collect/support.ts";
import type { GateTask } from "./rate_limiter_worker.ts";

function gateOf(shared: SharedState, worker = 0): RateLimiter {
  return new RateLimiter(shared, worker);
}

/** Memory with a pace. */
function paced(slots: number, ...rates: readonly Rate[]): SharedState {
  return new SharedState(SharedState.create(slots, rates, nowUs()));
}

/** Has Workers pass gates on the same memory. Returns when they did, and the most that were inside at once. */
async function passInWorkers(
  workers: number,
  task: Pick<GateTask, "passes" | "insideMs"> & {
    readonly slots: number;
    readonly divide?: number;
    readonly rates?: readonly Rate[];
  },
) {
  const memory = SharedState.create(task.slots, task.rates, nowUs());
  const shared = new SharedState(memory);
  if (task.divide !== undefined) shared.divide(task.divide);
  const inside = new SharedArrayBuffer(8);
  const started = await Promise.all(Array.from({ length: workers }, async (_, worker) => {
    const thread = new Worker(new URL("./rate_limiter_worker.ts", import.meta.url), { type: "module" });
    const ended = new Promise<readonly number[]>((resolve, reject) => {
      thread.onmessage = ({ data }) => resolve(data);
      thread.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
    });
    thread.postMessage({ ...task, memory, inside, worker } satisfies GateTask);
    try {
      return await ended;
    } finally {
      thread.terminate();
    }
  }));
  return { shared, startsMs: started.flat().sort((a, b) => a - b), most: new Int32Array(inside)[1] };
}

Deno.test("RateLimiter lets no more in than there are slots, over several Workers, and uses all of them", async () => {
  const { shared, startsMs, most } = await passInWorkers(3, {
    slots: 7,
    passes: 300,
    insideMs: 1,
  });
  assert.deepEqual([startsMs.length, most, shared.inFlight()], [900, 7, 0]);
  assert.ok(shared.waitedMs("slot") > 0);
});

Deno.test("RateLimiter passes requests while a share leaves slots unused", async () => {
  // Two of eight slots: to wait for a free one would be no wait, and nothing else would ever run.
  const { startsMs, most } = await passInWorkers(1, {
    slots: 8,
    divide: 4,
    passes: 50,
    insideMs: 1,
  });
  assert.deepEqual([startsMs.length, most], [50, 2]);
});

Deno.test("RateLimiter starts at most one request an interval, over several Workers", async () => {
  const rates = [{ count: 50, perMs: 1_000 }];
  const { startsMs, shared } = await passInWorkers(2, { slots: 8, passes: 15, insideMs: 1, rates });
  const spanMs = (startsMs.at(-1) ?? 0) - (startsMs[0] ?? 0);
  assert.equal(startsMs.length, 30);
  // The 30th of 29 intervals of 20 ms; timers are late, never much too early.
  assert.ok(spanMs >= 29 * 20 - 20, `${spanMs} ms`);
  assert.ok(shared.waitedMs("pace") > 0);
});

Deno.test("RateLimiter keeps to a pace that is finer than any timer", async () => {
  const limiter = gateOf(paced(1, { count: 5_000, perMs: 1_000 }));
  const sinceMs = performance.now();
  for (let n = 0; n < 2_000; n++) {
    assert.ok(await limiter.pass());
    limiter.leave();
  }
  const ms = performance.now() - sinceMs;
  assert.ok(ms > 380, `${ms} ms`);
});

Deno.test("RateLimiter.pass() resolves as soon as a slot is free: its own, another Worker's, or by a larger share", async () => {
  using _alive = stayAlive();
  const shared = new SharedState(SharedState.create(2));
  const [a, b] = [gateOf(shared, 0), gateOf(shared, 1)];
  await a.pass();
  await b.pass();
  const ways = [() => a.leave(), () => b.leave(), () => (shared.bar(1), shared.admit(1))];
  for (const way of ways) {
    let hasPassed = false;
    const passing = a.pass().then((passed) => hasPassed = passed);
    await delay(5);
    assert.equal(hasPassed, false);
    way();
    await passing;
    // As it was: one slot each.
    if (way !== ways[0]) {
      a.leave();
      await b.pass();
    }
  }
  shared.divide(2);
  b.leave();
  const passing = a.pass();
  await delay(5);
  shared.divide(1);
  assert.equal(await passing, true);
});

Deno.test("RateLimiter.stop() ends a wait for a slot, without a slot", async () => {
  using _alive = stayAlive();
  const shared = new SharedState(SharedState.create(1));
  const [a, b] = [gateOf(shared, 0), gateOf(shared, 1)];
  await a.pass();
  const passing = b.pass();
  await delay(5);
  b.stop();
  assert.deepEqual([await passing, shared.inFlight()], [false, 1]);
  a.leave();
  assert.deepEqual([await b.pass(), shared.inFlight()], [false, 0]);
});

Deno.test("RateLimiter.stop() ends a wait for the pace, and gives the slot back", async () => {
  using _alive = stayAlive();
  const shared = paced(2, { count: 1, perMs: 3_600_000 });
  const limiter = gateOf(shared);
  const passing = limiter.pass();
  await delay(5);
  assert.equal(shared.inFlight(), 1);
  limiter.stop();
  assert.deepEqual([await passing, shared.inFlight(), shared.pace.started], [false, 0, 0]);
});
