/**
 * One transaction around synchronous work: all of it is stored, or nothing.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";

/** Runs `work` in a transaction that takes the write lock at once; rolls back if `work` throws. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite rolls back by itself if the disk is full.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
