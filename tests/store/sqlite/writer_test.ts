import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { UsageError } from "../../../lib/errors.ts";
import type { FetchRecord } from "../../../lib/rows/fetch_record.ts";
import { noRows } from "../../../lib/rows/row_batch.ts";
import type { TableSchema } from "../../../lib/rows/table_schema.ts";
import { openDatabase, type StoreWriter } from "../../../lib/store/database.ts";
import { idsPerRun } from "../../../lib/store/sqlite/sql_schema.ts";
import { createDatabase, leftOf, openWriter, query } from "../../support/database.ts";
import { chunkOf, finishedOf } from "../../support/rows.ts";
import { TempFolder } from "../../support/temp.ts";

const schema: TableSchema = {
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
    detail: null,
    ...change,
  };
}

function begin(store: StoreWriter): Promise<number> {
  return store.beginRun({ job: "j", text: "t", identity: "s" });
}

Deno.test("StoreWriter.finish() stores whole times as integers, and ids by run and sequence", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, schema);
  const run = await begin(store);
  const rows = chunkOf([[1n, "A"], [2n, "W"], [2.5, null]]);
  await store.finish(
    run,
    finishedOf({ fetches: [record(0), record(7, { rows: 1 })], rowCounts: [2, 1], rows }, "updates"),
  );
  const first = run * idsPerRun;
  assert.deepEqual(query(file, "SELECT *, typeof(ts) FROM updates"), [
    ["k0", null, 1, "A", run, first, 0, "integer"],
    ["k0", null, 2, "W", run, first, 1, "integer"],
    ["k7", null, 2.5, null, run, first + 7, 0, "real"],
  ]);
  assert.deepEqual(query(file, "SELECT run, sequence, key FROM fetches"), [[run, 0, "k0"], [run, 7, "k7"]]);
  assert.deepEqual(query(file, "SELECT ok, rows, bytes, attempts FROM runs"), [[2, 3, 20, 2]]);
});

Deno.test("StoreWriter.finish() leaves no staged span behind", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, schema);
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

Deno.test("StoreWriter.open() deletes the staged rows of a killed run", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  {
    await using store = await openWriter(file, schema);
    await store.stage(await begin(store), {
      table: "updates",
      sequence: 0,
      first: 0,
      rows: chunkOf([[1n, "A"]]),
    });
  }
  await using _again = await openWriter(file, schema);
  assert.deepEqual(query(file, leftOf("updates")), [[0, 0]]);
});

Deno.test("StoreWriter.open() creates a file with mode 0600", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await createDatabase(file, schema);
  assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
});

const otherSchema =
  /: a version of trawl before 1.0 wrote it, with another schema; keep the file and read it with that version, or start/;

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
    await createDatabase(file, schema);
    execute(file, "PRAGMA user_version = 999");
  }, /: a newer trawl wrote it: its schema has version 999, this program knows version 1$/],
  [
    "has the table with other columns",
    async (file) => {
      await createDatabase(file, { name: "updates", columns: [{ name: "x", type: "TEXT" }] });
    },
    /^Cannot store into the table "updates" .*: its columns are x TEXT, the job has ts ANY, type TEXT; give/,
  ],
  ["has another schema of version 1", async (file) => {
    await createDatabase(file, schema);
    execute(file, "UPDATE _trawl_schema SET hash = 'x'");
  }, otherSchema],
  ["was written before version 1", (file) => {
    execute(file, "CREATE TABLE run (id); PRAGMA user_version = 4; PRAGMA application_id = 0x7472776c");
  }, otherSchema],
  [
    "has the table of another job",
    async (file) => {
      await using _store = await (await openDatabase(file)).openWriter("other", [schema]);
    },
    /^Cannot store into the table "updates" of ".*": it belongs to the job "other"; give the job another table, or/,
  ],
  ["is a folder", (file) => Deno.mkdirSync(file), /^Cannot use the database ".*": /],
];

for (const [state, prepare, message] of unusable) {
  Deno.test(`StoreWriter.open() throws when the file ${state}`, async () => {
    using folder = new TempFolder();
    const file = folder.file("a.db");
    await prepare(file);
    await assert.rejects(
      openWriter(file, schema),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });
}

Deno.test("StoreWriter.open() throws when the folder does not exist", async () => {
  await assert.rejects(
    openWriter("/nonexistent/a.db", schema),
    /^UsageError: Cannot create the database/,
  );
});

/** A program that locks the whole database, writes one byte, and unlocks after 700 ms. */
const locker = `import { DatabaseSync } from "node:sqlite";
  using db = new DatabaseSync(Deno.args[0]);
  db.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE other (x)");
  Deno.stdout.writeSync(new Uint8Array(1));
  await new Promise((resolve) => setTimeout(resolve, 700));
  db.exec("ROLLBACK");`;

Deno.test("StoreWriter.open() waits for another program that has locked the database", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await createDatabase(file, schema);
  const other = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `data:text/typescript,${encodeURIComponent(locker)}`, file],
    stdout: "piped",
  }).spawn();
  const told = other.stdout.getReader();
  await told.read();
  await createDatabase(file, schema);
  await told.cancel();
  assert.equal((await other.status).code, 0);
});

function execute(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}
