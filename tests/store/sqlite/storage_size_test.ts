import assert from "node:assert/strict";
import type { TableSchema } from "../../../lib/rows/table_schema.ts";
import { Random } from "../../../lib/simulate/engine/random.ts";
import { openDatabase } from "../../../lib/store/database.ts";
import { recordOf } from "../../collect/support.ts";
import { openReader, openWriter } from "../../support/database.ts";
import { chunkOf, finishedOf } from "../../support/rows.ts";
import { TempFolder } from "../../support/temp.ts";

const schema: TableSchema = {
  name: "t",
  columns: [{ name: "n", type: "INTEGER" }, { name: "s", type: "TEXT" }],
};
const rowsEach = 3;

/** Keys of the same length. */
function keyOf(sequence: number): string {
  return String(100_000 + sequence);
}

/** Stores `count` answers of three rows each, in the order in which answers of 8 in flight may arrive. */
async function fill(file: string, count: number): Promise<number> {
  await using store = await openWriter(file, schema);
  const run = await store.beginRun({ job: "j", text: "", identity: "" });
  const random = new Random(1);
  const order = Array.from(
    { length: count },
    (_, sequence) => ({ sequence, at: sequence + 8 * random.unit() }),
  )
    .sort((a, b) => a.at - b.at).map(({ sequence }) => sequence);
  for (let first = 0; first < count; first += 40) {
    const sequences = order.slice(first, first + 40);
    await store.finish(
      run,
      finishedOf({
        fetches: sequences.map((sequence) => recordOf(sequence, { key: keyOf(sequence), rows: rowsEach })),
        rowCounts: sequences.map(() => rowsEach),
        rows: chunkOf(
          sequences.flatMap((sequence) => Array(rowsEach).fill([70_000n, `row of ${keyOf(sequence)}`])),
        ),
      }),
    );
  }
  return run;
}

Deno.test("StoreReader.storageSize() of few fetches predicts the growth of a large file", async () => {
  using folder = new TempFolder();
  const [few, many] = [folder.file("few.db"), folder.file("many.db")];
  await fill(few, 400);
  const count = 20_000;
  await using reader = await openReader(few);
  const { fetchBytes, rowBytes } = await reader.storageSize([schema]);
  await fill(many, count);
  const empty = folder.file("empty.db");
  await fill(empty, 0);
  const grown = (await Deno.stat(many)).size - (await Deno.stat(empty)).size;
  const ratio = grown / (count * (fetchBytes + rowsEach * rowBytes));
  assert.ok(ratio > 0.9 && ratio < 1.1, String(ratio));
});

Deno.test("StoreReader.storageSize() of an empty file is 0, and measuredFetches() returns the range", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await fill(file, 0);
  await using empty = await openReader(file);
  assert.deepEqual(await empty.storageSize([schema]), { fetchBytes: 0, rowBytes: 0 });
  const run = await fill(file, 5);
  await using reader = await openReader(file);
  const tables = [schema];
  assert.equal((await reader.measuredFetches(run, { first: 2, tables })).length, 3);
  const [fetch] = await reader.measuredFetches(run, { first: 1, end: 2, tables });
  assert.deepEqual([fetch?.rows, fetch?.storedRows, fetch?.reason], [rowsEach, rowsEach, null]);
});

Deno.test("Database.freeBytes() works for a missing file in an existing folder", async () => {
  using folder = new TempFolder();
  const database = await openDatabase(folder.file("new.db"));
  assert.ok((await database.freeBytes() ?? 0) > 0);
  assert.equal(await (await openDatabase(folder.file("none/new.db"))).freeBytes(), undefined);
  assert.equal(await database.exists(), false);
});
