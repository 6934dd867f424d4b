/**
 * Names of tables and columns from a job file, and keys and values from anywhere, through the real store.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import { UsageError } from "../../lib/errors.ts";
import type { Job } from "../../lib/job/job.ts";
import { loadJob } from "../../lib/job/load_job.ts";
import { schemaOf } from "../../lib/rows/table_schema.ts";
import { idsPerRun, quote } from "../../lib/store/sqlite/sql_schema.ts";
import { recordOf } from "./support.ts";
import { createDatabase, openReader, openWriter } from "../support/database.ts";
import { assertProperty, codePoint } from "../support/property.ts";
import { chunkOf, finishedOf } from "../support/rows.ts";
import { TempFolder } from "../support/temp.ts";

/** Each keyword of SQLite's that a parser might trip over, and what trawl and SQLite call their own things. */
const words =
  ("abort action add all alter analyze and as asc attach begin between by cascade case cast check collate column " +
    "commit constraint create cross current_date current_time default deferred delete desc distinct do drop else " +
    "end escape except exists explain fail filter first for foreign from full generated glob group having if " +
    "ignore immediate in index inner insert instead intersect into is isnull join key last left like limit match " +
    "natural no not nothing notnull null of offset on or order outer over partition plan pragma primary query " +
    "raise range recursive references reindex release rename replace restrict returning right rollback row rows " +
    "savepoint select set table temp then to transaction trigger union unique update using vacuum values view " +
    "virtual when where window with without " +
    "rowid oid _rowid_ sqlite_master sqlite_schema SQLITE_x main temp data span staged x_data x_span x_staged " +
    "runs fetches _trawl_run _trawl_x_data x_history x_by_time run fetch FETCH key window_start count any strict time value any text " +
    "__proto__ constructor toString hasOwnProperty _ a A z9").split(" ");

const hostile = [
  "",
  " ",
  "a b",
  "a-b",
  "1a",
  'a"b',
  "a'b",
  "a`b",
  "a]b",
  "a;b",
  'x"; DROP TABLE _trawl_run; --',
  "größe",
  "a\0b",
  "a\nb",
  "\u202e",
  "a".repeat(63),
  "a".repeat(64),
];

const nameLike = fc.oneof(
  fc.constantFrom(...words, ...hostile),
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/),
  fc.string({ unit: codePoint, maxLength: 8 }).filter((name) => name.isWellFormed()),
);

/** TOML's escapes are JSON's, but for DEL. */
function toml(text: string): string {
  return JSON.stringify(text).replaceAll("\x7f", "\\u007f");
}

function load(table: string, columns: readonly string[]): Job {
  const text = [
    'name = "n"',
    'request = { url = "http://h/{key}" }',
    "[rows]",
    'path = "$[*]"',
    `table = ${toml(table)}`,
    "[rows.columns]",
    ...columns.map((name) => `${toml(name)} = { path = "$" }`),
  ];
  return loadJob(text.join("\n"), { file: "n.toml", env: () => undefined, secret: () => undefined });
}

/** What the job file's rule says, told in other words. */
function isName(name: string): boolean {
  return name.length >= 1 && name.length <= 63 && !/[^0-9A-Za-z_]/.test(name) && !/^[0-9]/.test(name);
}

function isTable(name: string): boolean {
  return isName(name) && name.length <= 48 && name === name.toLowerCase() && name !== "runs" &&
    name !== "fetches" && !name.startsWith("sqlite_") && !name.startsWith("_trawl_");
}

/** Stores a row through the real store, and reads it back through the job's table. */
async function roundTrip(file: string, job: Job): Promise<void> {
  const table = schemaOf(job.tables[0]);
  const values = table.columns.map(({ name }) => `value of ${name}`);
  await using store = await openWriter(file, table);
  const run = await store.beginRun({ job: job.name, text: job.text, identity: "" });
  await store.stage(run, { table: table.name, sequence: 1, first: 0, rows: chunkOf([values]) });
  const chunk = { fetches: [recordOf(0, { rows: 1 }), recordOf(1, { rows: 1 })], rows: chunkOf([values]) };
  await store.finish(run, finishedOf({ ...chunk, rowCounts: [1, "staged"] }, table.name));
  using db = new DatabaseSync(file, { readOnly: true });
  const found = db.prepare(`SELECT * FROM ${quote(table.name)}`).all().map((row) => ({ ...row }));
  const row = Object.fromEntries(table.columns.map(({ name }, index) => [name, values[index]]));
  assert.equal(found.length, 2);
  for (const [at, each] of found.entries()) {
    assert.deepEqual({ ...each }, {
      key: String(at),
      window_start: null,
      ...row,
      run,
      fetch: run * idsPerRun + at,
      row: 0,
    });
    assert.deepEqual(Object.keys(each), ["key", "window_start", ...Object.keys(row), "run", "fetch", "row"]);
  }
  await using reader = await openReader(file);
  const time = { table: table.name, column: table.columns[0]?.name ?? "", count: undefined };
  assert.deepEqual(await reader.series(1, time, { start: 0, end: 1, buckets: 1 }), [0]);
}

const ownColumns = ["key", "window_start", "run", "fetch", "row"];

/** Whether a job file may have these columns in one table. */
function areColumns(names: readonly string[]): boolean {
  const lower = names.map((name) => name.toLowerCase());
  return names.every(isName) && new Set(lower).size === names.length && !names.includes("__proto__") &&
    !ownColumns.some((own) => lower.includes(own));
}

