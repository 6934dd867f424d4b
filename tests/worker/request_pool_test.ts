import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import { RateLimiter } from "../../lib/worker/rate_limiter.ts";
import { RequestPool, type RequestPoolOptions } from "../../lib/worker/request_pool.ts";
import { SharedState } from "../../lib/pace/shared_state.ts";
import { until } from "../collect/support.ts";

function poolOf<T>(
  slots: number,
  options: Omit<RequestPoolOptions<T>, "limiter" | "drained"> & { drained?: () => void },
) {
  const shared = new SharedState(SharedState.create(slots));
  const pool = new RequestPool({ drained: () => {}, ...options, limiter: new RateLimiter(shared, 0) });
  return { pool, shared };
}

function* numbers(count: number): Generator<number> {
  for (let n = 0; n < count; n++) yield n;
}

Deno.test("RequestPool does every item once, as many at a time as there are slots, and says once that it is drained", async () => {
  let inside = 0;
  let most = 0;
  const done: number[] = [];
  let drained = 0;
  const { pool, shared } = poolOf(5, {
    source: numbers(100),
    work: async (item) => {
      most = Math.max(most, ++inside);
      await delay(item % 3);
      inside--;
      done.push(item);
      return undefined;
    },
    drained: () => drained++,
  });
  await pool.run();
  assert.deepEqual([done.length, new Set(done).size, most, drained, shared.inFlight()], [100, 100, 5, 1, 0]);
});

Deno.test("RequestPool pulls an item only when it can start", async () => {
  let pulled = 0;
  const source = (function* () {
    for (;;) yield pulled++;
  })();
  const release = Promise.withResolvers<undefined>();
  const { pool } = poolOf(3, { source, work: () => release.promise });
  const running = pool.run();
  await delay(10);
  // Three have started, one waits at the limiter.
  assert.equal(pulled, 4);
  pool.stop();
  release.resolve(undefined);
  await running;
  assert.equal(pulled, 4);
});

Deno.test("RequestPool is held up by no slow item", async () => {
  const slow = Promise.withResolvers<undefined>();
  let quick = 0;
  let drained = false;
  const { pool } = poolOf(2, {
    source: numbers(50),
    work: async (item) => {
      if (item === 0) return await slow.promise;
      quick++;
      return undefined;
    },
    drained: () => drained = true,
  });
  const running = pool.run();
  await until(() => quick === 49);
  assert.equal(drained, true);
  slow.resolve(undefined);
  await running;
});

Deno.test("RequestPool does an item again after its delay, and holds no slot meanwhile", async () => {
  const attempts = new Map<number, number>();
  const order: string[] = [];
  let drained = 0;
  const { pool, shared } = poolOf(1, {
    source: numbers(3),
    // deno-lint-ignore require-await -- the pool takes promises
    work: async (item) => {
      const attempt = (attempts.get(item) ?? 0) + 1;
      attempts.set(item, attempt);
      order.push(`${item}.${attempt}`);
      return item === 0 && attempt < 3 ? { item, delayMs: 30 } : undefined;
    },
    drained: () => drained++,
  });
  const running = pool.run();
  await until(() => order.length === 3);
  assert.equal(shared.inFlight(), 0);
  await running;
  assert.deepEqual([order, drained, shared.inFlight()], [["0.1", "1.1", "2.1", "0.2", "0.3"], 1, 0]);
});

Deno.test("RequestPool does what comes again before what is new", async () => {
  const order: number[] = [];
  const { pool } = poolOf(1, {
    source: numbers(4),
    work: async (item) => {
      order.push(item);
      await delay(10);
      return item === 0 && order.length === 1 ? { item, delayMs: 0 } : undefined;
    },
  });
  await pool.run();
  // When the delay was over, the second was in flight, and the third had been pulled for the next slot.
  assert.deepEqual(order, [0, 1, 2, 0, 3]);
});

Deno.test("RequestPool works on items that follow from others, such as the next page of an answer", async () => {
  const order: string[] = [];
  const { pool } = poolOf<{ key: string; page: number }>(1, {
    source: ["a", "b"].map((key) => ({ key, page: 0 })).values(),
    // deno-lint-ignore require-await -- the pool takes promises
    work: async ({ key, page }) => {
      order.push(key + page);
      return key === "a" && page < 2 ? { item: { key, page: page + 1 }, delayMs: 0 } : undefined;
    },
  });
  await pool.run();
  assert.deepEqual(order.toSorted(), ["a0", "a1", "a2", "b0"]);
});

Deno.test("RequestPool.stop() starts nothing more, gives up what waits, and lets what is in flight finish", async () => {
  const release = Promise.withResolvers<undefined>();
  const started: number[] = [];
  const finished: number[] = [];
  const { pool, shared } = poolOf(2, {
    source: numbers(100),
    work: async (item) => {
      started.push(item);
      if (item < 2) return { item, delayMs: 3_600_000 };
      await release.promise;
      finished.push(item);
      // It failed, and would be done again.
      return { item, delayMs: 1 };
    },
    drained: () => assert.fail("it is not"),
  });
  const running = pool.run();
  await until(() => started.length === 4);
  pool.stop();
  release.resolve(undefined);
  await running;
  assert.deepEqual([started, finished, shared.inFlight()], [[0, 1, 2, 3], [2, 3], 0]);
});

Deno.test("RequestPool.run() resolves at once when there is nothing to do", async () => {
  let drained = 0;
  const { pool } = poolOf(1, { source: numbers(0), work: () => assert.fail(), drained: () => drained++ });
  await pool.run();
  assert.equal(drained, 1);
});
