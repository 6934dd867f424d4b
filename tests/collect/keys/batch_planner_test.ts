import { openWriter } from "../../support/database.ts";
import type { StoreWriter } from "../../../lib/store/database.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { BatchPlanner } from "../../../lib/collect/keys/batch_planner.ts";
import {
  batchFirstPerSlot,
  batchGrowth,
  batchLifeMs,
  BatchSizes,
} from "../../../lib/collect/keys/batch_sizes.ts";
import type { PlannedBatch } from "../../../lib/collect/workers/batch_source.ts";
import { runLimits } from "../../../lib/limits.ts";
import { noRows } from "../../../lib/rows/row_batch.ts";
import { TempFolder } from "../../support/temp.ts";
import { recordOf } from "../support.ts";
import { assertProperty } from "../../support/property.ts";
import { finishedOf } from "../../support/rows.ts";

const schema = { name: "t", columns: [{ name: "v", type: "ANY" }] } as const;

/** Keys in blocks of the given sizes, over and over. */
async function* blocksOf(
  keys: readonly string[],
  sizes: readonly number[] = [7],
): AsyncIterable<readonly string[]> {
  let at = 0;
  for (let block = 0; at < keys.length; block++) {
    const size = sizes[block % sizes.length] ?? 1;
    yield keys.slice(at, at + size);
    at += size;
  }
}

function keysOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `k${index}`);
}

function keysIn({ entries }: PlannedBatch): string[] {
  return entries.map(({ key }) => key);
}

function entriesOf(sequences: readonly number[]) {
  return sequences.map((sequence) => ({ sequence, key: `k${sequence}` }));
}

async function withStore(work: (store: StoreWriter, run: number) => Promise<void>): Promise<void> {
  using folder = new TempFolder();
  await using store = await openWriter(folder.file("a.db"), schema);
  await work(store, await store.beginRun({ job: "j", text: "t", identity: "s" }));
}

async function all(batches: BatchPlanner): Promise<PlannedBatch[]> {
  const planned: PlannedBatch[] = [];
  for (let batch = await batches.next(); batch !== undefined; batch = await batches.next()) {
    planned.push(batch);
  }
  return planned;
}

Deno.test("BatchPlanner cuts any list into batches of the wanted sizes, from blocks of any size", async () => {
  await withStore(async (store) => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    await assertProperty(
      fc.asyncProperty(fc.nat({ max: 40 }), sizes, sizes, async (count, blocks, wanted) => {
        const run = await store.beginRun({ job: "j", text: "t", identity: "s" });
        const keys = keysOf(count);
        const size = (number: number) => wanted[number % wanted.length] ?? 1;
        const batches = new BatchPlanner({ store, run, keys: blocksOf(keys, blocks), size });
        assert.equal(batches.keyCount, undefined);
        const planned = await all(batches);
        assert.equal(batches.keyCount, count);
        assert.deepEqual(planned.flatMap(keysIn), keys);
        let first = 0;
        for (const [number, batch] of planned.entries()) {
          assert.deepEqual([batch.number, batch.first], [number, first]);
          assert.deepEqual(batch.entries.map(({ sequence }) => sequence - first), [
            ...Array(batch.size).keys(),
          ]);
          if (number < planned.length - 1) assert.equal(batch.size, size(number));
          first += batch.size;
        }
        assert.equal(await batches.next(), undefined);
      }),
      { numRuns: 40 },
    );
  });
});

Deno.test("BatchPlanner reads no key before it is wanted", async () => {
  await withStore(async (store, run) => {
    let read = 0;
    const keys = (async function* () {
      for (const block of [["a", "b"], ["c"], ["d"]]) {
        read++;
        yield await Promise.resolve(block);
      }
    })();
    const batches = new BatchPlanner({ store, run, keys, size: () => 2 });
    assert.equal(read, 0);
    await batches.next();
    assert.deepEqual([read, batches.keyCount], [1, undefined]);
  });
});

Deno.test("BatchPlanner resumes with the batches that there were, whatever size is wanted now", async () => {
  await withStore(async (store, run) => {
    const keys = keysOf(20);
    const before = new BatchPlanner({ store, run, keys: blocksOf(keys), size: () => 5 });
    for (let n = 0; n < 3; n++) await before.next();
    await store.finish(
      run,
      finishedOf({
        fetches: [...Array(5).keys(), 6, 8, 12].map((sequence) => recordOf(sequence)),
        rowCounts: new Array<number>(8).fill(0),
        rows: noRows,
      }),
    );
    await store.finishBatch(run, 0);
    const after = new BatchPlanner({ store, run, keys: blocksOf(keys, [3]), size: () => 100 });
    const planned = await all(after);
    assert.deepEqual(planned, [
      { number: 1, first: 5, size: 5, entries: entriesOf([5, 7, 9]) },
      { number: 2, first: 10, size: 5, entries: entriesOf([10, 11, 13, 14]) },
      { number: 3, first: 15, size: 5, entries: entriesOf([15, 16, 17, 18, 19]) },
    ]);
    assert.equal(after.keyCount, 20);
  });
});

