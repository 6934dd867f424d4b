import assert from "node:assert/strict";
import { StorageSizeReader } from "../../../lib/store/sqlite/storage_size.ts";
import { exists, freeBytes } from "../../../lib/store/free_space.ts";
import { StoreWriter } from "../../../lib/store/sqlite/writer.ts";
import { recordOf } from "../../collect/support.ts";
import { Random } from "../../../lib/simulate/engine/random.ts";
import { chunkOf } from "../../support/rows.ts";
import { TempFolder } from "../../support/temp.ts";
import type { TableSchema } from "../../../lib/rows/table_schema.ts";

const shape: TableSchema = {
  name: "t",
  columns: [{ name: "n", type: "INTEGER" }, { name: "s", type: "TEXT" }],
};
const rowsEach = 3;

/** Keys of the same length. */
function keyOf(sequence: number): string {
  return String(100_000 + sequence);
}

/** Stores so many answers of three rows each, in the order in which 8 in flight may come. */
async function fill(file: string, count: number): Promise<number> {
  using store = StoreWriter.open(file, shape);
  const run = await store.beginRun({ job: "j", text: "", sha256: "" });
  const random = new Random(1);
  const order = Array.from(
    { length: count },
    (_, sequence) => ({ sequence, at: sequence + 8 * random.unit() }),
  )
    .sort((a, b) => a.at - b.at).map(({ sequence }) => sequence);
  for (let first = 0; first < count; first += 40) {
    const sequences = order.slice(first, first + 40);
    await store.finish(run, {
      fetches: sequences.map((sequence) => recordOf(sequence, { key: keyOf(sequence), rows: rowsEach })),
      rowCounts: sequences.map(() => rowsEach),
      rows: chunkOf(
        sequences.flatMap((sequence) => Array(rowsEach).fill([70_000n, `row of ${keyOf(sequence)}`])),
      ),
    });
  }
  return run;
}

Deno.test("footprint() of few fetches foretells how a file of many grows", async () => {
  using folder = new TempFolder();
  const [few, many] = [folder.file("few.db"), folder.file("many.db")];
  await fill(few, 400);
  const count = 20_000;
  using reader = new StorageSizeReader(few, shape);
  const { fetchBytes, rowBytes } = reader.footprint();
  await fill(many, count);
  const empty = folder.file("empty.db");
  await fill(empty, 0);
  const grown = (await Deno.stat(many)).size - (await Deno.stat(empty)).size;
  const ratio = grown / (count * (fetchBytes + rowsEach * rowBytes));
  assert.ok(ratio > 0.9 && ratio < 1.1, String(ratio));
});

Deno.test("footprint() of an empty file is nothing, and fetches() are those asked for", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await fill(file, 0);
  using empty = new StorageSizeReader(file, shape);
  assert.deepEqual(empty.footprint(), { fetchBytes: 0, rowBytes: 0 });
  const run = await fill(file, 5);
  using reader = new StorageSizeReader(file, shape);
  assert.equal(reader.fetches(run, { first: 2 }).length, 3);
  const [fetch] = reader.fetches(run, { first: 1, end: 2 });
  assert.deepEqual([fetch?.rows, fetch?.storedRows, fetch?.reason], [rowsEach, rowsEach, null]);
});

Deno.test("freeBytes() tells where there is a folder, also for a file that is not there yet", () => {
  using folder = new TempFolder();
  assert.ok((freeBytes(folder.file("new.db")) ?? 0) > 0);
  assert.equal(freeBytes(folder.file("none/new.db")), undefined);
  assert.deepEqual([exists(folder.path), exists(folder.file("new.db"))], [true, false]);
});
