/**
 * Migrates a database of an older schema version to this one: copies the file, then takes all steps in one transaction.
 * A killed process leaves either the old version or the new one.
 *
 * @module
 */

import { backup, type DatabaseSync } from "node:sqlite";
import { messageOf, UsageError } from "../../errors.ts";
import { databaseLimits } from "../../limits.ts";
import { formatBytes } from "../../text/format.ts";
import { createEmpty, openUnchecked, versionOf } from "./connection.ts";
import { realPathOf } from "./database_name.ts";
import * as schema from "./sql_schema.ts";
import type { SqlType, TableSchema } from "../../rows/table_schema.ts";
import { bytesOf } from "./table_check.ts";
import { exists, freeBytes, freeText } from "./free_space.ts";
import { sqliteErrorOf } from "./sqlite_error.ts";

/** Since this version rows are stored in the order of their arrival, as described at `createTable`. */
const spansVersion = 3;

/** Pages copied in one step. */
const pagesAtOnce = 4_096;

/** Moving the rows of a version before 3 needs twice the file's size besides the copy: log, and file. */
const movedRowsFactor = 2;

/** Migration to a version from the one before. */
interface Step {
  readonly version: number;
  readonly take: (db: DatabaseSync) => void;
}

/**
 * Two different schemas have the number 2: one has the rows of version 3, the other has the table `budget`. So the step
 * to 3 checks what exists.
 */
const steps: readonly Step[] = [
  {
    version: spansVersion,
    take: (db) => {
      for (const table of oldTables(db)) moveRows(db, table);
      if (!names(db, "table").has("budget")) db.exec(schema.budgetTable);
    },
  },
  { version: 4, take: (db) => db.exec(schema.learnedTable) },
];

/** Options of a migration. */
export interface MigrateOptions {
  /** Gets one line for each step. */
  readonly log: (text: string) => void;
  /** Migrates even if the disk has too little free space. */
  readonly ignoresFreeSpace: boolean;
}

/**
 * Migrates a database to this version if it is older. The caller holds the run lock.
 *
 * @throws {UsageError} If the disk has too little free space or a step fails; the database is unchanged then.
 */
export async function migrate(file: string, { log, ignoresFreeSpace }: MigrateOptions): Promise<void> {
  if (!exists(file)) return;
  const path = realPathOf(file);
  using db = openUnchecked(file);
  const version = versionOf(db, file);
  keepCopies(path, version);
  if (version === 0 || version === schema.schemaVersion) return;
  if (!ignoresFreeSpace) requireFreeSpace(db, file, version);
  log(`trawl: migrating "${file}" of an older trawl from version ${version} to ${schema.schemaVersion}\n`);
  const part = partOf(path, version);
  if (exists(part)) await Deno.remove(part);
  createEmpty(part);
  try {
    await backup(db, part, { rate: pagesAtOnce });
    migrateInTransaction(db, version);
  } catch (error) {
    await Deno.remove(part);
    if (error instanceof UsageError || sqliteErrorOf(error) !== undefined) throw error;
    throw new UsageError(
      `Cannot migrate the database "${file}" to version ${schema.schemaVersion}: ${messageOf(error)}; ` +
        `the database is unchanged`,
      { cause: error },
    );
  }
  for (const copy of keepCopies(path, schema.schemaVersion)) {
    log(`trawl: kept the old version as "${copy}"\n`);
  }
}

