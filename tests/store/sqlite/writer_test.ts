import { createDatabase, leftOf, openReader, openWriter, query } from "../../support/database.ts";
import type { StoreWriter } from "../../../lib/store/database.ts";
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { UsageError } from "../../../lib/errors.ts";
import { noRows } from "../../../lib/rows/row_batch.ts";
import { idsPerRun } from "../../../lib/store/sqlite/sql_schema.ts";
import { chunkOf, finishedOf } from "../../support/rows.ts";
import { TempFolder } from "../../support/temp.ts";
import type { FetchRecord } from "../../../lib/rows/fetch_record.ts";
import type { TableSchema } from "../../../lib/rows/table_schema.ts";

const shape: TableSchema = {
  name: "updates",
  columns: [{ name: "ts", type: "TIME" }, { name: "type", type: "TEXT" }],
};

function record(sequence: number, change: Partial<FetchRecord> = {}): FetchRecord {
  return {
    sequence,
    key: `k${sequence}`,
    verdict: "ok",
    reason: null,
    status: 200,
    attempts: 1,
    bytes: 10,
    rows: 2,
    startedMs: 1,
    durationMs: 2,
    etag: null,
    lastModified: null,
    ...change,
  };
}

function begin(store: StoreWriter): Promise<number> {
  return store.beginRun({ job: "j", text: "t", sha256: "s" });
}

Deno.test("StoreWriter.finish() makes a fetch and its rows visible together", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, shape);
  const run = await begin(store);
  const rows = chunkOf([[1n, "A"], [2n, "W"], [2.5, null]]);
  await store.finish(
    run,
    finishedOf({ fetches: [record(0), record(7, { rows: 1 })], rowCounts: [2, 1], rows }, "updates"),
  );
  const first = run * idsPerRun;
  assert.deepEqual(query(file, "SELECT *, typeof(ts) FROM updates"), [
    [first, 0, 1, "A", "integer"],
    [first, 1, 2, "W", "integer"],
    [first + 7, 0, 2.5, null, "real"],
  ]);
  assert.deepEqual(query(file, "SELECT run, sequence, key FROM fetch"), [[run, 0, "k0"], [run, 7, "k7"]]);
  assert.deepEqual(query(file, "SELECT ok, rows, bytes, attempts FROM run"), [[2, 3, 20, 2]]);
});

Deno.test("StoreWriter.finish() leaves nothing behind when one of its rows cannot be stored", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, { name: "t", columns: [{ name: "x", type: "INTEGER" }] });
  const run = await begin(store);
  const chunk = {
    fetches: [record(0, { rows: 1 }), record(1, { rows: 1 })],
    rowCounts: [1, 1],
    rows: chunkOf([[1n], ["x"]]),
  };
  await assert.rejects(store.finish(run, finishedOf(chunk)), /cannot store TEXT value in INTEGER column/);
  assert.deepEqual(
    query(file, "SELECT (SELECT count(*) FROM fetch), (SELECT count(*) FROM t), ok FROM run"),
    [[0, 0, 0]],
  );
});

Deno.test("StoreWriter.finish() refuses a second verdict on a key", async () => {
  using folder = new TempFolder();
  await using store = await openWriter(folder.file("a.db"), shape);
  const run = await begin(store);
  await store.finish(
    run,
    finishedOf({ fetches: [record(0, { rows: 0 })], rowCounts: [0], rows: noRows }, "updates"),
  );
  await assert.rejects(
    store.finish(run, finishedOf({ fetches: [record(0)], rowCounts: [0], rows: noRows }, "updates")),
    /UNIQUE/,
  );
});

Deno.test("StoreWriter.stage() keeps rows out of sight until the fetch is finished", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, shape);
  const run = await begin(store);
  const many = Array.from({ length: 1_000 }, (_, index) => [BigInt(index), "A"]);
  await store.stage(run, { table: "updates", sequence: 3, first: 0, rows: chunkOf(many) });
  await store.stage(run, { table: "updates", sequence: 4, first: 0, rows: chunkOf([[5n, "A"]]) });
  await store.stage(run, { table: "updates", sequence: 3, first: 1_000, rows: chunkOf([[1_000n, "W"]]) });
  assert.deepEqual(query(file, "SELECT count(*) FROM updates"), [[0]]);
  await store.finish(
    run,
    finishedOf({ fetches: [record(3, { rows: 1_001 })], rowCounts: ["staged"], rows: noRows }, "updates"),
  );
  assert.deepEqual(query(file, "SELECT count(*), sum(ts = row), max(row) FROM updates"), [[
    1_001,
    1_001,
    1_000,
  ]]);
  await store.unstage(run, 4, 5);
  assert.deepEqual(query(file, leftOf("updates")), [[0, 0]]);
});