Deno.test("BatchPlanner keeps to a limit inside a batch of an earlier start, and leaves the batch open", async () => {
  await withStore(async (store, run) => {
    const planner = (limit?: number) =>
      new BatchPlanner({ store, run, keys: blocksOf(keysOf(10)), size: () => 5, limit });
    await all(planner());
    const limited = planner(7);
    for (const [batch, sequences] of [[0, [0, 1, 2, 3, 4]], [1, [5, 6]]] as const) {
      const planned = await limited.next();
      assert.deepEqual(planned, { number: batch, first: 5 * batch, size: 5, entries: entriesOf(sequences) });
      await limited.done(planned!);
    }
    assert.equal(await limited.next(), undefined);
    assert.deepEqual([limited.isCut, limited.planned, limited.keyCount], [true, 7, undefined]);
    const states = await Promise.all([0, 1].map(async (number) => (await store.batch(run, number))?.state));
    assert.deepEqual(states, ["done", "open"]);
    const rest = await all(planner());
    assert.deepEqual(rest.map(keysIn), [["k5", "k6", "k7", "k8", "k9"]]);
  });
});

const changes: readonly (readonly [string, (keys: string[]) => unknown])[] = [
  ["another key", (keys) => keys[7] = "x"],
  ["another order", (keys) => keys.reverse()],
  ["a key less", (keys) => keys.splice(2, 1)],
  ["a key more", (keys) => keys.splice(2, 0, "x")],
  ["the last key missing", (keys) => keys.pop()],
  ["nothing left", (keys) => keys.length = 0],
  ["two keys run together", (keys) => keys.splice(3, 2, "k3k4")],
];

for (const [name, change] of changes) {
  Deno.test(`BatchPlanner refuses a list with ${name}`, async () => {
    await withStore(async (store, run) => {
      const keys = keysOf(10);
      await all(new BatchPlanner({ store, run, keys: blocksOf(keys), size: () => 5 }));
      change(keys);
      const batches = new BatchPlanner({ store, run, keys: blocksOf(keys), size: () => 5 });
      await assert.rejects(all(batches), {
        name: "UsageError",
        message: /^Cannot resume run 1 as its key list has changed: keys \d+ to \d+ are not those/,
      });
    });
  });
}

Deno.test("BatchPlanner notices a change also in a batch that is done", async () => {
  await withStore(async (store, run) => {
    await all(new BatchPlanner({ store, run, keys: blocksOf(keysOf(10)), size: () => 5 }));
    await store.finishBatch(run, 0);
    const batches = new BatchPlanner({
      store,
      run,
      keys: blocksOf(["x", ...keysOf(10).slice(1)]),
      size: () => 5,
    });
    await assert.rejects(batches.next(), /keys 1 to 5/);
  });
});

Deno.test("BatchPlanner passes on what reading the keys throws", async () => {
  await withStore(async (store, run) => {
    const keys = (async function* () {
      yield await Promise.resolve(["a", "b"]);
      throw new RangeError("broken list");
    })();
    const batches = new BatchPlanner({ store, run, keys, size: () => 2 });
    const first = await batches.next();
    assert.deepEqual(first && keysIn(first), ["a", "b"]);
    await assert.rejects(batches.next(), /broken list/);
  });
});

Deno.test("BatchPlanner ends a new batch where its keys have become long, and gives it again as it was", async () => {
  await withStore(async (store, run) => {
    const keys = Array.from(
      { length: 40 },
      (_, index) => String(index).padEnd(runLimits.batchCharsMax / 8, "x"),
    );
    for (const size of [100, 3]) {
      const planned = await all(new BatchPlanner({ store, run, keys: blocksOf(keys), size: () => size }));
      assert.deepEqual(planned.map((batch) => batch.size), [8, 8, 8, 8, 8]);
      assert.deepEqual(planned.flatMap(keysIn), keys);
    }
  });
});

Deno.test("BatchSizes goes to what keeps a Worker busy, by bounded steps", () => {
  const { batchMax } = runLimits;
  const batchFirst = 4 * batchFirstPerSlot;
  const table = [
    [1, 0, batchFirst],
    [batchFirst, batchLifeMs, batchFirst],
    [batchFirst, 100, batchFirst * batchGrowth],
    [batchFirst, batchLifeMs / 2, batchFirst * 2],
    [20_000, batchLifeMs, 20_000],
    [20_000, batchLifeMs * 2, 10_000],
    [batchMax, 100, batchMax],
    [128, 3_600_000, batchFirst],
    [0, 0, batchFirst],
  ] as const;
  for (const [size, ms, expected] of table) {
    const sizes = new BatchSizes(1, 4);
    sizes.drained({ size, ms });
    assert.equal(sizes.next(undefined), expected);
  }
});

Deno.test("BatchSizes has all Workers reach the end of the list together", () => {
  for (const total of [10, 5_000, 30_000, 50_000, 1_000_000]) {
    const sizes = new BatchSizes(2, 64);
    sizes.drained({ size: 20_000, ms: batchLifeMs });
    const batches: number[] = [];
    for (let left = total; left > 0; left -= batches.at(-1) ?? 0) batches.push(sizes.next(left));
    assert.equal(batches.length % 2, 0);
    assert.ok(Math.max(...batches) - Math.min(...batches) <= 1, batches.join());
  }
});

Deno.test("BatchSizes begins with keys for every request in flight, and never beyond the largest batch", () => {
  for (const inFlight of [1, 8, 64, 1_000, runLimits.inFlightMax]) {
    const first = Math.min(runLimits.batchMax, inFlight * batchFirstPerSlot);
    assert.equal(new BatchSizes(2, inFlight).next(undefined), first);
  }
});

Deno.test("BatchSizes gives whole numbers within their bounds for anything", () => {
  assertProperty(
    fc.property(
      fc.nat({ max: runLimits.batchMax }),
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.option(fc.nat(1e9), { nil: undefined }),
      (size, ms, left) => {
        const sizes = new BatchSizes(2, 64);
        sizes.drained({ size, ms });
        const next = sizes.next(left);
        return Number.isInteger(next) && next >= 1 && next <= runLimits.batchMax;
      },
    ),
  );
});
