import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { noRows } from "../../../lib/rows/row_batch.ts";
import type { TableSchema } from "../../../lib/rows/table_schema.ts";
import { idsPerRun } from "../../../lib/store/sqlite/sql_schema.ts";
import { recordOf } from "../../collect/support.ts";
import { openReader, openWriter } from "../../support/database.ts";
import { chunkOf, finishedOf } from "../../support/rows.ts";
import { TempFolder } from "../../support/temp.ts";

const schema: TableSchema = { name: "t", columns: [{ name: "v", type: "TEXT" }] };

/** A finished run of 40 keys with 50 rows each, and an unfinished run. */
async function fill(file: string): Promise<void> {
  await using store = await openWriter(file, schema);
  for (const keys of [40, 3]) {
    const run = await store.beginRun({ job: "j", text: "", identity: "" });
    for (let sequence = 0; sequence < keys; sequence++) {
      await store.finish(
        run,
        finishedOf({
          fetches: [recordOf(sequence, { rows: 50 })],
          rowCounts: [50],
          rows: chunkOf(
            Array.from({ length: 50 }, (_, row) => [`a row of some length: ${sequence}, ${row}`]),
          ),
        }),
      );
    }
    await store.finish(
      run,
      finishedOf({
        fetches: [recordOf(keys, { rows: 0, verdict: "empty" })],
        rowCounts: [0],
        rows: noRows,
      }),
    );
    if (keys === 40) {
      await store.setKeys(run, keys + 1);
      await store.endRun(run, { state: "finished", isCovered: true });
    }
  }
}

async function mistakesOf(file: string, isFull = false): Promise<readonly string[]> {
  await using reader = await openReader(file);
  return (await reader.inspect({ isFull })).mistakes;
}

const fetchId = idsPerRun + 7;

const wrong: readonly (readonly [string, string, RegExp])[] = [
  [
    "the sums of a run differ from its fetches",
    "UPDATE _trawl_run SET ok = 41 WHERE id = 1",
    /^run 1 has 41 ok, its fetches 40$/,
  ],
  [
    "a finished run has keys without a verdict",
    "UPDATE _trawl_run SET keys = 50 WHERE id = 1",
    /^run 1 is finished with 50 keys, and has 41 verdicts$/,
  ],
  ["a row is missing", "DELETE FROM _trawl_t_data WHERE row = 777", /^1 rows of t are missing$/],
  [
    "rows belong to two fetches",
    `UPDATE _trawl_t_span SET last = last + 2 WHERE fetch = ${fetchId}`,
    /^1 spans of t contain rows of another span$/,
  ],
  [
    "rows belong to no fetch",
    `UPDATE _trawl_t_span SET fetch = 5 WHERE fetch = ${fetchId}`,
    /^1 spans of t belong to no fetch\n/,
  ],
  [
    "a fetch has lost its rows",
    `DELETE FROM _trawl_t_span WHERE fetch = ${fetchId}`,
    /^key "7" of run 1 is ok with rows, but has none$/,
  ],
];

for (const [what, sql, message] of wrong) {
  Deno.test(`StoreReader.inspect() reports that ${what}`, async () => {
    using folder = new TempFolder();
    const file = folder.file("a.db");
    await fill(file);
    assert.deepEqual([await mistakesOf(file), await mistakesOf(file, true)], [[], []]);
    using db = new DatabaseSync(file);
    db.exec(sql);
    for (const isFull of [false, true]) assert.match((await mistakesOf(file, isFull)).join("\n"), message);
  });
}

Deno.test("StoreReader.inspect() reports damage in the middle of any used page", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await fill(file);
  const whole = await Deno.readFile(file);
  const pageBytes = 8_192;
  let found = 0;
  for (let page = 1; page < whole.length / pageBytes; page++) {
    const damaged = whole.slice();
    // The page header and the first cell pointers; on page 2 the map of the first pages, whose roots are not checked.
    damaged.fill(0xaa, page * pageBytes, page * pageBytes + 128);
    await Deno.writeFile(file, damaged);
    try {
      if ((await mistakesOf(file)).length > 0) found++;
    } catch (error) {
      assert.match(String(error), /: it is damaged: database disk image is malformed; restore a backup/);
      found++;
    }
  }
  assert.equal(found, whole.length / pageBytes - 1);
});