Deno.test("StoreWriter.stage() begins anew after StoreWriter.unstage(), and takes no rows out of order", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, shape);
  const run = await begin(store);
  await store.stage(run, { table: "updates", sequence: 3, first: 0, rows: chunkOf([[1n, "A"], [2n, "A"]]) });
  await assert.rejects(
    store.stage(run, { table: "updates", sequence: 3, first: 1, rows: chunkOf([[3n, "A"]]) }),
    /^RangeError: Cannot stage rows as they must follow each other: 1 after 2$/,
  );
  await store.unstage(run, 0, 10);
  await store.stage(run, { table: "updates", sequence: 3, first: 0, rows: chunkOf([[7n, "W"]]) });
  await store.finish(
    run,
    finishedOf({ fetches: [record(3, { rows: 1 })], rowCounts: ["staged"], rows: noRows }, "updates"),
  );
  assert.deepEqual(query(file, "SELECT row, ts, type FROM updates"), [[0, 7, "W"]]);
});

Deno.test("StoreWriter.open() deletes what a killed run left staged", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  {
    await using store = await openWriter(file, shape);
    await store.stage(await begin(store), {
      table: "updates",
      sequence: 0,
      first: 0,
      rows: chunkOf([[1n, "A"]]),
    });
  }
  await using _again = await openWriter(file, shape);
  assert.deepEqual(query(file, leftOf("updates")), [[0, 0]]);
});

Deno.test("StoreWriter.resumeRun() makes failed keys pending again when asked to", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, shape);
  const run = await begin(store);
  await store.addBatch(run, { number: 0, first: 0, size: 2, sha256: "" });
  await store.addBatch(run, { number: 1, first: 2, size: 2, sha256: "" });
  await store.finish(
    run,
    finishedOf({
      fetches: [record(0), record(1, { verdict: "failed", reason: "cut", rows: 0 }), record(2), record(3)],
      rowCounts: [0, 0, 0, 0],
      rows: noRows,
    }, "updates"),
  );
  for (const number of [0, 1]) await store.finishBatch(run, number);
  await store.resumeRun(run, { retryFailed: false, restoreKeys: false });
  assert.deepEqual([...await store.doneSequences(run, 0, 4)], [0, 1, 2, 3]);
  await store.resumeRun(run, { retryFailed: true, restoreKeys: false });
  assert.deepEqual([...await store.doneSequences(run, 0, 4)], [0, 2, 3]);
  assert.deepEqual([(await store.batch(run, 0))?.state, (await store.batch(run, 1))?.state], [
    "open",
    "done",
  ]);
  assert.deepEqual(query(file, "SELECT ok, failed FROM run"), [[3, 0]]);
});

Deno.test("StoreWriter.keepKeys() replaces a list that came only in part", async () => {
  using folder = new TempFolder();
  await using store = await openWriter(folder.file("a.db"), shape);
  const run = await begin(store);
  async function* blocks(...lists: string[][]) {
    for (const list of lists) yield await Promise.resolve(list);
  }
  await store.keepKeys(run, blocks(["1", "2"], ["3"], ["4"]));
  await store.keepKeys(run, blocks(["5"], ['"', "é"]));
  assert.deepEqual(await Array.fromAsync(store.keptKeys(run)), [["5"], ['"', "é"]]);
  await store.endRun(run, "finished", null);
  assert.deepEqual(await Array.fromAsync(store.keptKeys(run)), []);
});

Deno.test("StoreWriter.open() makes a file that only its owner can read", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await createDatabase(file, shape);
  assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
});

