/**
 * Catalogue of a database file: its size, and the tables of jobs. Makes sure that each table belongs to one job and has
 * its columns, and that its views and indexes are those of the job.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { UsageError } from "../../errors.ts";
import type { TableSchema } from "../../rows/table_schema.ts";
import {
  createTable,
  declaredType,
  type Definition,
  definitionsOf,
  partsOf,
  timeViewOf,
} from "./job_table_sql.ts";
import { quote } from "./sql_schema.ts";

/** A table that a job stores rows in. */
export interface WantedTable {
  readonly job: string;
  readonly table: TableSchema;
}

/**
 * Makes a table the job's own, and creates what is missing of it. To be called in a transaction. An index on many rows
 * takes a while: about a second for two million.
 *
 * @throws {UsageError} If the table belongs to another job, has other columns, or something else has one of its names.
 */
export function claimTable(db: DatabaseSync, file: string, { job, table }: WantedTable): void {
  const { name } = table;
  const refuse = (why: string) => {
    throw new UsageError(
      `Cannot store into the table "${name}" of "${file}": ${why}; ` +
        `give the job another table, or another database with --db`,
    );
  };
  const definitions = definitionsOf(table);
  const owner = db.prepare(`SELECT job FROM _trawl_table WHERE name = ?`).get(name)?.["job"];
  if (owner === undefined) {
    const names = [name, ...Object.values(partsOf(table)), ...definitions.map(({ name }) => name)];
    const taken = names.find((name) => definitionOf(db, name) !== undefined);
    if (taken !== undefined) refuse(`the name "${taken}" is taken`);
    db.exec(createTable(table));
    db.prepare(`INSERT INTO _trawl_table (name, job) VALUES (?, ?)`).run(name, job);
  } else if (owner !== job) {
    refuse(`it belongs to the job "${owner}"`);
  }
  const found = columnsOf(db, table);
  const wanted = table.columns.map(({ name, type }) => `${name} ${declaredType(type)}`).join(", ");
  if (found !== wanted) refuse(`its columns are ${found}, the job has ${wanted}`);
  const taken = definitions.find((wanted) => !define(db, table, wanted));
  if (taken !== undefined) refuse(`the name "${taken.name}" is taken`);
  dropOthers(db, table, definitions);
}

/** Finds fetches by key where a table has an index. Elsewhere a run with keys in any order would pay for it. */
const keyIndex: Definition = {
  type: "index",
  name: "_trawl_fetch.key",
  sql: `CREATE INDEX "_trawl_fetch.key" ON _trawl_fetch (key)`,
};

/** Creates or drops {@linkcode keyIndex}, after all tables of a job were claimed. */
export function indexKeys(db: DatabaseSync): void {
  const isWanted =
    db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name GLOB '_trawl_*_span.first'`)
      .get() !== undefined;
  const exists = definitionOf(db, keyIndex.name) !== undefined;
  if (isWanted && !exists) db.exec(keyIndex.sql);
  if (!isWanted && exists) db.exec(`DROP INDEX ${quote(keyIndex.name)}`);
}

/** Bytes of all pages, empty pages included. */
export function bytesOf(db: DatabaseSync): number {
  const row = db.prepare("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size")
    .get();
  return Number(row?.["bytes"]);
}

/** Names of the tables of all jobs. */
export function jobTables(db: DatabaseSync): string[] {
  return db.prepare(`SELECT name FROM _trawl_table ORDER BY name`).all().map(({ name }) => String(name));
}

function columnsOf(db: DatabaseSync, table: TableSchema): string {
  return db.prepare(`SELECT name, type FROM pragma_table_info(?) WHERE pk = 0`).all(partsOf(table).data)
    .map(({ name, type }) => `${name} ${type}`).join(", ");
}

function definitionOf(db: DatabaseSync, name: string): string | undefined {
  const row = db.prepare(`SELECT sql FROM sqlite_schema WHERE name = ? COLLATE NOCASE`).get(name);
  return row && String(row["sql"]);
}

/** Creates a view or an index, or replaces one of an earlier text of the job; false if its name is taken. */
function define(db: DatabaseSync, table: TableSchema, { type, name, sql }: Definition): boolean {
  const found = definitionOf(db, name);
  if (found === sql) return true;
  if (found !== undefined) {
    const isOwn = found.startsWith(sql.slice(0, sql.indexOf("\n"))) &&
      (name === table.name || !jobTables(db).includes(name));
    if (!isOwn) return false;
    db.exec(`DROP ${type} ${quote(name)}`);
  }
  db.exec(sql);
  return true;
}

/** Drops the view by time and the indexes of columns whose `index = true` was removed. */
function dropOthers(db: DatabaseSync, table: TableSchema, definitions: readonly Definition[]): void {
  const wanted = new Set(definitions.map(({ name }) => name));
  const { data, span } = partsOf(table);
  const indexes = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name IN (?1, ?2)
    AND name GLOB tbl_name || '.*'`).all(data, span).map(({ name }) => String(name));
  for (const index of indexes) if (!wanted.has(index)) db.exec(`DROP INDEX ${quote(index)}`);
  const view = timeViewOf(table);
  if (
    !wanted.has(view) && !jobTables(db).includes(view) && definitionOf(db, view)?.includes("-- for people:")
  ) {
    db.exec(`DROP VIEW ${quote(view)}`);
  }
}
