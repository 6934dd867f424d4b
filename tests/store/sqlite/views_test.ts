/**
 * The views for people: which rows each one shows, and that SQLite finds them in the intended order.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { TableSchema } from "../../../lib/rows/table_schema.ts";
import { openDatabase, type StoreWriter } from "../../../lib/store/database.ts";
import { idsPerRun } from "../../../lib/store/sqlite/sql_schema.ts";
import { recordOf } from "../../collect/support.ts";
import { openReader, openWriter, query } from "../../support/database.ts";
import { chunkOf, finishedOf } from "../../support/rows.ts";
import { TempFolder } from "../../support/temp.ts";

const plain: TableSchema = {
  name: "t",
  columns: [{ name: "ts", type: "TIME" }, { name: "v", type: "TEXT" }],
};
const indexed: TableSchema = {
  ...plain,
  columns: [{ name: "ts", type: "TIME", isIndexed: true }, { name: "v", type: "TEXT" }],
};

const dayMs = 86_400_000;

/** Begins a run of a day, and stores a row for key 0 that names the run. */
async function begin(store: StoreWriter, day?: number): Promise<number> {
  const at = (day: number) => new Date(day * dayMs).toISOString().replace(".000Z", "Z");
  const window = day === undefined ? {} : { window: { start: at(day), end: at(day + 1) } };
  const run = await store.beginRun({ job: "j", text: "", identity: "", ...window });
  await store.finish(
    run,
    finishedOf({
      fetches: [recordOf(0, { rows: 2 }), recordOf(1, { verdict: "empty" })],
      rowCounts: [2, 0],
      rows: chunkOf([[BigInt(10 * run), `run ${run}`], [BigInt(10 * run + 1), `run ${run}`]]),
    }),
  );
  return run;
}

async function withStore(schema: TableSchema, use: (store: StoreWriter, file: string) => Promise<void>) {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, schema);
  await use(store, file);
  await using reader = await openReader(file);
  assert.deepEqual((await reader.inspect({ isFull: true })).mistakes, []);
}

const finished = (isCovered: boolean) => ({ state: "finished", isCovered }) as const;
const interrupted = { state: "interrupted", reason: "stopped" } as const;

/** How the runs of one window end, oldest first, and which of them the table shows. */
const windows = [
  ["the only run, while it is running", [undefined], 1],
  ["the newest run, if none finished", [interrupted, undefined], 2],
  ["a finished run before a newer unfinished one", [finished(false), interrupted, undefined], 1],
  ["the newest finished run, if none was covered", [finished(false), finished(false)], 2],
  ["a covered run before a newer one that was not", [finished(true), finished(false), interrupted], 1],
  ["the newest covered run", [finished(true), finished(true)], 2],
] as const;

for (const day of [3, undefined]) {
  for (const [what, ends, shown] of windows) {
    const job = day === undefined ? "a job without windows" : "a window";
    Deno.test(`a job's table shows of ${job} ${what}`, async () => {
      await withStore(plain, async (store, file) => {
        for (const end of ends) {
          const run = await begin(store, day);
          if (end !== undefined) await store.endRun(run, end);
        }
        assert.deepEqual(query(file, "SELECT DISTINCT v FROM t"), [[`run ${shown}`]]);
        assert.deepEqual(query(file, "SELECT id FROM runs WHERE current"), [[shown]]);
        assert.deepEqual(query(file, "SELECT count(*) FROM t_history"), [[2 * ends.length]]);
      });
    });
  }
}