const unusable: readonly (readonly [string, (file: string) => unknown, RegExp])[] = [
  [
    "is no database",
    (file) => Deno.writeTextFileSync(file, "hello ".repeat(1_000)),
    /: it is not an SQLite database, or its beginning is damaged; name another file with --db, or restore a backup$/,
  ],
  [
    "is another program's",
    (file) => execute(file, "CREATE TABLE t (x)"),
    /: another program created it; name another file with --db/,
  ],
  ["is newer", async (file) => {
    await createDatabase(file, shape);
    execute(file, "PRAGMA user_version = 999");
  }, /: a newer trawl wrote it, with schema version 999; this program knows version 4$/],
  [
    "has the table with other columns",
    async (file) => {
      await createDatabase(file, { name: "updates", columns: [{ name: "x", type: "TEXT" }] });
    },
    /^Cannot store into the table "updates" .*: its columns are x TEXT, the job has ts ANY, type TEXT; give/,
  ],
  ["is older", async (file) => {
    await createDatabase(file, shape);
    execute(file, "PRAGMA user_version = 3");
  }, /: an older trawl wrote it, with schema version 3; this program knows version 4$/],
  ["is a folder", (file) => Deno.mkdirSync(file), /^Cannot use the database ".*": /],
];

for (const [state, prepare, message] of unusable) {
  Deno.test(`StoreWriter.open() throws when the file ${state}`, async () => {
    using folder = new TempFolder();
    const file = folder.file("a.db");
    await prepare(file);
    await assert.rejects(
      openWriter(file, shape),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });
}

Deno.test("StoreWriter.open() throws when the folder does not exist", async () => {
  await assert.rejects(
    openWriter("/nonexistent/a.db", shape),
    /^UsageError: Cannot create the database/,
  );
});

/** Another program that locks the whole database, tells so, and lets go after a while. */
const locker = `import { DatabaseSync } from "node:sqlite";
  using db = new DatabaseSync(Deno.args[0]);
  db.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE other (x)");
  Deno.stdout.writeSync(new Uint8Array(1));
  await new Promise((resolve) => setTimeout(resolve, 700));
  db.exec("ROLLBACK");`;

Deno.test("StoreWriter.open() waits for another program that has locked the database", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await createDatabase(file, shape);
  const other = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `data:text/typescript,${encodeURIComponent(locker)}`, file],
    stdout: "piped",
  }).spawn();
  const told = other.stdout.getReader();
  await told.read();
  await createDatabase(file, shape);
  await told.cancel();
  assert.equal((await other.status).code, 0);
});

Deno.test("StoreReader.series() counts rows in equal parts of the window", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, shape);
  const run = await begin(store);
  const rows = chunkOf([[0n, "A"], [59n, "A"], [119n, "W"]]);
  await store.finish(run, finishedOf({ fetches: [record(0)], rowCounts: [3], rows }, "updates"));
  await using reader = await openReader(file);
  const time = { table: "updates", column: "ts", count: undefined };
  assert.deepEqual(await reader.series(run * idsPerRun, time, { start: 0, end: 120, buckets: 2 }), [2, 1]);
});

function execute(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

Deno.test("StoreWriter.keepTuned() keeps what was found about a host for who opens the file next", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  {
    await using store = await openWriter(file, shape);
    await store.keepTuned("h:80", "rate", { value: 1, limit: 2 });
    await store.keepTuned("h:80", "rate", { value: 90.5, limit: 100 });
    await store.keepTuned("h:80", "in_flight", { value: 8, limit: undefined });
  }
  await using store = await openWriter(file, shape);
  assert.deepEqual(await store.learned("h:80", "rate"), { value: 90.5, limit: 100 });
  assert.deepEqual(await store.learned("h:80", "in_flight"), { value: 8, limit: undefined });
  assert.equal(await store.learned("h:81", "rate"), undefined);
});

Deno.test("StoreWriter.keepStarts() keeps the starts of a rate for who opens the file next", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  const budget = { host: "h:80", perMs: 60_000 };
  const starts = new Map([[7, 2]]);
  {
    await using store = await openWriter(file, shape);
    await store.keepStarts(budget, starts);
  }
  await using store = await openWriter(file, shape);
  assert.deepEqual(await store.starts(budget), starts);
});
