import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import { BatchPlanner } from "../../../lib/collect/keys/batch_planner.ts";
import { Progress } from "../../../lib/collect/progress.ts";
import type { BatchSource } from "../../../lib/collect/workers/batch_source.ts";
import { WorkerPool } from "../../../lib/collect/workers/worker_pool.ts";
import type { Job } from "../../../lib/job/job.ts";
import { SharedState } from "../../../lib/pace/shared_state.ts";
import { schemaOf } from "../../../lib/rows/table_schema.ts";
import type { StoreWriter } from "../../../lib/store/database.ts";
import { HandlerServer } from "../../http/support.ts";
import { jobOf, stayAlive, until } from "../support.ts";
import { openWriter, query } from "../../support/database.ts";
import { TempFolder } from "../../support/temp.ts";
import { tearWorkers } from "../../torture/torn.ts";

/** A worker pool ready for work on a real store. */
interface Scene {
  readonly file: string;
  readonly store: StoreWriter;
  readonly workers: WorkerPool;
  readonly planner: BatchPlanner;
  readonly shared: SharedState;
  readonly progress: Progress;
  /** Keys of the batches that were drained. */
  readonly drained: number[];
  /** Has all keys asked. */
  readonly run: () => Promise<void>;
}

interface Plan {
  readonly host: string;
  readonly keys: number;
  readonly batch: number;
}

async function onScene(job: Job, plan: Plan, play: (scene: Scene) => Promise<void>): Promise<void> {
  using folder = new TempFolder();
  using _alive = stayAlive();
  const file = folder.file("a.db");
  await using store = await openWriter(file, ...job.tables.map(schemaOf));
  const run = await store.beginRun({ job: job.name, text: job.text, identity: "s" });
  const memory = SharedState.create(job.limits.inFlight);
  const shared = new SharedState(memory);
  const none = { ok: 0, empty: 0, unchanged: 0, failed: 0, rows: 0, bytes: 0, attempts: 0 };
  const progress = new Progress(none, { shared, auto: undefined });
  const drained: number[] = [];
  const prepare = { job, window: undefined, shared: memory, hosts: [plan.host] };
  const workers = new WorkerPool({
    prepare,
    shared,
    store,
    run,
    progress,
    answeredKey: undefined,
    onDrained: ({ size }) => drained.push(size),
  });
  const keys = Array.from({ length: plan.keys }, (_, key) => String(key));
  const planner = new BatchPlanner({ store, run, keys: ReadableStream.from([keys]), size: () => plan.batch });
  try {
    await play({
      file,
      store,
      workers,
      shared,
      progress,
      drained,
      planner,
      run: () => workers.run(planner, () => planner.planned < plan.keys),
    });
  } finally {
    workers.terminate();
  }
}

function keyOf(request: Request): number {
  return Number(new URL(request.url).pathname.slice(1));
}

/** The answer to a request: one row, with the key. */
function rowOf(request: Request): Response {
  return Response.json({ r: [{ v: keyOf(request) }] });
}

/** A server that holds back its answers until they are released, except to keys below `free`. */
class HoldingServer extends HandlerServer {
  readonly release: () => void;
  asked = 0;

  constructor(free = 0) {
    const { promise, resolve } = Promise.withResolvers<void>();
    super(async (request) => {
      this.asked++;
      if (keyOf(request) >= free) await promise;
      return rowOf(request);
    });
    this.release = resolve;
  }
}

/** A source with batches of its own, whose end is recorded by a planner. */
function sourceOf(planner: BatchPlanner, next: BatchSource["next"]): BatchSource {
  return { next, done: (batch) => planner.done(batch), lost: (batch) => planner.lost(batch) };
}

/** Asserts that every key has one verdict, and one row, its own key. */
function assertWhole(file: string, keys: number): void {
  const all = Array.from({ length: keys }, (_, key) => key);
  assert.deepEqual(
    query(file, "SELECT sequence, key FROM fetches ORDER BY sequence"),
    all.map((k) => [k, String(k)]),
  );
  assert.deepEqual(query(file, "SELECT v, count(*) FROM t GROUP BY v"), all.map((key) => [key, 1]));
}

Deno.test("WorkerPool has all batches asked, one row a key, and gives back every slot", async () => {
  await using server = new HandlerServer(rowOf);
  const job = jobOf(server.url, { limits: { inFlight: 40 } });
  await onScene(job, { host: server.host, keys: 150, batch: 64 }, async (scene) => {
    await scene.run();
    assertWhole(scene.file, 150);
    assert.deepEqual(query(scene.file, "SELECT state, count(*) FROM _trawl_batch GROUP BY state"), [[
      "done",
      3,
    ]]);
    assert.deepEqual(scene.drained.toSorted((a, b) => a - b), [22, 64, 64]);
    assert.deepEqual([scene.progress.done, scene.progress.rows, scene.shared.inFlight()], [150, 150, 0]);
    // Answers only, not what a Worker parses to warm up.
    const sizes = Array.from({ length: 150 }, (_, key) => JSON.stringify({ r: [{ v: key }] }).length);
    assert.equal(scene.progress.bytes, sizes.reduce((sum, size) => sum + size, 0));
  });
});