Deno.test("a job's table shows each window once, and its views have the same columns", async () => {
  await withStore(indexed, async (store, file) => {
    for (const day of [0, 1, 0]) await store.endRun(await begin(store, day), finished(true));
    const day = ["1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z"];
    assert.deepEqual(query(file, "SELECT * FROM t ORDER BY window_start, row"), [
      ["0", day[0], 30, "run 3", 3, 3 * idsPerRun, 0],
      ["0", day[0], 31, "run 3", 3, 3 * idsPerRun, 1],
      ["0", day[1], 20, "run 2", 2, 2 * idsPerRun, 0],
      ["0", day[1], 21, "run 2", 2, 2 * idsPerRun, 1],
    ]);
    const all = query(file, "SELECT * FROM t_history ORDER BY ts");
    assert.equal(all.length, 6);
    assert.deepEqual(query(file, "SELECT * FROM t_by_time ORDER BY ts"), all);
    const namesOf = (view: string) => query(file, `SELECT name FROM pragma_table_info('${view}')`).flat();
    assert.deepEqual(namesOf("t"), ["key", "window_start", "ts", "v", "run", "fetch", "row"]);
    for (const view of ["t_history", "t_by_time"]) assert.deepEqual(namesOf(view), namesOf("t"));
    assert.deepEqual(query(file, "SELECT key, verdict, window_start FROM fetches WHERE run = 2"), [
      ["0", "ok", day[1]],
      ["1", "empty", day[1]],
    ]);
  });
});

Deno.test("t_by_time shows no staged row, and every row of a large answer once it is finished", async () => {
  await withStore(indexed, async (store, file) => {
    const run = await begin(store);
    const many = (from: number) =>
      chunkOf(Array.from({ length: 50 }, (_, row) => [BigInt(from + row), "staged"]));
    await store.stage(run, { table: "t", sequence: 7, first: 0, rows: many(100) });
    // Rows of another answer come between.
    await store.finish(
      run,
      finishedOf({
        fetches: [recordOf(3, { rows: 1 })],
        rowCounts: [1],
        rows: chunkOf([[7n, "x"]]),
      }),
    );
    await store.stage(run, { table: "t", sequence: 7, first: 50, rows: many(150) });
    const staged = "SELECT count(*), min(row), max(row) FROM t_by_time WHERE v = 'staged'";
    assert.deepEqual(query(file, staged), [[0, null, null]]);
    assert.deepEqual(query(file, "SELECT count(*) FROM t_by_time"), [[3]]);
    await store.finish(
      run,
      finishedOf({
        fetches: [recordOf(7, { rows: 100 })],
        rowCounts: ["staged"],
        rows: chunkOf([]),
      }),
    );
    assert.deepEqual(query(file, staged), [[100, 0, 99]]);
    assert.deepEqual(query(file, "SELECT count(*) FROM t_by_time WHERE key = '7' AND row = ts - 100"), [[
      100,
    ]]);
  });
});

Deno.test("prune() leaves each window with a current run", async () => {
  await withStore(plain, async (store, file) => {
    await store.endRun(await begin(store, 0), finished(true));
    await store.endRun(await begin(store, 1), finished(true));
    // The newest run of the database is kept, but not the covered run of its window.
    await store.endRun(await begin(store, 0), interrupted);
    assert.equal(await store.prune({ job: "j", before: "2000" }, new AbortController().signal), 1);
    assert.deepEqual(query(file, "SELECT id, current FROM runs ORDER BY id"), [[2, 1], [3, 1]]);
    assert.deepEqual(query(file, "SELECT DISTINCT v FROM t ORDER BY v"), [["run 2"], ["run 3"]]);
  });
});

/** Names of views and indexes that follow from `index = true`. */
const ofIndex = `SELECT name FROM sqlite_schema WHERE name LIKE '%.%' OR name = 't_by_time' ORDER BY name`;

Deno.test("openWriter() creates and drops indexes and t_by_time as the job says", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  for (const schema of [plain, indexed, plain, indexed]) {
    await using store = await openWriter(file, schema);
    await store.endRun(await begin(store), finished(true));
    const names = ["_trawl_fetch.key", "_trawl_t_data.ts", "_trawl_t_span.first", "t_by_time"];
    assert.deepEqual(query(file, ofIndex).flat(), schema === indexed ? names : []);
  }
  assert.deepEqual(query(file, "SELECT count(*) FROM t_by_time WHERE ts >= 20"), [[6]]);
  // The index on keys serves all tables of the database.
  await using _other = await openWriter(file, { ...plain, name: "u" });
  assert.equal(query(file, ofIndex).length, 4);
});

