/**
 * Opens the database file: creates it with mode 0600, checks that it is trawl's and of this schema version, and sets
 * the options of a connection. Reads and writes no rows.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { messageOf, UsageError } from "../../errors.ts";
import { databaseLimits } from "../../limits.ts";
import { realPathOf, sqlitePath } from "./database_name.ts";
import { schemaHash } from "./schema_hash.ts";
import { applicationId, schemaVersion, trawlTables } from "./sql_schema.ts";
import { explain } from "./sqlite_error.ts";

/** Page size of a new file. Every page is written twice, and a row costs a tenth less than with SQLite's 4 KiB. */
const pageBytes = 8_192;

/**
 * Opens the database for writing; creates it if it does not exist.
 *
 * @throws {UsageError} If the file is not trawl's, has another schema version or cannot be written.
 * @throws {InterruptedError} If another program has locked the file, or the disk is full.
 */
export function openForWriting(file: string): DatabaseSync {
  createEmpty(realPathOf(file));
  return open(file, { readOnly: false }, (db) => {
    const version = versionOf(db, file);
    if (version !== 0 && version < schemaVersion) throw wrongVersion(file, version);
    // Must precede the first table: retention returns empty pages only with auto_vacuum. Costs no measurable time.
    if (version === 0) db.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA auto_vacuum = INCREMENTAL`);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    if (version !== 0) return;
    db.exec(
      `BEGIN IMMEDIATE; ${trawlTables} INSERT INTO _trawl_schema VALUES ('${schemaHash()}');
       PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT;`,
    );
  });
}

/**
 * Opens an existing database for reading only.
 *
 * @throws {UsageError} If the file does not exist, is not trawl's, is empty, or a newer trawl wrote it.
 * @throws {InterruptedError} If another program has locked the file.
 */
export function openForReading(file: string): DatabaseSync {
  try {
    Deno.statSync(file);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : messageOf(error);
    throw new UsageError(`Cannot open the database "${file}": ${why}`, { cause: error });
  }
  return open(file, { readOnly: true }, (db) => {
    const version = versionOf(db, file);
    if (version === schemaVersion) return;
    if (version !== 0) throw wrongVersion(file, version);
    throw new UsageError(`Cannot read the database "${file}": it is empty, nothing was collected yet`);
  });
}

/** Opens an existing database for writing without any check. */
export function openUnchecked(file: string): DatabaseSync {
  return open(file, { readOnly: false });
}

/** A schema as databases store it: its version and, for the newest version, its hash. */
export interface SchemaMark {
  readonly version: number;
  readonly hash: string;
}

/** The schema of this program. */
export function ownSchema(): SchemaMark {
  return { version: schemaVersion, hash: schemaHash() };
}

/**
 * The schema version of a database, at most `own.version`; 0 if the database is empty.
 *
 * @throws {UsageError} If the database is not trawl's, a newer trawl wrote it, or a trawl before 1.0 with another
 * schema.
 */
export function versionOf(db: DatabaseSync, file: string, own: SchemaMark = ownSchema()): number {
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
  const application = Number(db.prepare("PRAGMA application_id").get()?.["application_id"]);
  const tables = Number(db.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.["count"]);
  if (tables === 0 && version === 0) return 0;
  if (application !== applicationId) {
    throw new UsageError(
      `Cannot use the database "${file}": another program created it; name another file with --db`,
    );
  }
  if (version < 1) throw wrongVersion(file, version);
  // The schemas before `_trawl_schema` had versions, too.
  const isMarked = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_trawl_schema'").get() !== undefined;
  if (isMarked && version > own.version) throw wrongVersion(file, version);
  if (isMarked && version < own.version) return version;
  const hash = isMarked ? db.prepare("SELECT hash FROM _trawl_schema").get()?.["hash"] : undefined;
  if (hash === own.hash) return version;
  throw new UsageError(
    `Cannot use the database "${file}": a version of trawl before 1.0 wrote it, with another schema; keep the file ` +
      `and read it with that version, or start a new database with --db`,
  );
}

/** Creates an empty file with mode 0600 unless it exists; SQLite gives log and index file the same mode. */
export function createEmpty(file: string): void {
  try {
    Deno.openSync(file, { write: true, createNew: true, mode: 0o600 }).close();
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    throw new UsageError(
      `Cannot create the database "${file}": ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** Opens a database and calls `begin` to check it or set it up; closes it again if that fails. */
function open(
  file: string,
  options: { readonly readOnly: boolean },
  begin: (db: DatabaseSync) => void = () => {},
): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    // The timeout holds from the first query: after a `kill -9` that query recovers the log, under a lock.
    db = new DatabaseSync(sqlitePath(file), { ...options, timeout: databaseLimits.busyMs });
    begin(db);
    return db;
  } catch (error) {
    db?.close();
    throw explain(error, file, { isBegun: false });
  }
}

function wrongVersion(file: string, version: number): UsageError {
  const why = version > schemaVersion
    ? "a newer trawl wrote it"
    : "an older trawl wrote it, and `trawl run` has not migrated it yet";
  return new UsageError(
    `Cannot use the database "${file}": ${why}: its schema has version ${version}, this program knows ` +
      `version ${schemaVersion}`,
  );
}
