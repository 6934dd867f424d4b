/**
 * Copies of a database: when the copy gets its name, and what lies about under the name of its part.
 *
 * @module
 */

import assert from "node:assert/strict";
import { UsageError } from "../../../lib/errors.ts";
import type { TableSchema } from "../../../lib/rows/table_schema.ts";
import { backupDatabase } from "../../../lib/store/sqlite/backup_file.ts";
import { createDatabase, openWriter, query } from "../../support/database.ts";
import { TempFolder } from "../../support/temp.ts";

const schema: TableSchema = { name: "t", columns: [{ name: "v", type: "ANY" }] };

/** A folder with the database `a.db`. */
async function folderWithDatabase(): Promise<TempFolder> {
  const folder = new TempFolder();
  await createDatabase(folder.file("a.db"), schema);
  return folder;
}

/** The permission bits of a file. */
function modeOf(file: string): number {
  return (Deno.statSync(file).mode ?? 0) & 0o777;
}

/** The names of the copy and its parts. */
function copiesIn(folder: TempFolder): string[] {
  return folder.names().filter((name) => name.startsWith("b."));
}

function refusal(why: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof UsageError && why.test(error.message);
}

Deno.test("backupDatabase() gives the copy its name when the copy is complete, never before", async () => {
  using folder = await folderWithDatabase();
  const copying = backupDatabase(folder.file("a.db"), folder.file("b.db"));
  assert.deepEqual(copiesIn(folder), ["b.db.part"]);
  assert.equal(modeOf(folder.file("b.db.part")), 0o600);
  // A second backup to the same name must not share the part.
  await assert.rejects(
    backupDatabase(folder.file("a.db"), folder.file("b.db")),
    {
      name: "InterruptedError",
      message:
        /^Cannot write the backup ".*b\.db": another trawl backup is writing ".*b\.db\.part"; run again later$/,
    },
  );
  assert.equal(await copying, (await Deno.stat(folder.file("b.db"))).size);
  assert.deepEqual(copiesIn(folder), ["b.db"]);
  assert.equal(modeOf(folder.file("b.db")), 0o600);
  assert.deepEqual(query(folder.file("b.db"), "PRAGMA integrity_check"), [["ok"]]);
});

Deno.test("backupDatabase() ends the runs of the copy, and leaves those of the original alone", async () => {
  using folder = new TempFolder();
  await using store = await openWriter(folder.file("a.db"), schema);
  await store.beginRun({ job: "j", text: "", identity: "" });
  await backupDatabase(folder.file("a.db"), folder.file("b.db"));
  assert.deepEqual(query(folder.file("a.db"), "SELECT state FROM runs"), [["running"]]);
  assert.deepEqual(query(folder.file("b.db"), "SELECT state, reason FROM runs"), [
    ["interrupted", "copied by trawl backup before its end"],
  ]);
});

Deno.test("backupDatabase() takes over the part that a killed backup left", async () => {
  using folder = await folderWithDatabase();
  // Longer than the copy, so that an overwritten part would show.
  folder.file("b.db.part", "SQLite format 3\0".repeat(100_000));
  folder.file("b.db.part-journal", "half a journal");
  await backupDatabase(folder.file("a.db"), folder.file("b.db"));
  assert.deepEqual(copiesIn(folder), ["b.db"]);
  assert.deepEqual(query(folder.file("b.db"), "PRAGMA integrity_check"), [["ok"]]);
  assert.equal(modeOf(folder.file("b.db")), 0o600);
});

Deno.test("backupDatabase() leaves a finished backup alone whose second name a killed backup left", async () => {
  using folder = await folderWithDatabase();
  const first = folder.file("first", "SQLite format 3, a finished backup");
  await Deno.link(first, folder.file("b.db.part"));
  await backupDatabase(folder.file("a.db"), folder.file("b.db"));
  assert.equal(await Deno.readTextFile(first), "SQLite format 3, a finished backup");
});

Deno.test("backupDatabase() follows no link and replaces no file", async () => {
  using folder = await folderWithDatabase();
  const other = folder.file("other", "precious");
  const plant = (target: string, name: string) => () => Deno.symlinkSync(target, folder.file(name));
  const cases: readonly (readonly [() => void, RegExp])[] = [
    [plant("other", "b.db.part"), /: it is a symbolic link: delete it$/],
    [plant("none", "b.db.part"), /: it is a symbolic link: delete it$/],
    [() => Deno.mkdirSync(folder.file("b.db.part")), /: it is a folder: remove it$/],
    [
      () => folder.file("b.db.part", "a download"),
      /b\.db\.part" is not trawl's, and the copy needs its name: /,
    ],
    [plant("other", "b.db"), /: the file exists$/],
    [plant("none", "b.db"), /: the file exists$/],
  ];
  for (const [make, why] of cases) {
    make();
    await assert.rejects(backupDatabase(folder.file("a.db"), folder.file("b.db")), refusal(why));
    assert.equal(await Deno.readTextFile(other), "precious");
    const [planted = "", ...more] = copiesIn(folder);
    assert.deepEqual(more, []);
    await Deno.remove(folder.file(planted));
  }
  await assert.rejects(
    backupDatabase(folder.file("a.db"), ":memory:"),
    refusal(/got SQLite's name for no file/),
  );
});
