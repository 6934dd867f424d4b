/**
 * The store's contract: the promises of docs/architecture.md that every database must keep, through `openDatabase` and
 * the views that people query (`runs`, `fetches` and those of the job). Nothing here knows an engine. What holds for
 * SQLite files alone is tested in `sqlite/`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { InterruptedError, UsageError } from "../../lib/errors.ts";
import type { FetchRecord, StagedRows } from "../../lib/rows/fetch_record.ts";
import { type CellValue, noRows } from "../../lib/rows/row_batch.ts";
import type { TableSchema } from "../../lib/rows/table_schema.ts";
import { coverageOf, doneOf, pendingOf } from "../../lib/store/coverage.ts";
import { type Database, openDatabase, type StoreWriter } from "../../lib/store/database.ts";
import type { NewRun } from "../../lib/store/records.ts";
import { recordOf } from "../collect/support.ts";
import { type Engine, engines } from "../support/database.ts";
import { chunkOf } from "../support/rows.ts";

const updates: TableSchema = {
  name: "updates",
  columns: [{ name: "ts", type: "TIME" }, { name: "type", type: "TEXT" }],
};
const peers: TableSchema = { name: "peers", columns: [{ name: "peer", type: "INTEGER" }] };

const newRun: NewRun = { job: "j", text: "t", identity: "s" };

const firstMs = Date.UTC(2026, 0, 1);
const never = new AbortController().signal;

/** A run of the window of day `number`. */
function dailyRun(number: number, job = "j"): NewRun {
  const at = (days: number) => new Date(firstMs + days * 86_400_000).toISOString().replace(".000Z", "Z");
  return { ...newRun, job, window: { start: at(number), end: at(number + 1) } };
}

/** A row, or a fetch with rows that were staged, or its rows. */
type Rows = readonly (readonly CellValue[])[] | "staged";

/** Finishes fetches with their rows for the table `updates`. */
async function finish(
  store: StoreWriter,
  run: number,
  ...fetches: readonly (readonly [FetchRecord, Rows])[]
): Promise<void> {
  const rows = fetches.flatMap(([, rows]) => rows === "staged" ? [] : rows);
  await store.finish(run, {
    fetches: fetches.map(([record]) => record),
    tables: [{
      table: updates.name,
      rowCounts: fetches.map(([, rows]) => rows === "staged" ? rows : rows.length),
      rows: rows.length === 0 ? noRows : chunkOf(rows),
    }],
  });
}

function part(sequence: number, first: number, rows: readonly (readonly CellValue[])[]): StagedRows {
  return { table: updates.name, sequence, first, rows: chunkOf(rows) };
}

function failed(sequence: number, reason = "cut"): FetchRecord {
  return recordOf(sequence, { verdict: "failed", reason, status: null, attempts: 3, bytes: 0 });
}

/** A database that does not exist yet, opened for writing with both tables. */
interface Scene {
  readonly database: Database;
  readonly store: StoreWriter;
  /** A run that has just begun. */
  readonly run: number;
  readonly query: (sql: string) => Promise<unknown[][]>;
}

/** The rows of `updates` that people see, with the key of their fetch. */
const visible = `SELECT key, row, ts, type FROM updates ORDER BY key, row`;