/** Takes all steps in one transaction. */
function migrateInTransaction(db: DatabaseSync, from: number): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const { version, take } of steps) {
      if (version > from) take(db);
    }
    const [orphan] = db.prepare("PRAGMA foreign_key_check").all();
    if (orphan !== undefined) throw new Error(`a row of "${orphan["table"]}" has no "${orphan["parent"]}"`);
    const found = String(db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]);
    if (found !== "ok") throw new Error(`the database is damaged: ${found}`);
    db.exec(`PRAGMA user_version = ${schema.schemaVersion}; COMMIT`);
  } catch (error) {
    // SQLite rolls back by itself if the disk is full.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** Job tables with rows keyed by (fetch, row), as in versions 1 and 2. Drops their tables of staged rows. */
function oldTables(db: DatabaseSync): TableSchema[] {
  const views = names(db, "view");
  const tables = names(db, "table");
  const isPart = (name: string) => views.has(name.replace(/_(span|staged)$/, ""));
  const found = [...tables].filter((name) => !isPart(name)).flatMap((name) => oldTableOf(db, name) ?? []);
  for (const { name } of found) {
    for (const table of tables) {
      const isStaged = table.startsWith(`${name}_staged`) && /^(_\d+)?$/.test(table.slice(name.length + 7));
      if (isStaged && !isShown(db, table)) db.exec(`DROP TABLE ${schema.quote(table)}`);
    }
  }
  const left = names(db, "table");
  return found.filter(({ name }) => left.has(name));
}

/** The schema of a job's table of version 1 or 2; undefined for any other table. */
function oldTableOf(db: DatabaseSync, name: string): TableSchema | undefined {
  const [fetch, row, ...more] = db.prepare(`SELECT name, type, pk FROM pragma_table_info(?)`).all(name);
  const isKey = fetch?.["name"] === "fetch" && fetch["pk"] === 1 && row?.["name"] === "row" &&
    row["pk"] === 2;
  if (!isKey || more.length === 0) return undefined;
  const columns = more.map(({ name, type }) => ({ name: String(name), type: sqlTypeOf(String(type)) }));
  return { name, columns };
}

function sqlTypeOf(declared: string): SqlType {
  const type = (["INTEGER", "REAL", "TEXT", "ANY"] as const).find((type) => type === declared);
  if (type === undefined) throw new TypeError(`a column has type "${declared}", which trawl does not use`);
  return type;
}

/** Whether rows of a table belong to finished fetches; staged rows do not. */
function isShown(db: DatabaseSync, table: string): boolean {
  if (oldTableOf(db, table) === undefined) return false;
  const sql = `SELECT 1 FROM ${schema.quote(table)} AS rows JOIN fetch ON fetch.id = rows.fetch LIMIT 1`;
  return db.prepare(sql).get() !== undefined;
}

/** Appends every row of a table to its data, in the order of fetches, with one span per fetch. */
function moveRows(db: DatabaseSync, table: TableSchema): void {
  const { view, data, span, staged } = schema.tablesOf(table);
  for (const part of [data, span, staged]) {
    const name = part.slice(1, -1).replaceAll('""', '"');
    if (names(db, "table").has(name) || names(db, "view").has(name)) {
      throw new Error(`the name "${name}" is needed for a part of "${table.name}": rename that table first`);
    }
  }
  const columns = table.columns.map(({ name }) => schema.quote(name)).join(", ");
  const { rows, gaps } = db.prepare(
    `SELECT (SELECT count(*) FROM ${view}) AS rows,
       (SELECT count(*) FROM (SELECT 1 FROM ${view} GROUP BY fetch
          HAVING max(row) - min(row) + 1 <> count(*))) AS gaps`,
  ).get() ?? {};
  if (gaps !== 0) throw new Error(`the rows of "${table.name}" are not numbered without gaps`);
  // The view is created last: until the DROP, the old table has its name.
  db.exec(schema.createTable(table));
  db.exec(`INSERT INTO ${data} (${columns}) SELECT ${columns} FROM ${view} ORDER BY fetch, row`);
  db.exec(`INSERT INTO ${span} (fetch, row, first, last)
    SELECT fetch, low, last - count + 1, last FROM (
      SELECT fetch, low, count, sum(count) OVER (ORDER BY fetch) AS last FROM (
        SELECT fetch, min(row) AS low, count(*) AS count FROM ${view} GROUP BY fetch))`);
  db.exec(`DROP TABLE ${view}; ${schema.createTable(table)}`);
  const moved = db.prepare(`SELECT count(*) AS rows FROM ${view}`).get()?.["rows"];
  if (moved !== rows) throw new Error(`"${table.name}" has ${moved} rows after the move, ${rows} before`);
}

function names(db: DatabaseSync, type: "table" | "view"): Set<string> {
  const rows = db.prepare("SELECT name FROM sqlite_schema WHERE type = ?").all(type);
  return new Set(rows.map(({ name }) => String(name)));
}

/** Name of the copy until the migration is committed. */
function partOf(path: string, version: number): string {
  return `${path}.v${version}.bak.part`;
}

/** Gives the copies of older versions their final names, which it returns. Replaces no file. */
function keepCopies(path: string, version: number): string[] {
  const copies: string[] = [];
  for (let old = 1; old < version; old++) {
    const part = partOf(path, old);
    if (!exists(part)) continue;
    let copy = `${path}.v${old}.bak`;
    for (let count = 2; exists(copy); count++) copy = `${path}.v${old}-${count}.bak`;
    Deno.renameSync(part, copy);
    copies.push(copy);
  }
  return copies;
}

/** @throws {UsageError} If the disk lacks free space for the copy and for moved rows. */
function requireFreeSpace(db: DatabaseSync, file: string, version: number): void {
  const needed = bytesOf(db) * (version < spansVersion ? 1 + movedRowsFactor : 1) +
    databaseLimits.freeBytesMin;
  const free = freeBytes(file);
  if (free === undefined || free >= needed) return;
  throw new UsageError(
    `Cannot migrate the database "${file}" to version ${schema.schemaVersion}: ${
      formatBytes(needed)
    } must be free ` +
      `for a copy, got ${freeText(file)}; free some space, or use --ignore-free-space`,
  );
}
