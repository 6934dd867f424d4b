/**
 * Databases of tests: opened as trawl opens them, and queried with SQL.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import type { TableSchema } from "../../lib/rows/table_schema.ts";
import { openDatabase, type StoreReader, type StoreWriter } from "../../lib/store/database.ts";
import { TempFolder } from "./temp.ts";

/** A place for one new database. Disposing of it deletes the database. */
export interface Place extends AsyncDisposable {
  readonly location: string;
  /** All rows of a query over the views `runs`, `fetches` and those of jobs, each as an array of its values. */
  readonly query: (sql: string) => Promise<unknown[][]>;
}

/** A kind of database that must keep the store's contract. */
export interface Engine {
  readonly name: string;
  readonly create: () => Promise<Place>;
}

/** Every engine behind `openDatabase`. */
export const engines: readonly Engine[] = [{
  name: "SQLite",
  create: () => {
    const folder = new TempFolder();
    const location = folder.file("a.db");
    return Promise.resolve({
      location,
      query: (sql) => Promise.resolve(query(location, sql)),
      [Symbol.asyncDispose]: () => Promise.resolve(folder[Symbol.dispose]()),
    });
  },
}];

/** A writer on the database at `location`, with a job's tables. */
export async function openWriter(location: string, ...tables: readonly TableSchema[]): Promise<StoreWriter> {
  return await (await openDatabase(location)).openWriter("j", tables);
}

/** A reader of the database at `location`. */
export async function openReader(location: string): Promise<StoreReader> {
  return await (await openDatabase(location)).openReader();
}

/** Creates the database, or the table in it. */
export async function createDatabase(location: string, table: TableSchema): Promise<void> {
  await using _store = await openWriter(location, table);
}

/** The rows of a query, each as the array of its values. */
export function query(file: string, sql: string): unknown[][] {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db.prepare(sql).all().map((row) => Object.values(row));
  } finally {
    db.close();
  }
}

/** SQL for the number of staged spans of a job's table, and of rows without a fetch. Both must be 0 in the end. */
export function leftOf(table: string): string {
  return `SELECT (SELECT count(*) FROM _trawl_${table}_staged) AS staged, ` +
    `(SELECT count(*) FROM _trawl_${table}_data) - (SELECT count(*) FROM ${table}_history) AS hidden`;
}
