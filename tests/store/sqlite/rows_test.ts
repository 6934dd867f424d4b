import assert from "node:assert/strict";
import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import { type CellValue, noRows } from "../../../lib/rows/row_batch.ts";
import type { TableSchema } from "../../../lib/rows/table_schema.ts";
import type { StoreWriter } from "../../../lib/store/database.ts";
import { idsPerRun } from "../../../lib/store/sqlite/sql_schema.ts";
import { recordOf } from "../../collect/support.ts";
import { createDatabase, leftOf, openWriter, query } from "../../support/database.ts";
import { assertProperty } from "../../support/property.ts";
import { anyCell, anyInteger, anyReal, anyText, chunkOf, finishedOf } from "../../support/rows.ts";
import { TempFolder } from "../../support/temp.ts";

const schema: TableSchema = {
  name: "t",
  columns: [
    { name: "any", type: "ANY" },
    { name: "time", type: "TIME" },
    { name: "integer", type: "INTEGER" },
    { name: "real", type: "REAL" },
    { name: "text", type: "TEXT" },
  ],
};

const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 4 });

function rowOf(time: fc.Arbitrary<CellValue>): fc.Arbitrary<CellValue[]> {
  return fc.tuple(anyCell, orNull(time), orNull(anyInteger), orNull(anyReal), orNull(anyText));
}

const row = rowOf(fc.oneof(anyInteger, anyReal));

/** Batches with whole times only are inserted in another way. */
const rowOfWholeTime = rowOf(fc.integer({ min: -1e11, max: 1e11 }).map(BigInt));

/** Small answers, and answers that need bulk inserts of every size. */
const answers = fc.array(
  fc.oneof(
    ...[row, rowOfWholeTime].flatMap((row) => [
      fc.array(row, { maxLength: 4 }),
      fc.array(row, { minLength: 140, maxLength: 300 }),
    ]),
  ),
  { minLength: 1, maxLength: 4 },
);

/** The rows of a fetch, integers as bigints. Texts are read as bytes, since `node:sqlite` cuts them at a NUL. */
function storedRows(file: string, fetch: number): unknown[][] {
  using db = new DatabaseSync(file, { readOnly: true });
  const columns = schema.columns.map(({ name }) =>
    `iif(typeof(${name}) = 'text', CAST(${name} AS BLOB), ${name}) AS ${name}`
  );
  const statement = db.prepare(`SELECT row, ${columns.join(", ")} FROM t WHERE fetch = ? ORDER BY row`);
  statement.setReadBigInts(true);
  const text = new TextDecoder("utf-8", { ignoreBOM: true });
  return statement.all(fetch).map((row) =>
    Object.values(row).map((value) => value instanceof Uint8Array ? text.decode(value) : value)
  );
}

function numbered(rows: readonly (readonly CellValue[])[]): unknown[][] {
  return rows.map((row, number) => [BigInt(number), ...row]);
}

function begin(store: StoreWriter): Promise<number> {
  return store.beginRun({ job: "j", text: "t", identity: "s" });
}

Deno.test("StoreWriter stores every value unchanged, staged or not", async () => {
  await assertProperty(
    fc.asyncProperty(answers, fc.integer({ min: 1, max: 150 }), async (lists, part) => {
      using folder = new TempFolder();
      const file = folder.file("a.db");
      await using store = await openWriter(file, schema);
      const run = await begin(store);
      // The staged answers take turns, one part each.
      const longest = Math.max(...lists.map(({ length }) => length));
      for (let first = 0; first < longest; first += part) {
        for (const [index, rows] of lists.entries()) {
          if (first >= rows.length) continue;
          const piece = chunkOf(rows.slice(first, first + part));
          await store.stage(run, { table: "t", sequence: 2 * index, first, rows: piece });
        }
      }
      await store.finish(
        run,
        finishedOf({
          fetches: lists.flatMap((_, index) => [recordOf(2 * index), recordOf(2 * index + 1)]),
          rowCounts: lists.flatMap(({ length }) => ["staged" as const, length]),
          rows: lists.flat().length === 0 ? noRows : chunkOf(lists.flat()),
        }),
      );
      for (const [index, rows] of lists.entries()) {
        const fetch = run * idsPerRun + 2 * index;
        assert.deepEqual(storedRows(file, fetch), numbered(rows));
        assert.deepEqual(storedRows(file, fetch + 1), numbered(rows));
      }
      assert.deepEqual(query(file, leftOf("t")), [[0, 0]]);
    }),
    { numRuns: 20 },
  );
});

