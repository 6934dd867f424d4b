/**
 * Migration by a made-up step from this version to a next one.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { UsageError } from "../../../lib/errors.ts";
import type { TableSchema } from "../../../lib/rows/table_schema.ts";
import { migrate, type MigrationTarget } from "../../../lib/store/sqlite/migration.ts";
import { schemaVersion } from "../../../lib/store/sqlite/sql_schema.ts";
import { recordOf } from "../../collect/support.ts";
import { openReader, openWriter, query } from "../../support/database.ts";
import { chunkOf, finishedOf } from "../../support/rows.ts";
import { TempFolder } from "../../support/temp.ts";
import { nextVersion } from "./migration_step.ts";

const schema: TableSchema = { name: "t", columns: [{ name: "v", type: "INTEGER" }] };

/** A database of this version with a run. */
async function layDatabase(folder: TempFolder, rows = 3): Promise<string> {
  const file = folder.file("a.db");
  await using store = await openWriter(file, schema);
  const run = await store.beginRun({ job: "j", text: "t", identity: "s" });
  const values = Array.from({ length: rows }, (_, index) => [BigInt(index)]);
  await store.finish(
    run,
    finishedOf({ fetches: [recordOf(0, { rows })], rowCounts: [rows], rows: chunkOf(values) }),
  );
  return file;
}

async function migrateFile(file: string, target: MigrationTarget = nextVersion): Promise<string> {
  const said: string[] = [];
  await migrate(file, { log: (text) => said.push(text), ignoresFreeSpace: false }, target);
  return said.join("");
}

function contentsOf(file: string): unknown[] {
  return [query(file, "SELECT * FROM fetches"), query(file, "SELECT count(*), sum(v), sum(row) FROM t")];
}

function versionOf(file: string): unknown {
  return query(file, "PRAGMA user_version")[0]?.[0];
}

function execute(file: string, sql: string): void {
  using db = new DatabaseSync(file);
  db.exec(sql);
}

Deno.test("migrate() takes the steps to a version, with every row, and keeps a copy", async () => {
  using folder = new TempFolder();
  const file = await layDatabase(folder);
  const before = contentsOf(file);
  const copy = `${file}.v${schemaVersion}.bak`;
  assert.equal(
    await migrateFile(file),
    `trawl: migrating "${file}" of an older trawl from version ${schemaVersion} to ${nextVersion.version}\n` +
      `trawl: kept the old version as "${copy}"\n`,
  );
  assert.deepEqual(contentsOf(file), before);
  assert.deepEqual(query(file, "SELECT size FROM made_up"), [[1]]);
  assert.deepEqual(query(file, "SELECT hash FROM _trawl_schema"), [[nextVersion.hash]]);
  assert.equal(versionOf(file), nextVersion.version);
  assert.deepEqual(contentsOf(copy), before);
  assert.equal(versionOf(copy), schemaVersion);
  assert.equal(((await Deno.stat(copy)).mode ?? 0) & 0o777, 0o600);
  assert.equal(await migrateFile(file), "");
  await assert.rejects(
    openReader(file),
    /: a newer trawl wrote it: its schema has version 2, this program knows/,
  );
});

Deno.test("migrate() leaves a database of this version alone, and refuses another schema of it", async () => {
  using folder = new TempFolder();
  const file = await layDatabase(folder);
  const log = () => assert.fail();
  await migrate(file, { log, ignoresFreeSpace: false });
  execute(file, "UPDATE _trawl_schema SET hash = 'x'");
  await assert.rejects(migrate(file, { log, ignoresFreeSpace: false }), UsageError);
  await assert.rejects(
    openReader(file),
    /a version of trawl before 1.0 wrote it, with another schema; keep the file/,
  );
  assert.deepEqual(folder.names().filter((name) => name.includes("bak")), []);
});

const inTheWay: readonly (readonly [string, string, RegExp])[] = [
  [
    "a step",
    "CREATE TABLE made_up (x)",
    /to version 2: .*made_up already exists.*; the database is unchanged/,
  ],
  [
    "the foreign key check",
    "PRAGMA foreign_keys = OFF; INSERT INTO _trawl_batch VALUES (99, 0, 0, 1, '', 'open')",
    /a row of "_trawl_batch" has no "_trawl_run"/,
  ],
];

for (const [what, sql, message] of inTheWay) {
  Deno.test(`migrate() leaves a database unchanged when ${what} fails`, async () => {
    using folder = new TempFolder();
    const file = await layDatabase(folder);
    execute(file, sql);
    const before = contentsOf(file);
    await assert.rejects(
      migrateFile(file),
      (error) => error instanceof UsageError && message.test(error.message),
    );
    assert.deepEqual(folder.names().filter((name) => name.includes("bak")), []);
    assert.deepEqual(contentsOf(file), before);
    assert.equal(versionOf(file), schemaVersion);
  });
}

Deno.test("migrate() replaces no existing copy, and names the copy of a killed migration", async () => {
  using folder = new TempFolder();
  const file = await layDatabase(folder);
  folder.file("a.db.v1.bak", "an older copy");
  await migrateFile(file);
  assert.equal(await Deno.readTextFile(folder.file("a.db.v1.bak")), "an older copy");
  const copy = folder.file("a.db.v1-2.bak");
  assert.equal(versionOf(copy), schemaVersion);
  // As after a kill between the commit and the renaming of the copy.
  await Deno.rename(copy, folder.file("a.db.v1.bak.part"));
  await migrateFile(file);
  assert.equal(versionOf(copy), schemaVersion);
});

Deno.test("migrate() leaves the old version or the new one after kill -9 at any moment", async () => {
  using folder = new TempFolder();
  const file = await layDatabase(folder, 100_000);
  const before = contentsOf(file);
  const seen = new Set<unknown>();
  let code: number | undefined;
  for (let delayMs = 0; code !== 0; delayMs += 80) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", new URL("migration_step.ts", import.meta.url).pathname, file],
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
    const version = versionOf(file);
    seen.add(version);
    assert.ok(version === schemaVersion || version === nextVersion.version, String(version));
    assert.deepEqual(contentsOf(file), before);
    // The copy gets its final name only after the commit.
    if (version === schemaVersion) assert.ok(!folder.names().includes("a.db.v1.bak"));
  }
  assert.deepEqual([...seen], [schemaVersion, nextVersion.version]);
  await migrateFile(file);
  assert.ok(!folder.names().some((name) => name.endsWith(".part")));
  assert.deepEqual(contentsOf(folder.file("a.db.v1.bak")), before);
});
