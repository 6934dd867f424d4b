import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { noRows } from "../../../lib/rows/row_batch.ts";
import type { TableSchema } from "../../../lib/rows/table_schema.ts";
import type { StoreWriter } from "../../../lib/store/database.ts";
import { retentionTuning } from "../../../lib/store/sqlite/retention.ts";
import { isoTime } from "../../../lib/text/format.ts";
import { recordOf } from "../../collect/support.ts";
import { leftOf, openWriter, query } from "../../support/database.ts";
import { chunkOf, finishedOf } from "../../support/rows.ts";
import { TempFolder } from "../../support/temp.ts";

const schema: TableSchema = {
  name: "t",
  columns: [{ name: "v", type: "INTEGER" }, { name: "s", type: "TEXT" }],
};
const dayMs = 86_400_000;
const firstMs = Date.UTC(2025, 0, 1);
const never = new AbortController().signal;

/** A finished run of one day: small answers, and one answer with staged rows. */
async function day(
  store: StoreWriter,
  number: number,
  { keys = 20, rows = 10, job = "j", table = schema.name } = {},
): Promise<number> {
  const start = firstMs + number * dayMs;
  const window = { start: isoTime(start), end: isoTime(start + dayMs) };
  const run = await store.beginRun({ job, text: "x", identity: "y", window });
  const some = chunkOf(Array.from({ length: rows }, (_, row) => [BigInt(row), `day ${number}`]));
  await store.addBatch(run, { number: 0, first: 0, size: keys + 1, sha256: "z" });
  for (let first = 0; first < 3 * rows; first += rows) {
    await store.stage(run, { table, sequence: keys, first, rows: some });
  }
  for (let sequence = 0; sequence < keys; sequence++) {
    await store.finish(
      run,
      finishedOf({ fetches: [{ ...recordOf(sequence), rows }], rowCounts: [rows], rows: some }, table),
    );
  }
  await store.finish(
    run,
    finishedOf({
      fetches: [{ ...recordOf(keys), rows: 3 * rows }],
      rowCounts: ["staged"],
      rows: noRows,
    }, table),
  );
  await store.setKeys(run, keys + 1);
  await store.endRun(run, { state: "finished", isCovered: true });
  return run;
}

/** End of retention on day `number`: windows that ended earlier are deleted. */
function before(number: number, keptDays: number): string {
  return isoTime(firstMs + (number + 1 - keptDays) * dayMs + 1_000);
}

Deno.test("StoreWriter.prune() keeps the file at the size of the 30 kept windows over 90 days", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  const sizes: number[] = [];
  {
    await using store = await openWriter(file, schema);
    for (let number = 0; number < 90; number++) {
      await day(store, number);
      await store.prune({ job: "j", before: before(number, 30) }, never);
      sizes.push(
        Number(query(file, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")[0]?.[0]),
      );
    }
  }
  const [atFirst = 0, atLast = Infinity] = [sizes[40], sizes.at(-1)];
  assert.ok(atLast < 1.25 * atFirst, `${atFirst} bytes after 40 days, ${atLast} after 90`);
  assert.deepEqual(query(file, "SELECT count(*), min(window_start), sum(rows) FROM runs"), [
    [30, "2025-03-02T00:00:00Z", 30 * 230],
  ]);
  assert.deepEqual(query(file, "SELECT count(*), count(DISTINCT run), sum(rows) FROM fetches"), [[
    30 * 21,
    30,
    30 * 230,
  ]]);
  assert.deepEqual(query(file, "SELECT count(*), count(DISTINCT s) FROM t"), [[30 * 230, 30]]);
  assert.deepEqual(query(file, leftOf("t")), [[0, 0]]);
  assert.deepEqual(query(file, "SELECT count(*) FROM _trawl_batch"), [[30]]);
  assert.deepEqual(query(file, "PRAGMA integrity_check"), [["ok"]]);
});

Deno.test("StoreWriter.prune() returns space while a reader has a transaction open", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, schema);
  for (let number = 0; number < 40; number++) await day(store, number, { rows: 250 });
  const reader = new DatabaseSync(file, { readOnly: true });
  reader.exec("BEGIN");
  const all = "SELECT count(*) AS count FROM t";
  assert.equal(reader.prepare(all).get()?.["count"], 40 * 5_750);
  const pages = () => Number(query(file, "PRAGMA page_count")[0]?.[0]);
  const pagesBefore = pages();
  assert.equal(await store.prune({ job: "j", before: before(39, 2) }, never), 38);
  assert.equal(reader.prepare(all).get()?.["count"], 40 * 5_750, "its view of the data has changed");
  reader.exec("COMMIT");
  assert.equal(reader.prepare(all).get()?.["count"], 2 * 5_750);
  reader.close();
  const empty = Number(query(file, "PRAGMA freelist_count")[0]?.[0]);
  assert.ok(pages() < 0.1 * pagesBefore, `${pagesBefore} pages before, ${pages()} after`);
  assert.ok(empty <= retentionTuning.emptyShare * pages());
});

