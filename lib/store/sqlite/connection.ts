/**
 * Opening the database file: creates it with mode 0600, checks that it is trawl's and of this program's version,
 * and sets what every connection needs. Nothing here knows what is written or read.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { messageOf, UsageError } from "../../errors.ts";
import { databaseLimits } from "../../limits.ts";
import { applicationId, schemaVersion, trawlTables } from "./sql_schema.ts";
import { explain } from "./sqlite_error.ts";

/** Bytes of a page in a new file. Every page is written twice, and twice SQLite's 4 KiB make a row a tenth cheaper. */
const pageBytes = 8_192;

/**
 * Opens the database for writing, and creates it where there is none.
 *
 * @throws {UsageError} If the file is no database of trawl's, belongs to another version or cannot be written.
 * @throws {InterruptedError} If another program has locked it, or its disk is full.
 */
export function openForWriting(file: string): DatabaseSync {
  createEmpty(realPathOf(file));
  return open(file, { readOnly: false }, (db) => {
    const version = versionOf(db, file);
    if (version !== 0 && version !== schemaVersion) throw wrongVersion(file, version);
    // Pages can be given back later only where this is said first; it costs no time on 4 million rows.
    if (version === 0) db.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA auto_vacuum = INCREMENTAL`);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    if (version !== 0) return;
    db.exec(
      `BEGIN IMMEDIATE; ${trawlTables} PRAGMA application_id = ${applicationId}; ` +
        `PRAGMA user_version = ${schemaVersion}; COMMIT;`,
    );
  });
}

/**
 * Opens an existing database for reading only. One of an older version is read as it is: `run` and `fetch` are the same
 * in all of them, and the job's table can be asked the same questions.
 *
 * @throws {UsageError} If there is no such file, it is no database of trawl's, or a newer trawl wrote it.
 * @throws {InterruptedError} If another program keeps it locked.
 */
export function openForReading(file: string): DatabaseSync {
  try {
    Deno.statSync(file);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : messageOf(error);
    throw new UsageError(`Cannot open the database "${file}" as it must be a file: ${why}`, { cause: error });
  }
  return open(file, { readOnly: true }, (db) => {
    if (versionOf(db, file) !== 0) return;
    throw new UsageError(`Cannot read the database "${file}" as nothing was collected into it: it is empty`);
  });
}

/** Opens an existing database for writing, whatever is in it. */
export function openAsItIs(file: string): DatabaseSync {
  return open(file, { readOnly: false });
}

/**
 * The version of a database's schema; 0 of one that is empty.
 *
 * @throws {UsageError} If it is not of trawl's, or a newer trawl wrote it.
 */
export function versionOf(db: DatabaseSync, file: string): number {
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
  const application = Number(db.prepare("PRAGMA application_id").get()?.["application_id"]);
  const tables = Number(db.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.["count"]);
  if (tables === 0 && version === 0) return 0;
  if (application !== applicationId) {
    throw new UsageError(
      `Cannot use the database "${file}" as it was not made by trawl: name another with --db`,
    );
  }
  if (version > schemaVersion || version < 1) throw wrongVersion(file, version);
  return version;
}

/** Links that lead from one to the next: the system follows no more. */
const linksMax = 40;

/** The path of a file without links, also where there is no such file yet. */
export function realPathOf(file: string, links: number = linksMax): string {
  const [, folder = "", name = file] = /^(.*\/)?([^/]*)$/s.exec(file) ?? [];
  try {
    return Deno.realPathSync(file);
  } catch {
    // A link to what is not there yet; or nothing at all.
  }
  try {
    const target = Deno.readLinkSync(file);
    return links === 0 ? file : realPathOf(target.startsWith("/") ? target : folder + target, links - 1);
  } catch {
    return file === name ? file : `${realFolderOf(folder)}/${name}`;
  }
}

function realFolderOf(folder: string): string {
  try {
    return Deno.realPathSync(folder);
  } catch {
    return folder;
  }
}

/** Makes an empty file that nobody else can read; SQLite gives the files beside it the same mode. */
export function createEmpty(file: string): void {
  try {
    Deno.openSync(file, { write: true, createNew: true, mode: 0o600 }).close();
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    throw new UsageError(
      `Cannot create the database "${file}" as it cannot be written: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** Opens a database and has `begin` look at it or set it up; it is closed again where that fails. */
function open(
  file: string,
  options: { readonly readOnly: boolean },
  begin: (db: DatabaseSync) => void = () => {},
): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    // From the first look on: whoever comes after a `kill -9` tidies up, under a lock.
    db = new DatabaseSync(file, { ...options, timeout: databaseLimits.busyMs });
    begin(db);
    return db;
  } catch (error) {
    db?.close();
    throw explain(error, file, { isBegun: false });
  }
}

function wrongVersion(file: string, version: number): UsageError {
  const age = version > schemaVersion ? "a newer" : "an older";
  return new UsageError(
    `Cannot use the database "${file}" as ${age} trawl wrote it: its schema is version ${version}, ` +
      `this program knows ${schemaVersion}`,
  );
}