Deno.test("WorkerPool never has more in flight than it may, over overlapping batches", async () => {
  let inside = 0;
  let most = 0;
  await using server = new HandlerServer(async (request) => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, keyOf(request) % 7 === 0 ? 30 : 2));
    inside--;
    return rowOf(request);
  });
  const job = jobOf(server.url, { limits: { inFlight: 33 } });
  await onScene(job, { host: server.host, keys: 200, batch: 50 }, async ({ run, file }) => {
    await run();
    assertWhole(file, 200);
    assert.ok(most <= 33 && most > 20, String(most));
  });
});

Deno.test("WorkerPool starts the next batch while the slowest key of the first is in flight", async () => {
  const later = Promise.withResolvers<void>();
  await using server = new HandlerServer(async (request) => {
    const key = keyOf(request);
    // Without the overlap, this key is never requested.
    if (key === 15) later.resolve();
    if (key === 0) await later.promise;
    return Response.json({ r: [{ v: key }] });
  });
  const job = jobOf(server.url, { limits: { inFlight: 4 }, timeout: { firstByteMs: 8_000 } });
  await onScene(job, { host: server.host, keys: 20, batch: 10 }, async ({ run, file }) => {
    await run();
    assertWhole(file, 20);
    assert.deepEqual(query(file, "SELECT sum(attempts) FROM fetches"), [[20]]);
  });
});

/** A rule that no job file can hold: the first answer with a member `die` ends the Worker by an uncaught error. */
function deadlyJob(url: string, inFlight: number): Job {
  const pattern: string = Object(/x/);
  return jobOf(url, { limits: { inFlight }, accept: { failIf: [{ path: "$.die", startsWith: pattern }] } });
}

Deno.test("WorkerPool asks a batch again whose Worker died, and nothing is lost or doubled", async () => {
  const asked = new Map<number, number>();
  await using server = new HandlerServer(async (request) => {
    const key = keyOf(request);
    const attempt = (asked.get(key) ?? 0) + 1;
    asked.set(key, attempt);
    const isDeadly = (key === 37 && attempt < 3) || (key === 45 && attempt === 1);
    // Some of the batch have their verdict by then, some are in flight.
    if (isDeadly) await new Promise((resolve) => setTimeout(resolve, 180));
    if (key === 38) await new Promise((resolve) => setTimeout(resolve, 250));
    return Response.json({ ...(isDeadly && { die: "x" }), r: [{ v: key }] });
  });
  await onScene(deadlyJob(server.url, 4), { host: server.host, keys: 60, batch: 20 }, async (scene) => {
    await scene.run();
    assertWhole(scene.file, 60);
    assert.deepEqual(query(scene.file, "SELECT state, count(*) FROM _trawl_batch GROUP BY state"), [[
      "done",
      3,
    ]]);
    assert.deepEqual([scene.progress.done, scene.shared.inFlight()], [60, 0]);
  });
  assert.deepEqual([asked.get(37), asked.get(45)], [3, 2]);
  // What had its verdict was not asked again.
  assert.equal(asked.get(20), 1);
});

Deno.test("WorkerPool asks a batch again whose Worker dies while the end of the list is still to be found", async () => {
  let asked = 0;
  await using server = new HandlerServer((request) => {
    const isDeadly = asked++ === 0;
    return Response.json({ ...(isDeadly && { die: "x" }), r: [{ v: keyOf(request) }] });
  });
  await onScene(
    deadlyJob(server.url, 4),
    { host: server.host, keys: 1, batch: 1 },
    async ({ workers, planner, store, file }) => {
      const died = Promise.withResolvers<void>();
      const { doneSequences } = store;
      // What is to be asked again is looked up once a Worker has died.
      store.doneSequences = (...args) => {
        died.resolve();
        return doneSequences.apply(store, args);
      };
      const batches = [{ number: 0, first: 0, size: 1, entries: [{ sequence: 0, key: "0" }] }];
      await workers.run(sourceOf(planner, async () => {
        if (batches.length === 0) {
          await died.promise;
          await delay(20);
        }
        return batches.shift();
      }));
      assertWhole(file, 1);
    },
  );
});

