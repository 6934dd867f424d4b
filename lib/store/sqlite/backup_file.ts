/**
 * Copies a database as of one moment into a new file, while a run may write it. The copy appears under its name only
 * when it is complete and checked.
 *
 * @module
 */

import { backup, DatabaseSync } from "node:sqlite";
import { messageOf, UsageError } from "../../errors.ts";
import { openForReading } from "./connection.ts";

/** All pages in one step: a write between two steps would restart the copy. */
const allPages = 0x7fffffff;

/**
 * Copies the database `from` into the new file `to` with mode 0600; returns the size of the copy in bytes. Blocks this
 * thread, but no other writer or reader.
 *
 * @throws {UsageError} If `from` is not trawl's, or `to` exists or cannot be written.
 */
export async function backupDatabase(from: string, to: string): Promise<number> {
  using source = openForReading(from);
  const part = `${to}.part`;
  try {
    (await Deno.open(to, { write: true, createNew: true, mode: 0o600 })).close();
  } catch (error) {
    const why = error instanceof Deno.errors.AlreadyExists ? "the file exists" : messageOf(error);
    throw new UsageError(`Cannot write the backup "${to}": ${why}`, { cause: error });
  }
  try {
    (await Deno.open(part, { write: true, create: true, truncate: true, mode: 0o600 })).close();
    await backup(source, part, { rate: allPages });
    check(part);
    await Deno.rename(part, to);
  } catch (error) {
    for (const file of [part, to]) await Deno.remove(file).catch(() => {});
    throw new UsageError(`Cannot write the backup "${to}": ${messageOf(error)}`, { cause: error });
  }
  return (await Deno.stat(to)).size;
}

/** @throws {Error} If the copy is damaged. */
function check(file: string): void {
  // A connection that may write removes its log and index file when it is closed.
  using db = new DatabaseSync(file);
  const found = db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
  if (found !== "ok") throw new Error(`the copy is damaged, so the database may be too: ${found}`);
}