Deno.test("StoreWriter.prune() resumes after an abort, and hides half-deleted runs", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  const stopped = AbortSignal.abort();
  {
    await using store = await openWriter(file, schema);
    for (let number = 0; number < 3; number++) await day(store, number);
    assert.equal(await store.prune({ job: "j", before: before(2, 1) }, stopped), 2);
  }
  assert.deepEqual(
    query(file, "SELECT count(*) FROM t_history"),
    [
      [230],
    ],
  );
  assert.deepEqual(query(file, "SELECT count(*), (SELECT count(*) FROM _trawl_fetch) FROM fetches"), [[
    21,
    63,
  ]]);
  await using store = await openWriter(file, schema);
  assert.equal(await store.prune({ job: "j", before: before(2, 1) }, never), 0);
  assert.deepEqual(query(file, "SELECT count(*), (SELECT count(*) FROM _trawl_t_data) FROM fetches"), [[
    21,
    230,
  ]]);
});

Deno.test("StoreWriter.prune() deletes more rows and fetches than one transaction does", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, schema);
  await day(store, 0, { keys: 2, rows: 40_000 });
  await day(store, 1, { keys: 2 * retentionTuning.fetchesAtOnce + 1, rows: 1 });
  await day(store, 2, { keys: 1, rows: 1 });
  assert.equal(await store.prune({ job: "j", before: before(2, 1) }, never), 2);
  assert.deepEqual(query(file, "SELECT count(*), (SELECT count(*) FROM _trawl_t_data) FROM fetches"), [[
    2,
    4,
  ]]);
  assert.deepEqual(query(file, leftOf("t")), [[0, 0]]);
});

Deno.test("StoreWriter.prune() keeps the newest finished window, the newest run and other jobs at any age", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, schema);
  const other = await day(store, 0, { job: "other" });
  await day(store, 1);
  const newestWindow = await day(store, 3);
  await day(store, 2);
  const newest = await day(store, 1);
  assert.equal(await store.prune({ job: "j", before: before(900, 30) }, never), 2);
  assert.deepEqual(query(file, "SELECT id FROM runs ORDER BY id"), [[other], [newestWindow], [newest]]);
  assert.equal(await day(store, 4), newest + 1);
});

Deno.test("StoreWriter.prune() deletes the rows that a job stored in another table before", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  {
    await using store = await openWriter(file, { ...schema, name: "earlier" });
    await day(store, 0, { table: "earlier" });
  }
  await using store = await openWriter(file, schema);
  await day(store, 1);
  assert.equal(await store.prune({ job: "j", before: before(1, 1) }, never), 1);
  assert.deepEqual(
    query(file, "SELECT count(*), (SELECT count(*) FROM _trawl_t_data) FROM _trawl_earlier_data"),
    [[
      0,
      230,
    ]],
  );
});
