/**
 * A copy of a database as it is at one moment, while a run may write to it.
 *
 * @module
 */

import { backup, DatabaseSync } from "node:sqlite";
import { messageOf, UsageError } from "../../errors.ts";
import { openForReading } from "./connection.ts";

/** All pages in one step: the copy is of one moment then, and no write in between makes it begin anew. */
const allPages = 0x7fffffff;

/**
 * Copies the database `from` into the new file `to`, mode 0600, which is there only when it is whole and has been
 * checked. Resolves to its size in bytes. Writers and readers go on meanwhile; this thread does not.
 *
 * @throws {UsageError} If `from` is no database of trawl's, or `to` is there already or cannot be written.
 */
export async function backupDatabase(from: string, to: string): Promise<number> {
  using source = openForReading(from);
  const part = `${to}.part`;
  try {
    (await Deno.open(to, { write: true, createNew: true, mode: 0o600 })).close();
  } catch (error) {
    const why = error instanceof Deno.errors.AlreadyExists ? "there is one already" : messageOf(error);
    throw new UsageError(`Cannot write the backup "${to}" as ${why}`, { cause: error });
  }
  try {
    (await Deno.open(part, { write: true, create: true, truncate: true, mode: 0o600 })).close();
    await backup(source, part, { rate: allPages });
    check(part);
    await Deno.rename(part, to);
  } catch (error) {
    for (const file of [part, to]) await Deno.remove(file).catch(() => {});
    throw new UsageError(`Cannot write the backup "${to}" as ${messageOf(error)}`, { cause: error });
  }
  return (await Deno.stat(to)).size;
}

/** @throws {Error} If the copy is not sound. */
function check(file: string): void {
  // One that may write removes its log and index when it is closed.
  using db = new DatabaseSync(file);
  const found = db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
  if (found !== "ok") throw new Error(`the copy is not sound, and so may be the database: ${found}`);
}
