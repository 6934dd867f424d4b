/**
 * Opening the database file: creates it with mode 0600, checks that it is trawl's and of this program's version,
 * and sets what every connection needs. Nothing here knows what is written or read.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { InterruptedError, messageOf, UsageError } from "../errors.ts";
import { applicationId, schemaVersion, trawlTables } from "./schema.ts";

/** A lock held by another connection is waited for so long, milliseconds. */
const busyTimeoutMs = 10_000;

/** Bytes of a page in a new file. Every page is written twice, and twice SQLite's 4 KiB make a row a tenth cheaper. */
const pageBytes = 8_192;

/**
 * Opens the database for writing, and creates it where there is none.
 *
 * @throws {UsageError} If the file is no database of trawl's, belongs to another version or cannot be written.
 * @throws {InterruptedError} If another program keeps it locked.
 */
export function openForWriting(file: string): DatabaseSync {
  createEmpty(file);
  const db = open(file, { readOnly: false });
  try {
    const found = identify(db, file);
    if (found === "new") db.exec(`PRAGMA page_size = ${pageBytes}`);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    if (found === "new") {
      db.exec(
        `BEGIN IMMEDIATE; ${trawlTables} PRAGMA application_id = ${applicationId}; ` +
          `PRAGMA user_version = ${schemaVersion}; COMMIT;`,
      );
    }
    return db;
  } catch (error) {
    db.close();
    throw asUsage(error, file);
  }
}

/**
 * Opens an existing database for reading only.
 *
 * @throws {UsageError} If there is no such file, or it is no database of this version's.
 * @throws {InterruptedError} If another program keeps it locked.
 */
export function openForReading(file: string): DatabaseSync {
  try {
    Deno.statSync(file);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : messageOf(error);
    throw new UsageError(`Cannot open the database "${file}" as it must be a file: ${why}`, { cause: error });
  }
  const db = open(file, { readOnly: true });
  try {
    if (identify(db, file) === "new") {
      throw new UsageError(
        `Cannot read the database "${file}" as nothing was collected into it: it is empty`,
      );
    }
    return db;
  } catch (error) {
    db.close();
    throw asUsage(error, file);
  }
}

function createEmpty(file: string): void {
  try {
    Deno.openSync(file, { write: true, createNew: true, mode: 0o600 }).close();
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    throw new UsageError(
      `Cannot create the database "${file}" as it cannot be written: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

function open(file: string, options: { readonly readOnly: boolean }): DatabaseSync {
  try {
    // From the first look on: whoever comes after a `kill -9` tidies up, under a lock.
    return new DatabaseSync(file, { ...options, timeout: busyTimeoutMs });
  } catch (error) {
    throw asUsage(error, file);
  }
}

/** Tells an empty file from a database of trawl's, and refuses everything else. */
function identify(db: DatabaseSync, file: string): "new" | "known" {
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
  const application = Number(db.prepare("PRAGMA application_id").get()?.["application_id"]);
  const tables = Number(db.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.["count"]);
  if (tables === 0 && version === 0) return "new";
  if (application !== applicationId) {
    throw new UsageError(
      `Cannot use the database "${file}" as it was not made by trawl: name another with --db`,
    );
  }
  if (version !== schemaVersion) {
    const age = version > schemaVersion ? "a newer" : "an older";
    throw new UsageError(
      `Cannot use the database "${file}" as ${age} trawl wrote it: its schema is version ${version}, ` +
        `this program knows ${schemaVersion}`,
    );
  }
  return "known";
}

/** What SQLite says on opening, as a message about the file; a lock is no mistake, and passes. */
function asUsage(error: unknown, file: string): Error {
  if (error instanceof UsageError) return error;
  const text = messageOf(error);
  if (/database is locked/.test(text)) {
    return new InterruptedError(
      `Cannot use the database "${file}" as another program has locked it: waited for ${
        busyTimeoutMs / 1_000
      } s`,
      { cause: error },
    );
  }
  const why = /not a database/.test(text) ? "it is no SQLite database" : text;
  return new UsageError(`Cannot use the database "${file}" as ${why}`, { cause: error });
}