/** Each word as a table, and as a column: on its own if it is refused, else with others of a table. */
function examplesOf(all: readonly string[]): [table: string, columns: string[]][] {
  const columns: string[][] = [];
  for (const word of all) {
    const others = columns.find((names) => names.length < 24 && areColumns([...names, word]));
    if (others === undefined) columns.push([word]);
    else others.push(word);
  }
  return [
    ...all.map((word): [string, string[]] => [word, ["v"]]),
    ...columns.map((names): [string, string[]] => ["t", names]),
  ];
}

Deno.test("any name that a job file may have makes a table that works, any other is refused with its place", async () => {
  const columns = fc.uniqueArray(nameLike, { minLength: 1, maxLength: 4, selector: (name) => name });
  const examples = examplesOf([...new Set([...words, ...hostile])]);
  await assertProperty(
    fc.asyncProperty(nameLike, columns, async (table, names) => {
      if (!isTable(table) || !areColumns(names)) {
        assert.throws(() => load(table, names), (error) => {
          assert.ok(error instanceof UsageError);
          assert.match(error.message, /^n\.toml:\d+:\d+: rows\.(table|columns\..*): must .*(found|taken)/);
          return true;
        });
        return;
      }
      using folder = new TempFolder();
      await roundTrip(folder.file("a.db"), load(table, names));
    }),
    // Examples count as runs.
    { numRuns: examples.length + 20, examples },
  );
});

Deno.test("tables of one database either work or are refused in words, however their names meet", async () => {
  const tables = ["t", "t_data", "t_history", "t_by_time", "t_history_history", "t_history_by_time"];
  const columns = [["v"], ["V"], ["first", "last"], ["w", "v"]];
  const job = fc.tuple(fc.constantFrom(...tables), fc.constantFrom(...columns));
  await assertProperty(
    fc.asyncProperty(fc.array(job, { minLength: 2, maxLength: 4 }), async (jobs) => {
      using folder = new TempFolder();
      const file = folder.file("a.db");
      for (const [table, names] of jobs) {
        try {
          await createDatabase(file, schemaOf(load(table, names).tables[0]));
        } catch (error) {
          assert.ok(error instanceof UsageError, String(error));
          assert.match(error.message, /^Cannot store into the table "\w+" of /);
        }
      }
      using db = new DatabaseSync(file, { readOnly: true });
      const views = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'view'").all();
      assert.ok(views.length > 0);
      for (const { name } of views) db.prepare(`SELECT * FROM ${quote(String(name))}`).all();
    }),
    { numRuns: 30 },
  );
});

const hostileTexts = [
  "'; DROP TABLE _trawl_run; --",
  '"; DELETE FROM _trawl_fetch; --',
  "?1",
  ":a",
  "$b",
  "%_",
  "\\",
  "=1+1",
  "NULL",
  "\x1b[2J",
  "a\0b",
  "\u202e",
  "😀",
  "x".repeat(8 * 1024 * 1024),
];

Deno.test("keys and values are only ever bound, whatever they hold", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  const job = load("t", ["v"]);
  await using store = await openWriter(file, ...job.tables.map(schemaOf));
  const run = await store.beginRun({ job: job.name, text: job.text, identity: "" });
  await store.keepKeys(
    run,
    (async function* () {
      yield await Promise.resolve(hostileTexts);
    })(),
  );
  const fetches = hostileTexts.map((key, sequence) =>
    recordOf(sequence, {
      key,
      rows: 1,
      etag: key,
      ...(sequence % 2 === 0 && { verdict: "failed", reason: key }),
    })
  );
  const rows = chunkOf(hostileTexts.map((text) => [text]));
  await store.finish(run, finishedOf({ fetches, rowCounts: fetches.map(() => 1), rows }));
  assert.deepEqual(await Array.fromAsync(store.keptKeys(run)), [hostileTexts]);

  using db = new DatabaseSync(file, { readOnly: true });
  // As bytes: `node:sqlite` ends a text at a NUL when it reads it, not when it writes it.
  const stored = db.prepare(
    "SELECT CAST(key AS BLOB) AS key, CAST(etag AS BLOB) AS etag, CAST(v AS BLOB) AS v FROM fetches JOIN t USING (key)",
  ).all().map((row) => Object.values(row).map((value) => Buffer.from(value as Uint8Array).toString()));
  assert.deepEqual(stored, hostileTexts.map((text) => [text, text, text]));
  await using reader = await openReader(file);
  assert.equal((await reader.failures(run)).length, hostileTexts.length / 2);
  assert.equal((await reader.topKeys(run, 100, { without: hostileTexts })).length, 0);
});

Deno.test("names are quoted all the same, should one that is no identifier ever come through", async () => {
  using folder = new TempFolder();
  const job = load("t", ["v"]);
  const [column] = job.tables[0].columns;
  assert.ok(column !== undefined);
  const columns = ['c"d', "e'f", "g;--", 'x" TEXT); DROP TABLE _trawl_run; --'].map((name) => ({
    ...column,
    name,
  }));
  await roundTrip(folder.file("a.db"), {
    ...job,
    tables: [{ ...job.tables[0], name: 't"; DROP TABLE _trawl_run; --', columns }],
  });
});