const promises: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  "finish() makes fetches and their rows visible together": async ({ store, run, query }) => {
    await finish(store, run, [recordOf(0, { rows: 2 }), [[1n, "A"], [2n, "W"]]], [
      recordOf(7, { rows: 1 }),
      [[2.5, null]],
    ]);
    assert.deepEqual(await query(visible), [["0", 0, 1, "A"], ["0", 1, 2, "W"], ["7", 0, 2.5, null]]);
    assert.deepEqual(await query("SELECT ok, rows, bytes, attempts FROM runs"), [[2, 3, 2, 2]]);
  },

  "finish() leaves nothing behind when one of its rows cannot be stored": async ({ store, run, query }) => {
    await assert.rejects(
      store.finish(run, {
        fetches: [recordOf(0, { rows: 1 }), recordOf(1, { rows: 1 })],
        tables: [{ table: peers.name, rowCounts: [1, 1], rows: chunkOf([[1n], ["x"]]) }],
      }),
      /integer|bigint/i,
    );
    assert.deepEqual(
      await query("SELECT (SELECT count(*) FROM fetches), (SELECT count(*) FROM peers), ok FROM runs"),
      [[0, 0, 0]],
    );
  },

  "finish() writes the rows of several tables in one transaction": async ({ store, run, query }) => {
    const rows = { table: updates.name, rowCounts: [1], rows: chunkOf([[1n, "A"]]) };
    await assert.rejects(store.finish(run, {
      fetches: [recordOf(0)],
      tables: [rows, { table: peers.name, rowCounts: [1], rows: chunkOf([["x"]]) }],
    }));
    assert.deepEqual(await query("SELECT (SELECT count(*) FROM fetches), (SELECT count(*) FROM updates)"), [
      [0, 0],
    ]);
    await store.finish(run, {
      fetches: [recordOf(0)],
      tables: [rows, { table: peers.name, rowCounts: [2], rows: chunkOf([[5n], [6n]]) }],
    });
    assert.deepEqual(await query("SELECT (SELECT count(*) FROM updates), sum(peer) FROM peers"), [[1, 11]]);
  },

  "finish() refuses a second verdict on a key": async ({ store, run }) => {
    await finish(store, run, [recordOf(0), []]);
    await assert.rejects(finish(store, run, [recordOf(0), []]), /unique/i);
    assert.equal((await store.countRun(run)).ok, 1);
  },

  "stage() keeps rows out of sight until their fetch is finished": async ({ store, run, query }) => {
    const many = Array.from({ length: 1_000 }, (_, index) => [BigInt(index), "A"]);
    await store.stage(run, part(3, 0, many));
    await store.stage(run, part(4, 0, [[5n, "A"]]));
    await store.stage(run, part(3, 1_000, [[1_000n, "W"]]));
    assert.deepEqual(await query("SELECT count(*) FROM updates"), [[0]]);
    await finish(store, run, [recordOf(3, { rows: 1_001 }), "staged"]);
    assert.deepEqual(
      await query("SELECT count(*), count(*) FILTER (WHERE ts = row), max(row) FROM updates"),
      [[1_001, 1_001, 1_000]],
    );
  },

  "stage() starts again after unstage(), and takes no rows out of order": async ({ store, run, query }) => {
    await store.stage(run, part(3, 0, [[1n, "A"], [2n, "A"]]));
    await assert.rejects(
      store.stage(run, part(3, 1, [[3n, "A"]])),
      /^RangeError: Cannot stage rows: the next must be row 2, got row 1$/,
    );
    await assert.rejects(store.stage(run, part(3, 3, [[3n, "A"]])), RangeError);
    await store.unstage(run, 0, 10);
    await store.stage(run, part(3, 0, [[7n, "W"]]));
    await finish(store, run, [recordOf(3, { rows: 1 }), "staged"]);
    assert.deepEqual(await query(visible), [["3", 0, 7, "W"]]);
  },

  "openWriter() deletes what a killed run left staged": async ({ database, store, run, query }) => {
    await store.stage(run, part(0, 0, [[1n, "A"]]));
    await store[Symbol.asyncDispose]();
    await using again = await database.openWriter("j", [updates, peers]);
    // Rows that were still there would be followed by row 1.
    await again.stage(run, part(0, 0, [[2n, "W"]]));
    await finish(again, run, [recordOf(0, { rows: 1 }), "staged"]);
    assert.deepEqual(await query(visible), [["0", 0, 2, "W"]]);
  },

  "a failed key is neither empty nor pending": async ({ database, store, run }) => {
    const empty = recordOf(1, { verdict: "empty" });
    await finish(store, run, [recordOf(0), [[1n, "A"]]], [empty, []], [failed(2), []], [failed(4), []]);
    await store.setKeys(run, 6);
    await using reader = await database.openReader();
    const found = await reader.run(run);
    assert.ok(found !== undefined);
    assert.deepEqual([found.ok, found.empty, found.failed, pendingOf(found)], [1, 1, 2, 2]);
    assert.equal(coverageOf(found), 2 / 6);
    assert.deepEqual(await reader.failures(run), [{ reason: "cut", count: 2, example: "2", detail: null }]);
    assert.deepEqual(await Array.fromAsync(reader.failedKeys(run)), [
      { sequence: 2, key: "2", reason: "cut", status: null, attempts: 3, detail: null },
      { sequence: 4, key: "4", reason: "cut", status: null, attempts: 3, detail: null },
    ]);
    assert.deepEqual((await store.failures(run, 0, 4)).map(({ sequence }) => sequence), [2]);
  },

  "what a server said is kept for the first failures of each reason": async (
    { database, store, run, query },
  ) => {
    const told = (sequence: number, reason: string) =>
      [{ ...failed(sequence), reason, detail: `${reason} ${sequence}` }, []] as const;
    await finish(store, run, [failed(0), []], told(1, "cut"), told(2, "http-500"));
    for (const sequence of [3, 4, 5, 6, 7, 8]) await finish(store, run, told(sequence, "cut"));
    await using reader = await database.openReader();
    const kept = async () => (await Array.fromAsync(reader.failedKeys(run))).map(({ detail }) => detail);
    const cuts = [3, 4, 5, 6].map((sequence) => `cut ${sequence}`);
    assert.deepEqual(await kept(), [null, "cut 1", "http-500 2", ...cuts, null, null]);
    assert.deepEqual((await reader.failures(run))[0], {
      reason: "cut",
      count: 8,
      example: "1",
      detail: "cut 1",
    });
    await store.resumeRun(run, { retryFailed: true });
    assert.deepEqual(await query("SELECT count(*) FROM fetches WHERE detail IS NOT NULL"), [[0]]);
    await finish(store, run, told(7, "cut"));
    assert.deepEqual(await kept(), ["cut 7"]);
  },

  "the sums add up: those of the run are those of its fetches": async ({ database, store, run }) => {
    await store.addBatch(run, { number: 0, first: 0, size: 9, sha256: "" });
    for (let sequence = 0; sequence < 9; sequence++) {
      const rows = [[BigInt(sequence), "A"]];
      const record = recordOf(sequence, { rows: 1, bytes: sequence, attempts: 2 });
      await finish(store, run, sequence % 3 === 0 ? [failed(sequence), []] : [record, rows]);
    }
    await store.forget(run, 3);
    const counts = await store.countRun(run);
    assert.deepEqual(counts, { ok: 6, empty: 0, unchanged: 0, failed: 2, rows: 6, bytes: 27, attempts: 18 });
    assert.equal(doneOf(counts), 8);
    await using reader = await database.openReader();
    const found = await reader.run(run);
    for (const [name, count] of Object.entries(counts)) {
      assert.equal(found?.[name as keyof typeof counts], count);
    }
    const { mistakes } = await reader.inspect({ isFull: true });
    assert.deepEqual(mistakes, []);
  },

  "a resumed run has its batches, and knows which keys are done": async ({ database, store, run }) => {
    const first = { number: 0, first: 0, size: 2, sha256: "a" };
    const second = { number: 1, first: 2, size: 2, sha256: "b" };
    for (const batch of [first, second]) await store.addBatch(run, batch);
    await finish(store, run, [recordOf(0), []], [failed(1), []], [recordOf(3), []]);
    await store.finishBatch(run, 0);
    await store.endRun(run, { state: "interrupted", reason: "stopped" });
    await store[Symbol.asyncDispose]();
    await using again = await database.openWriter("j", [updates, peers]);
    assert.equal((await again.latestRun("j", null))?.id, run);
    await again.resumeRun(run, { retryFailed: false });
    assert.deepEqual(await again.batch(run, 0), { ...first, state: "done" });
    assert.deepEqual(await again.batch(run, 1), { ...second, state: "open" });
    assert.equal(await again.batch(run, 2), undefined);
    assert.deepEqual([...await again.doneSequences(run, 0, 4)].sort(), [0, 1, 3]);
    await again.resumeRun(run, { retryFailed: true });
    assert.deepEqual([...await again.doneSequences(run, 0, 4)].sort(), [0, 3]);
    assert.equal((await again.batch(run, 0))?.state, "open");
    assert.deepEqual((await again.latestRun("j", null))?.failed, 0);
  },

  "keepKeys() replaces a list that came only in part, until the run is finished": async ({ store, run }) => {
    async function* blocks(...lists: readonly (readonly string[])[]) {
      for (const list of lists) yield await Promise.resolve(list);
    }
    await store.keepKeys(run, blocks(["1", "2"], ["3"], ["4"]));
    await store.keepKeys(run, blocks(["5"], ['"', "é"]));
    assert.deepEqual(await Array.fromAsync(store.keptKeys(run)), [["5"], ['"', "é"]]);
    await finish(store, run, [recordOf(0), []], [recordOf(1), []]);
    await store.endRun(run, { state: "finished", isCovered: true });
    assert.deepEqual(await Array.fromAsync(store.keptKeys(run)), []);
    await store.resumeRun(run, { retryFailed: true, restoredList: '{"keys":2}' });
    assert.equal((await store.latestRun("j", null))?.list, '{"keys":2}');
    assert.deepEqual((await Array.fromAsync(store.keptKeys(run))).flat(), ["0", "1"]);
  },

  "answeredKey() is a key with a small answer that did not fail": async ({ store, run }) => {
    await finish(store, run, [failed(0), []], [recordOf(1, { bytes: 1_000 }), []]);
    assert.equal(await store.answeredKey(run, 999), undefined);
    assert.equal(await store.answeredKey(run, 1_000), "1");
  },

  "keepTuned() and keepStarts() keep the newest value for the next run": async ({ database, store }) => {
    const quota = { host: "h:80", perMs: 60_000 };
    await store.keepTuned("h:80", "rate", { value: 1, limit: 2 });
    await store.keepTuned("h:80", "rate", { value: 90.5, limit: 100 });
    await store.keepTuned("h:80", "in_flight", { value: 8, limit: undefined });
    await store.keepStarts(quota, new Map([[6, 9]]));
    await store.keepStarts(quota, new Map([[7, 2]]));
    await store[Symbol.asyncDispose]();
    await using again = await database.openWriter("j", [updates, peers]);
    assert.deepEqual(await again.learned("h:80", "rate"), { value: 90.5, limit: 100 });
    assert.deepEqual(await again.learned("h:80", "in_flight"), { value: 8, limit: undefined });
    assert.equal(await again.learned("h:81", "rate"), undefined);
    assert.deepEqual(await again.starts(quota), new Map([[7, 2]]));
    assert.equal((await again.starts({ ...quota, perMs: 1 })).size, 0);
    await using reader = await database.openReader();
    assert.deepEqual(await reader.starts(quota), new Map([[7, 2]]));
  },

  "a reader lists runs and the state of each job": async ({ database, store, run }) => {
    const day = await store.beginRun(dailyRun(0, "days"));
    await store.endRun(day, { state: "finished", isCovered: true });
    const next = await store.beginRun(dailyRun(1, "days"));
    await using reader = await database.openReader();
    assert.deepEqual((await reader.runs(2)).map(({ id }) => id), [next, day]);
    const states = (await reader.jobs()).map(({ newest, finished }) => [newest.id, finished?.id]);
    assert.deepEqual(states, [[next, day], [run, undefined]]);
    assert.equal((await reader.latestRun("days", "2026-01-02T00:00:00Z"))?.id, next);
    assert.equal(await reader.latestRun("days", "2026-01-03T00:00:00Z"), undefined);
    assert.deepEqual([...(await store.windows("days")).keys()], [
      "2026-01-01T00:00:00Z",
      "2026-01-02T00:00:00Z",
    ]);
  },

  "a reader ranks keys, and counts rows in equal parts of a window": async ({ database, store, run }) => {
    const rows = [[0n, "A"], [59n, "A"], [119n, "W"]];
    await finish(store, run, [recordOf(0, { rows: 3 }), rows], [recordOf(1, { rows: 1 }), [[7n, "A"]]]);
    await using reader = await database.openReader();
    const [top, ...others] = await reader.topKeys(run, 5, { without: ["1"] });
    assert.deepEqual([top?.key, top?.rows, others], ["0", 3, []]);
    const time = { table: "updates", column: "ts", count: undefined };
    const buckets = { start: 0, end: 120, buckets: 2 };
    assert.deepEqual(await reader.series(top?.fetch ?? 0, time, buckets), [2, 1]);
    const tables = [updates, peers];
    const measured = await reader.measuredFetches(run, { first: 0, tables });
    assert.deepEqual(measured.map(({ key, storedRows }) => [key, storedRows]), [["0", 3], ["1", 1]]);
    const { fetchBytes, rowBytes } = await reader.storageSize(tables);
    assert.ok(fetchBytes > 0 && fetchBytes < 10_000 && rowBytes > 0 && rowBytes < 10_000);
  },

  "prune() deletes old runs with their rows, but keeps the newest finished window": async (scene) => {
    const { store, query } = scene;
    for (let day = 0; day < 4; day++) {
      const run = await store.beginRun(dailyRun(day, "days"));
      await finish(store, run, [recordOf(0, { key: `day ${day}`, rows: 1 }), [[BigInt(day), "A"]]]);
      await store.endRun(run, { state: "finished", isCovered: true });
    }
    // The newest run of all is kept anyway, so another job gets it.
    await store.beginRun({ ...newRun, job: "other" });
    const prune = (before: string) => store.prune({ job: "days", before }, never);
    assert.equal(await prune("2026-01-03T12:00:00Z"), 2);
    assert.deepEqual(await query("SELECT key FROM fetches ORDER BY id"), [["day 2"], ["day 3"]]);
    assert.deepEqual((await query(visible)).map(([key]) => key), ["day 2", "day 3"]);
    assert.equal(await prune("2030-01-01T00:00:00Z"), 1);
    assert.deepEqual((await query(visible)).map(([key]) => key), ["day 3"]);
  },

  "backup() copies the database while a writer has it open": async ({ database, store, run }) => {
    await finish(store, run, [recordOf(0, { rows: 1 }), [[1n, "A"]]]);
    const copy = `${database.location}.copy`;
    assert.ok(await database.backup(copy) > 0);
    await using reader = await (await openDatabase(copy)).openReader();
    assert.equal((await reader.run(run))?.ok, 1);
    await assert.rejects(database.backup(copy), UsageError);
  },

  "openWriter() refuses a table with other columns": async ({ database, store }) => {
    await store[Symbol.asyncDispose]();
    await assert.rejects(database.openWriter("j", [{ ...updates, columns: peers.columns }]), UsageError);
  },
};

