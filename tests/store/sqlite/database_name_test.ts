/**
 * Names that are refused because no database can have them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { UsageError } from "../../../lib/errors.ts";
import { openDatabase } from "../../../lib/store/database.ts";
import { createDatabase } from "../../support/database.ts";
import { TempFolder } from "../../support/temp.ts";

Deno.test("openDatabase() refuses names that are not names of files", async () => {
  const names: readonly (readonly [string, RegExp])[] = [
    ["", /"": it must be the name of a file, got an empty name$/],
    [":memory:", /":memory:": .*, got SQLite's name for no file at all; results are kept in a file only$/],
    ["file:x.db", /, got a URI; write \.\/file:x\.db for a file of this name$/],
    ["FILE:x.db?mode=memory", /, got a URI; /],
    ["postgres://u:p@host/db", /, got a URL of postgres:\/\/; /],
    ["a\0b.db", /"a\\u0000b\.db": .*, got a name with a control character$/],
    ["a\nb.db", /"a\\nb\.db": .*, got a name with a control character$/],
    ["none/", /, got a folder; add the name of a file$/],
    [".", /, got a folder; add the name of a file$/],
    ["/dev/null", /, got a device$/],
    ["a.lock", /, got a name that ends with \.lock, as files beside a database do$/],
    ["a.part", /, got a name that ends with \.part, /],
    ["a-wal", /, got a name that ends with -wal, /],
  ];
  for (const [name, message] of names) {
    await assert.rejects(
      openDatabase(name),
      (error) => error instanceof UsageError && message.test(error.message),
      JSON.stringify(name),
    );
  }
});

Deno.test("openDatabase() refuses a pipe, a socket, and a link to a folder", async () => {
  using folder = new TempFolder();
  await new Deno.Command("mkfifo", { args: [folder.file("pipe")] }).output();
  using _listener = Deno.listen({ transport: "unix", path: folder.file("socket") });
  await Deno.symlink(".", folder.file("link"));
  await Deno.symlink("loop", folder.file("loop"));
  const kinds = { pipe: "a pipe", socket: "a socket", link: "a folder", loop: "a link that leads to itself" };
  for (const [name, kind] of Object.entries(kinds)) {
    await assert.rejects(
      openDatabase(folder.file(name)),
      new RegExp(`must be the name of a file, got ${kind}`),
    );
  }
});

Deno.test("openDatabase() takes a name with the letters of a URI for the name of a file", async () => {
  using folder = new TempFolder();
  const before = Deno.cwd();
  try {
    Deno.chdir(folder.path);
    for (const name of ["./file:x.db", "./:memory:", "a?mode=memory.db", "b%41#c.db"]) {
      await createDatabase(name, { name: "t", columns: [{ name: "v", type: "ANY" }] });
    }
  } finally {
    Deno.chdir(before);
  }
  assert.deepEqual(folder.names(), [":memory:", "a?mode=memory.db", "b%41#c.db", "file:x.db"]);
});
