/**
 * Copies a database as of one moment into a new file, while a run may write it. The copy is made under the name
 * `FILE.part` and gets its final name when it is complete, checked and on the disk. Replaces no file.
 *
 * @module
 */

import { backup, DatabaseSync } from "node:sqlite";
import { InterruptedError, messageOf, UsageError } from "../../errors.ts";
import { isoTime } from "../../text/format.ts";
import { openForReading } from "./connection.ts";
import { requireDatabaseName, sqlitePath } from "./database_name.ts";
import { folderOf } from "./free_space.ts";
import { isEmptyOrBegins, isStillAt, openOwnFile } from "./own_file.ts";
import { endRunning } from "./run_table.ts";
import { isPassingError } from "./sqlite_error.ts";

/** All pages in one step: a write between two steps would restart the copy. */
const allPages = 0x7fffffff;

/** Files of SQLite beside a file that a killed process left. */
const sideFiles = ["-journal", "-wal", "-shm"] as const;

/**
 * Copies the database `from` into the new file `to` with mode 0600; returns the size of the copy in bytes. Takes over
 * the `.part` that a killed backup left. Blocks this thread, but no other writer or reader.
 *
 * @throws {UsageError} If `from` is not trawl's, or `to` exists or cannot be written.
 * @throws {InterruptedError} If the disk is full, or another backup writes `to`.
 */
export async function backupDatabase(from: string, to: string): Promise<number> {
  requireDatabaseName(to);
  using source = openForReading(from);
  const part = `${to}.part`;
  try {
    refuseExisting(to);
    using file = openPart(part);
    try {
      await backup(source, sqlitePath(part), { rate: allPages });
      complete(part);
      if (!isStillAt(file, part)) throw new Error(`another program has replaced "${part}"`);
      file.syncDataSync();
      const bytes = file.statSync().size;
      giveName(part, to);
      syncFolder(to);
      return bytes;
    } catch (error) {
      removeOwn(file, part);
      throw error;
    }
  } catch (error) {
    const isPassing = error instanceof InterruptedError || isPassingError(error);
    throw new (isPassing ? InterruptedError : UsageError)(
      `Cannot write the backup "${to}": ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** @throws {Error} If the name is taken. */
function refuseExisting(to: string): void {
  if (hasName(to)) throw new Error("the file exists");
}

/** Whether a file, or a link to a file that is missing, has this name. */
function hasName(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Creates the part, and locks it until it is closed.
 *
 * @throws {Error} If another backup holds it, or a link or a folder has its name.
 */
function openPart(part: string): Deno.FsFile {
  removeStale(part);
  try {
    const file = openOwnFile(part, { isNew: true });
    if (file.tryLockSync(true) && isStillAt(file, part)) return file;
    file.close();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  throw beingWritten(part);
}

/** Removes what a killed backup left. Nothing is truncated: the part may have become the backup just before the end. */
function removeStale(part: string): void {
  if (!hasName(part)) return;
  using file = openOwnFile(part);
  if (!file.tryLockSync(true)) throw beingWritten(part);
  // Downloads have such names too. SQLite writes the first page of a large copy last, over zeros.
  const beginnings = ["SQLite format 3", "\0".repeat(16)];
  if (!beginnings.some((text) => isEmptyOrBegins(file, text))) {
    throw new Error(`the file "${part}" is not trawl's, and the copy needs its name: move that file`);
  }
  removeOwn(file, part);
}

function removeOwn(file: Deno.FsFile, part: string): void {
  if (!isStillAt(file, part)) return;
  for (const name of [...sideFiles.map((end) => part + end), part]) {
    try {
      Deno.removeSync(name);
    } catch {
      // The file is missing, or its folder has become read-only.
    }
  }
}

function beingWritten(part: string): InterruptedError {
  return new InterruptedError(`another trawl backup is writing "${part}"; run again later`);
}

/** Renames the part, unless a file has the name by now. */
function giveName(part: string, to: string): void {
  try {
    // Unlike a rename, a link replaces nothing.
    Deno.linkSync(part, to);
  } catch {
    // The file exists, or the file system has no hard links.
    refuseExisting(to);
    return Deno.renameSync(part, to);
  }
  Deno.removeSync(part);
}

/** Makes the new name survive a power failure, where folders can be synchronized. */
function syncFolder(to: string): void {
  try {
    using folder = Deno.openSync(folderOf(to));
    folder.syncSync();
  } catch {
    // The file itself is on the disk.
  }
}

/**
 * Checks the copy, and ends the runs in it: the process that works on them writes the original.
 *
 * @throws {Error} If the copy is damaged.
 */
function complete(file: string): void {
  // A connection that may write removes its log and index file when it is closed.
  using db = new DatabaseSync(sqlitePath(file));
  const found = db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
  if (found !== "ok") throw new Error(`the copy is damaged, so the database may be too: ${found}`);
  const reason = "copied by trawl backup before its end";
  endRunning(db, { state: "interrupted", reason, ended: isoTime(Date.now()) });
}
