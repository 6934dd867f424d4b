/**
 * Looks into a database that trawl wrote.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";

/** All rows of a query, each as an array of its values. */
export function query(file: string, sql: string): unknown[][] {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db.prepare(sql).all().map((row) => Object.values(row));
  } finally {
    db.close();
  }
}
