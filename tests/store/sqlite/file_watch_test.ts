/**
 * Files of an open database that are deleted, moved or replaced.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { StoreWriter } from "../../../lib/store/database.ts";
import { openWriter, query } from "../../support/database.ts";
import { TempFolder } from "../../support/temp.ts";

const schema = { name: "t", columns: [{ name: "v", type: "ANY" }] } as const;

async function begin(store: StoreWriter, job: string): Promise<void> {
  await store.beginRun({ job, text: "", identity: "" });
}

/** What happens to a file, by the word in the message. */
const losses: readonly (readonly [string, (folder: TempFolder) => Promise<void>])[] = [
  ["deleted or moved", (folder) => Deno.remove(folder.file("a.db"))],
  ["deleted or moved", (folder) => Deno.rename(folder.file("a.db"), folder.file("b.db"))],
  ["replaced by another file", async (folder) => {
    await Deno.rename(folder.file("a.db"), folder.file("b.db"));
    await Deno.copyFile(folder.file("b.db"), folder.file("a.db"));
  }],
  ["a part of the database", (folder) => Deno.remove(folder.file("a.db-wal"))],
];

Deno.test("StoreWriter.loss() tells that a file was deleted, moved or replaced", async () => {
  for (const [word, lose] of losses) {
    using folder = new TempFolder();
    await Deno.symlink("a.db", folder.file("link.db"));
    for (const name of ["a.db", "link.db"]) {
      await using store = await openWriter(folder.file(name), schema);
      assert.equal(await store.loss(), undefined);
      if (name === "a.db") continue;
      await lose(folder);
      const text = await store.loss() ?? "";
      assert.ok(text.includes(word) && text.endsWith("run the same command again"), text);
    }
  }
});

Deno.test("StoreWriter.loss() tells that a link leads to another file by now", async () => {
  using folder = new TempFolder();
  await (await openWriter(folder.file("b.db"), schema))[Symbol.asyncDispose]();
  await Deno.symlink("a.db", folder.file("link.db"));
  await using store = await openWriter(folder.file("link.db"), schema);
  await Deno.remove(folder.file("link.db"));
  await Deno.symlink("b.db", folder.file("link.db"));
  assert.match(await store.loss() ?? "", /replaced by another file/);
});

Deno.test("StoreWriter keeps everything in a file that was moved, and lends its log to no other file", async () => {
  using folder = new TempFolder();
  {
    await using store = await openWriter(folder.file("a.db"), schema);
    await begin(store, "before");
    await Deno.rename(folder.file("a.db"), folder.file("b.db"));
    await begin(store, "after");
    await Deno.copyFile(folder.file("b.db"), folder.file("a.db"));
  }
  assert.deepEqual(query(folder.file("b.db"), "SELECT job FROM runs ORDER BY id"), [["before"], ["after"]]);
  assert.equal((await Deno.stat(folder.file("a.db-wal"))).size, 0);
});

Deno.test("StoreWriter keeps everything when its log was deleted", async () => {
  using folder = new TempFolder();
  {
    await using store = await openWriter(folder.file("a.db"), schema);
    await Deno.remove(folder.file("a.db-wal"));
    await begin(store, "after");
  }
  assert.deepEqual(query(folder.file("a.db"), "SELECT job FROM runs"), [["after"]]);
});
