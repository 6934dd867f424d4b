/**
 * The door to the store: from a location to a database handle. The rooms above import this file, `records.ts`,
 * `coverage.ts` and `job_health.ts`, and nothing else of the store, so another engine can stand behind the same calls.
 * The engine is loaded by the first call: `trawl extract` and `trawl --help` start without SQLite.
 *
 * @module
 */

import type { SqliteDatabase } from "./sqlite/sqlite_database.ts";

export type { SqliteDatabase as Database } from "./sqlite/sqlite_database.ts";
export type { RunLock as DatabaseLock } from "./sqlite/run_lock.ts";
export type { StoreReader } from "./sqlite/reader.ts";
export type { StoreWriter } from "./sqlite/writer.ts";

/**
 * The handle of the database at `location`, a file name. Opens nothing: the database need not exist, and the handle
 * holds no resource.
 *
 * @throws {UsageError} If `location` is no file name, or names something else than a file.
 */
export async function openDatabase(location: string): Promise<SqliteDatabase> {
  const { SqliteDatabase } = await import("./sqlite/sqlite_database.ts");
  return SqliteDatabase.at(location);
}

/** Name and version of the engine, such as `SQLite 3.53.2`. */
export async function engineText(): Promise<string> {
  const { sqliteText } = await import("./sqlite/engine_text.ts");
  return sqliteText();
}
