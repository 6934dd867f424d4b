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

/** SQL for the number of staged spans of a job's table, and of rows that no fetch shows: what must not be left. */
export function leftOf(table: string): string {
  return `SELECT (SELECT count(*) FROM ${table}_staged) AS staged, ` +
    `(SELECT count(*) FROM ${table}_data) - (SELECT count(*) FROM ${table}) AS hidden`;
}