Deno.test("openWriter() refuses the table of another job, and names that are taken", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using _store = await openWriter(file, plain, { ...plain, name: "u_history" });
  const database = await openDatabase(file);
  const refused = async (job: string, schema: TableSchema, message: RegExp) => {
    await assert.rejects(database.openWriter(job, [schema]), { name: "UsageError", message });
  };
  await refused(
    "k",
    plain,
    /^Cannot store into the table "t" of ".*": it belongs to the job "j"; give the job/,
  );
  await refused("k", { ...plain, name: "t_history" }, /the name "t_history" is taken/);
  await refused("j", { ...plain, name: "u" }, /the name "u_history" is taken/);
  await using _later = await openWriter(file, { ...plain, name: "t_by_time" });
  await refused("j", indexed, /the name "t_by_time" is taken/);
});

/** Queries that people ask, and what the plan must begin with, as SQLite words it. */
const plans: readonly (readonly [string, readonly string[]])[] = [
  ["SELECT * FROM t_by_time WHERE ts BETWEEN 1 AND 9", [
    "SEARCH data USING INDEX _trawl_t_data.ts (ts>? AND ts<?)",
  ]],
  ["SELECT * FROM t_by_time WHERE ts >= 1 ORDER BY ts LIMIT 9", [
    "SEARCH data USING INDEX _trawl_t_data.ts (ts>?)",
  ]],
  ["SELECT * FROM t_by_time ORDER BY ts DESC LIMIT 9", ["SCAN data USING INDEX _trawl_t_data.ts"]],
  [
    "SELECT * FROM t_by_time JOIN runs ON runs.id = run WHERE ts BETWEEN 1 AND 9 AND current ORDER BY ts",
    ["SEARCH data USING INDEX _trawl_t_data.ts (ts>? AND ts<?)"],
  ],
  [
    "SELECT * FROM t WHERE key = '1'",
    ["SCAN run", "SEARCH fetch USING COVERING INDEX _trawl_fetch.key (key=? AND rowid>? AND rowid<?)"],
  ],
  [
    "SELECT key, count(*) FROM t WHERE window_start = '2026' AND ts BETWEEN 1 AND 9 GROUP BY key",
    ["SEARCH run USING INDEX _trawl_run_start (window_start=?)", "SEARCH fetch USING INTEGER PRIMARY KEY"],
  ],
  ["SELECT count(*) FROM t", ["SCAN run", "SEARCH fetch USING INTEGER PRIMARY KEY"]],
  ["SELECT * FROM t_history WHERE fetch = 9", ["SEARCH run USING INTEGER PRIMARY KEY", "SEARCH fetch"]],
  ["SELECT * FROM fetches WHERE key = '1'", ["SEARCH fetch USING INDEX _trawl_fetch.key (key=?)"]],
  ["SELECT * FROM fetches WHERE run = 1", [
    "SEARCH run USING INTEGER PRIMARY KEY",
    "SEARCH fetch USING INTEGER",
  ]],
];

Deno.test("SQLite takes the intended way through the views", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await (await openWriter(file, indexed))[Symbol.asyncDispose]();
  using db = new DatabaseSync(file, { readOnly: true });
  for (const [sql, wanted] of plans) {
    const found = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map(({ detail }) => String(detail));
    for (const [at, step] of wanted.entries()) {
      assert.ok(found[at]?.startsWith(step), `${sql}: ${step}, not ${found[at]}`);
    }
    // Through `t`, an index on the data would be read once per span.
    assert.ok(!sql.includes("FROM t ") || !found.some((step) => step.includes("_trawl_t_data.ts")), sql);
  }
});
