/**
 * Name and version of SQLite, for `trawl --version`. Alone in a file, so that the command loads nothing else of the
 * store.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";

/** Name and version of the engine, such as `SQLite 3.53.2`. */
export function sqliteText(): string {
  using db = new DatabaseSync(":memory:");
  return `SQLite ${db.prepare("SELECT sqlite_version() AS version").get()?.["version"]}`;
}