Deno.test("WorkerPool ends the run when the Worker of one batch dies again and again", async () => {
  await using server = new HandlerServer((request) => {
    const key = keyOf(request);
    return Response.json({ ...(key === 3 && { die: "x" }), r: [{ v: key }] });
  });
  await onScene(
    deadlyJob(server.url, 4),
    { host: server.host, keys: 10, batch: 5 },
    async ({ run, shared }) => {
      await assert.rejects(run(), { message: /^A Worker cannot continue: .*regular expression/ });
      assert.equal(shared.inFlight(), 0);
    },
  );
});

Deno.test("WorkerPool goes on when a Worker dies that waits for its batch, and one that has one", async () => {
  using _torn = tearWorkers({
    jumps: [],
    ill: [{ worker: 0, how: "rejects", afterMs: 150 }, { worker: 1, how: "rejects", afterMs: 150 }],
  });
  await using server = new HandlerServer(async (request) => {
    await delay(20);
    return rowOf(request);
  });
  await onScene(jobOf(server.url), { host: server.host, keys: 100, batch: 50 }, async ({ run, file }) => {
    await run();
    assertWhole(file, 100);
  });
});

Deno.test("WorkerPool ends the run when a Worker cannot even begin", async () => {
  const job = jobOf("http://127.0.0.1:1", { rows: { path: "no path" } });
  await onScene(job, { host: "127.0.0.1:1", keys: 10, batch: 5 }, async ({ run }) => {
    await assert.rejects(run(), { message: /^A Worker cannot continue: / });
  });
});

for (const what of ["finish", "finishBatch"] as const) {
  Deno.test(`WorkerPool ends the run with the error of a store whose ${what}() throws`, async () => {
    await using server = new HandlerServer(rowOf);
    await onScene(
      jobOf(server.url),
      { host: server.host, keys: 1_000, batch: 100 },
      async ({ run, store, shared }) => {
        const full = new Error("database or disk is full");
        store[what] = () => Promise.reject(full);
        await assert.rejects(run(), (error) => error === full);
        assert.equal(shared.inFlight(), 0);
      },
    );
  });
}

Deno.test("WorkerPool ends the run, and its Workers, with the error of a key list", async () => {
  await using server = new HoldingServer();
  await onScene(
    jobOf(server.url),
    { host: server.host, keys: 1, batch: 1 },
    async ({ workers, planner, shared }) => {
      const entries = [{ sequence: 0, key: "a" }, { sequence: 1, key: "b" }];
      const batches = [{ number: 0, first: 0, size: 2, entries }];
      const running = workers.run(sourceOf(planner, async () => {
        const batch = batches.shift();
        if (batch !== undefined) return batch;
        await until(() => server.asked === 2);
        throw new RangeError("bad list");
      }));
      await assert.rejects(running, /bad list/);
      server.release();
      assert.equal(shared.inFlight(), 0);
    },
  );
});

Deno.test("WorkerPool.stop() lets what is in flight finish, and leaves the batch open", async () => {
  await using server = new HoldingServer();
  await onScene(
    jobOf(server.url),
    { host: server.host, keys: 50, batch: 20 },
    async ({ workers, run, file, progress }) => {
      const running = run();
      await until(() => server.asked === 4);
      workers.stop();
      server.release();
      await running;
      assert.deepEqual([server.asked, progress.done], [4, 4]);
      assert.deepEqual(query(file, "SELECT count(*) FROM fetches"), [[4]]);
      assert.deepEqual(query(file, "SELECT DISTINCT state FROM _trawl_batch"), [["open"]]);
    },
  );
});

Deno.test("WorkerPool.drop() gives up what is in flight without a verdict", async () => {
  await using server = new HoldingServer(1);
  await onScene(
    jobOf(server.url),
    { host: server.host, keys: 50, batch: 20 },
    async ({ workers, run, file }) => {
      const running = run();
      await until(() => server.asked === 5);
      workers.stop();
      workers.drop();
      await running;
      server.release();
      assert.deepEqual(query(file, "SELECT key, verdict FROM fetches"), [["0", "ok"]]);
    },
  );
});

Deno.test("WorkerPool.terminate() ends Workers at once, whatever hangs", async () => {
  await using server = new HoldingServer();
  await onScene(
    jobOf(server.url),
    { host: server.host, keys: 50, batch: 20 },
    async ({ workers, run, shared }) => {
      const running = run();
      await until(() => server.asked === 4);
      workers.terminate();
      await running;
      server.release();
      assert.equal(shared.inFlight(), 0);
    },
  );
});

Deno.test("WorkerPool.stop() does not wait for a key list that does not come", async () => {
  await onScene(
    jobOf("http://127.0.0.1:1"),
    { host: "127.0.0.1:1", keys: 1, batch: 1 },
    async ({ workers, planner }) => {
      const never = Promise.withResolvers<undefined>();
      const running = workers.run(sourceOf(planner, () => never.promise));
      workers.stop();
      await running;
    },
  );
});
