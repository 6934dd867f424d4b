import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { UsageError } from "../../../lib/errors.ts";
import type { TableSchema } from "../../../lib/rows/table_schema.ts";
import { acquire } from "../../../lib/store/sqlite/acquire.ts";
import { schemaVersion } from "../../../lib/store/sqlite/sql_schema.ts";
import { createDatabase, openReader, openWriter, query } from "../../support/database.ts";
import { fixtures, fixtureVersion, layFixture } from "../../support/fixtures.ts";
import { TempFolder } from "../../support/temp.ts";

const updates: TableSchema = {
  name: "updates",
  columns: [{ name: "ts", type: "TIME" }, { name: "type", type: "TEXT" }],
};
const rows: TableSchema = { name: "rows", columns: [{ name: "value", type: "ANY" }] };

/** Queries with the same result before and after a migration. */
const contents = [
  "SELECT * FROM run ORDER BY id",
  "SELECT id, run, sequence, key, verdict, reason, status, attempts, bytes, rows, started_ms FROM fetch ORDER BY id",
  "SELECT * FROM batch ORDER BY run, number",
  "SELECT * FROM key_list ORDER BY run, block",
  "SELECT fetch, row, ts, type, typeof(ts) FROM updates ORDER BY fetch, row",
  "SELECT fetch, row, value, typeof(value) FROM rows ORDER BY fetch, row",
];

function contentsOf(file: string): unknown[] {
  return contents.map((sql) => query(file, sql));
}

/** Every table, view and index as SQL, with single spaces. */
function schemaOf(file: string): unknown[] {
  return query(
    file,
    "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name",
  ).map((row) => row.map((text) => String(text).replaceAll(/--.*/g, "").replaceAll(/\s+/g, " ")));
}

async function migrateFile(file: string): Promise<string[]> {
  const said: string[] = [];
  await using _lock = await acquire(file, {
    job: "j",
    log: (text) => said.push(text),
    ignoresFreeSpace: false,
  });
  return said;
}

function execute(file: string, sql: string): void {
  using db = new DatabaseSync(file);
  db.exec(sql);
}

function modeOf(file: string): number {
  return (Deno.statSync(file).mode ?? 0) & 0o777;
}

for (const name of fixtures) {
  const version = fixtureVersion(name);
  Deno.test(`acquire() migrates ${name} to this version with every row, and keeps a copy`, async () => {
    using folder = new TempFolder();
    const file = layFixture(name, folder);
    const before = contentsOf(file);
    const said = await migrateFile(file);
    assert.deepEqual(contentsOf(file), before);
    assert.deepEqual(query(file, "PRAGMA user_version"), [[schemaVersion]]);
    assert.deepEqual(query(file, "PRAGMA integrity_check"), [["ok"]]);
    {
      await using _updates = await openWriter(file, updates);
      await using _rows = await openWriter(file, rows);
    }
    const fresh = folder.file("fresh.db");
    for (const table of [updates, rows]) await createDatabase(fresh, table);
    assert.deepEqual(schemaOf(file), schemaOf(fresh));
    assert.deepEqual(contentsOf(file), before);
    if (version === schemaVersion) return assert.deepEqual(said, []);
    const copy = `${file}.v${version}.bak`;
    assert.match(
      said.join(""),
      new RegExp(`from version ${version} to ${schemaVersion}\n.*kept the old version as "${copy}"`),
    );
    assert.deepEqual(contentsOf(copy), before);
    assert.deepEqual(query(copy, "PRAGMA user_version"), [[version]]);
    assert.equal(modeOf(copy), 0o600);
    assert.deepEqual(await migrateFile(file), []);
  });

  Deno.test(`StoreReader reads ${name} without migrating it`, async () => {
    using folder = new TempFolder();
    const file = layFixture(name, folder);
    await using reader = await openReader(file);
    assert.deepEqual((await reader.runs(9)).map(({ id, state }) => [id, state]), [
      [3, "finished"],
      [2, "interrupted"],
      [1, "finished"],
    ]);
    assert.deepEqual(await reader.failures(1), [{ reason: "http-404", count: 1, example: "12654" }]);
    const { mistakes, isPartial } = await reader.inspect({ isFull: true });
    assert.deepEqual([mistakes, isPartial], [[], false]);
    assert.equal((await reader.starts({ host: "nobody", perMs: 60_000 })).size, 0);
    assert.deepEqual(query(file, "PRAGMA user_version"), [[version]]);
  });
}