for (const engine of engines) {
  for (const [name, check] of Object.entries(promises)) {
    Deno.test(`${engine.name}: ${name}`, async () => {
      await using place = await engine.create();
      const database = await openDatabase(place.location);
      await using store = await database.openWriter("j", [updates, peers]);
      await check({ database, store, run: await store.beginRun(newRun), query: place.query });
    });
  }

  Deno.test(`${engine.name}: acquire() lets one run at a time have a database`, async () => {
    await using place = await engine.create();
    await acquireTwice(place);
  });

  Deno.test(`${engine.name}: a database that does not exist has no bytes and cannot be read`, async () => {
    await using place = await engine.create();
    const database = await openDatabase(place.location);
    assert.deepEqual([await database.exists(), await database.bytes()], [false, 0]);
    await assert.rejects(database.openReader(), UsageError);
    await (await database.openWriter("j", [updates]))[Symbol.asyncDispose]();
    assert.equal(await database.exists(), true);
    assert.ok(await database.bytes() > 0);
    assert.ok(await database.freeBytes() !== 0);
  });
}

async function acquireTwice({ location }: Awaited<ReturnType<Engine["create"]>>): Promise<void> {
  const database = await openDatabase(location);
  const options = { job: "first", log: () => {}, ignoresFreeSpace: false };
  const lock = await database.acquire(options);
  await assert.rejects(
    (await openDatabase(location)).acquire({ ...options, job: "second" }),
    (error) => error instanceof InterruptedError && /first/.test(error.message),
  );
  await lock[Symbol.asyncDispose]();
  await using _again = await database.acquire(options);
}