/** Rows of two answers; those with the text `void` are unstaged. */
const many = 150_000;
const wide = Array.from({ length: many / 2 }, (_, n): CellValue[] => [BigInt(n), null, null, null, "void"]);
const few = Array.from({ length: 300 }, (_, n): CellValue[] => [BigInt(n), null, null, null, "kept"]);

async function stageMany(store: StoreWriter, run: number): Promise<void> {
  for (const first of [0, many / 2]) {
    await store.stage(run, { table: "t", sequence: 0, first, rows: chunkOf(wide) });
    await store.stage(run, {
      table: "t",
      sequence: 1,
      first: first === 0 ? 0 : few.length,
      rows: chunkOf(few),
    });
  }
}

Deno.test("StoreWriter.unstage() lets other writes in between, and deletes none of their rows", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, schema);
  const run = await begin(store);
  await stageMany(store, run);
  const deleting = store.unstage(run, 0, 1);
  assert.ok(Number(query(file, "SELECT count(*) FROM _trawl_t_staged WHERE fetch % 10 = 0")[0]?.[0]) > 0);
  // New rows take the places of deleted rows while the deletion continues.
  await store.finish(
    run,
    finishedOf({ fetches: [recordOf(2)], rowCounts: [few.length], rows: chunkOf(few) }),
  );
  await store.finish(run, finishedOf({ fetches: [recordOf(1)], rowCounts: ["staged"], rows: noRows }));
  await deleting;
  const first = run * idsPerRun;
  assert.deepEqual(storedRows(file, first), []);
  assert.deepEqual(storedRows(file, first + 1), numbered([...few, ...few]));
  assert.deepEqual(storedRows(file, first + 2), numbered(few));
  assert.deepEqual(query(file, leftOf("t")), [[0, 0]]);
});

Deno.test("StoreWriter.open() completes an interrupted deletion, and deletes nothing else", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  let run = 0;
  {
    await using store = await openWriter(file, schema);
    run = await begin(store);
    await store.finish(
      run,
      finishedOf({ fetches: [recordOf(3)], rowCounts: [few.length], rows: chunkOf(few) }),
    );
    await stageMany(store, run);
    void store.unstage(run, 0, 2).catch(() => {});
    await store.finish(
      run,
      finishedOf({ fetches: [recordOf(2)], rowCounts: [few.length], rows: chunkOf(few) }),
    );
  }
  await using _again = await openWriter(file, schema);
  const first = run * idsPerRun;
  assert.deepEqual([...storedRows(file, first), ...storedRows(file, first + 1)], []);
  for (const sequence of [2, 3]) assert.deepEqual(storedRows(file, first + sequence), numbered(few));
  assert.deepEqual(query(file, leftOf("t")), [[0, 0]]);
});

Deno.test("StoreWriter keeps each row with its fetch after VACUUM", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, schema);
  const run = await begin(store);
  await stageMany(store, run);
  await store.unstage(run, 0, 1);
  await store.finish(run, finishedOf({ fetches: [recordOf(1)], rowCounts: ["staged"], rows: noRows }));
  {
    using db = new DatabaseSync(file);
    db.exec("VACUUM");
  }
  assert.deepEqual(storedRows(file, run * idsPerRun + 1), numbered([...few, ...few]));
});

Deno.test("StoreWriter.open() refuses a table with the name of another table's part, and creates nothing", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await createDatabase(file, schema);
  const before = query(file, "SELECT name FROM sqlite_schema");
  for (const name of ["t_history", "_trawl_t_data"]) {
    await assert.rejects(
      openWriter(file, { ...schema, name }),
      /^UsageError: Cannot store into the table "\w+" of ".*": the name "\w+" is taken; give the job another table/,
    );
  }
  assert.deepEqual(query(file, "SELECT name FROM sqlite_schema"), before);
});