const inTheWay: readonly (readonly [string, string, RegExp])[] = [
  [
    "the last step",
    "CREATE TABLE learned (x)",
    /to version 4: .*learned already exists.*; the database is unchanged/,
  ],
  [
    "moving rows",
    "CREATE TABLE updates_span (x)",
    /the name "updates_span" is needed for a part of "updates": rename that table first/,
  ],
  [
    "the foreign key check",
    "PRAGMA foreign_keys = OFF; INSERT INTO batch VALUES (99, 0, 0, 1, '', 'open')",
    /a row of "batch" has no "run"/,
  ],
];

for (const [what, sql, message] of inTheWay) {
  Deno.test(`acquire() leaves a database of version 1 unchanged when ${what} fails`, async () => {
    using folder = new TempFolder();
    const file = layFixture("v1", folder);
    execute(file, sql);
    const [before, tables] = [contentsOf(file), schemaOf(file)];
    await assert.rejects(
      migrateFile(file),
      (error) => error instanceof UsageError && message.test(error.message),
    );
    assert.ok(!folder.names().some((name) => name.includes("bak")));
    assert.deepEqual([contentsOf(file), schemaOf(file)], [before, tables]);
    assert.deepEqual(query(file, "PRAGMA user_version"), [[1]]);
  });
}

Deno.test("acquire() drops the staged rows of version 1, and keeps a table with a similar name", async () => {
  using folder = new TempFolder();
  const file = layFixture("v1", folder);
  const columns = "fetch INTEGER NOT NULL, row INTEGER NOT NULL, ts ANY, type TEXT, PRIMARY KEY (fetch, row)";
  execute(
    file,
    `CREATE TABLE updates_staged (${columns}) STRICT, WITHOUT ROWID; INSERT INTO updates_staged VALUES (5, 0, 1, 'A');
     CREATE TABLE updates_staged_77 (ts ANY, type TEXT) STRICT; INSERT INTO updates_staged_77 VALUES (1, 'A');
     CREATE TABLE updates_staged_mine (x); INSERT INTO updates_staged_mine VALUES (1);`,
  );
  const before = contentsOf(file);
  await migrateFile(file);
  assert.deepEqual(contentsOf(file), before);
  assert.deepEqual(query(file, "SELECT count(*) FROM updates_staged"), [[0]]);
  assert.deepEqual(
    query(file, "SELECT name FROM sqlite_schema WHERE name LIKE 'updates_staged%' ORDER BY name"),
    [["updates_staged"], ["updates_staged_mine"]],
  );
});

Deno.test("acquire() replaces no existing copy, and names the copy of a killed migration", async () => {
  using folder = new TempFolder();
  const file = layFixture("v3", folder);
  folder.file("v3.db.v3.bak", "an older copy");
  await migrateFile(file);
  assert.equal(await Deno.readTextFile(folder.file("v3.db.v3.bak")), "an older copy");
  const copy = folder.file("v3.db.v3-2.bak");
  assert.deepEqual(query(copy, "PRAGMA user_version"), [[3]]);
  // As after a kill between the commit and the renaming of the copy.
  await Deno.rename(copy, folder.file("v3.db.v3.bak.part"));
  await migrateFile(file);
  assert.deepEqual(query(copy, "PRAGMA user_version"), [[3]]);
});

Deno.test("acquire() leaves the old version or the new one after kill -9 at any moment", async () => {
  using folder = new TempFolder();
  const file = layFixture("v1", folder);
  execute(
    file,
    `PRAGMA synchronous = OFF; INSERT INTO updates SELECT 10000000001, 1000 + value, value, 'A'
       FROM (WITH RECURSIVE n (value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < 100000)
         SELECT value FROM n);
     DELETE FROM updates WHERE fetch = 10000000001 AND row < 1000;
     UPDATE updates SET row = row - 1000 WHERE fetch = 10000000001;`,
  );
  const before = contentsOf(file);
  const seen = new Set<unknown>();
  let code: number | undefined;
  for (let delayMs = 0; code !== 0; delayMs += 80) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", new URL("migration_worker.ts", import.meta.url).pathname, file],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    const timer = setTimeout(() => {
      try {
        child.kill("SIGKILL");
      } catch {
        // The child has just ended by itself.
      }
    }, delayMs);
    while (!(await reader.read()).done);
    code = (await child.status).code;
    clearTimeout(timer);
    const [[version] = []] = query(file, "PRAGMA user_version");
    seen.add(version);
    assert.ok(version === 1 || version === schemaVersion, String(version));
    assert.deepEqual(contentsOf(file), before);
    // The copy gets its final name only after the commit.
    if (version === 1) assert.ok(!folder.names().includes("v1.db.v1.bak"));
  }
  assert.deepEqual([...seen], [1, schemaVersion]);
  await migrateFile(file);
  assert.ok(!folder.names().some((name) => name.endsWith(".part")));
  assert.deepEqual(contentsOf(folder.file("v1.db.v1.bak")), before);
});
