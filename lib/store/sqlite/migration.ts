/**
 * From the schema of an older version to this one's: a copy of the file first, then all steps in one transaction. So
 * the file is at any moment of the old version or of the new one, whenever the process or the machine ends.
 *
 * @module
 */

import { backup, type DatabaseSync } from "node:sqlite";
import { messageOf, UsageError } from "../../errors.ts";
import { databaseLimits } from "../../limits.ts";
import { createEmpty, openAsItIs, realPathOf, versionOf } from "./connection.ts";
import * as schema from "./sql_schema.ts";
import type { SqlType, TableSchema } from "../../rows/table_schema.ts";
import { bytesOf } from "./table_check.ts";
import { exists, freeBytes, freeText } from "../free_space.ts";
import { sqliteProblemOf } from "./sqlite_error.ts";

/** From this version on, rows stand in the order in which they came, as `createTable` has it. */
const spansVersion = 3;

/** Pages that are copied at once. */
const pagesAtOnce = 4_096;

/** What leads to a version from the one before it. */
interface Step {
  readonly version: number;
  readonly take: (db: DatabaseSync) => void;
}

/**
 * Two versions were given the number 2, one of them with the rows of version 3 and one with its budgets; so the step to
 * 3 looks at what is there.
 */
const steps: readonly Step[] = [
  {
    version: spansVersion,
    take: (db) => {
      for (const shape of oldTables(db)) moveRows(db, shape);
      if (!names(db, "table").has("budget")) db.exec(schema.budgetTable);
    },
  },
  { version: 4, take: (db) => db.exec(schema.learnedTable) },
];

/** What a migration may do. */
export interface MigrateOptions {
  /** Told what is done, a line each. */
  readonly log: (text: string) => void;
  readonly ignoresSpace: boolean;
}

/**
 * Brings a database to this version, if it is of an older one. No run may be on.
 *
 * @throws {UsageError} If there is no room for the copy, or something in the file stands in the way: it is as before.
 */
export async function migrate(file: string, { log, ignoresSpace }: MigrateOptions): Promise<void> {
  if (!exists(file)) return;
  const path = realPathOf(file);
  using db = openAsItIs(file);
  const version = versionOf(db, file);
  keepCopies(path, version);
  if (version === 0 || version === schema.schemaVersion) return;
  if (!ignoresSpace) refuseWithoutRoom(db, file, version);
  log(`trawl: bringing "${file}" of an older trawl from version ${version} to ${schema.schemaVersion}\n`);
  const part = partOf(path, version);
  if (exists(part)) await Deno.remove(part);
  createEmpty(part);
  try {
    await backup(db, part, { rate: pagesAtOnce });
    migrateAtOnce(db, version);
  } catch (error) {
    await Deno.remove(part);
    if (error instanceof UsageError || sqliteProblemOf(error) !== undefined) throw error;
    throw new UsageError(
      `Cannot use the database "${file}" as it cannot be brought to version ${schema.schemaVersion}: ` +
        `${messageOf(error)}; it is as before`,
      { cause: error },
    );
  }
  for (const copy of keepCopies(path, schema.schemaVersion)) {
    log(`trawl: the file as it was is kept as "${copy}"\n`);
  }
}

/** All steps, or none. */
function migrateAtOnce(db: DatabaseSync, from: number): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const { version, take } of steps) {
      if (version > from) take(db);
    }
    const [orphan] = db.prepare("PRAGMA foreign_key_check").all();
    if (orphan !== undefined) throw new Error(`a row of "${orphan["table"]}" has no "${orphan["parent"]}"`);
    const found = String(db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]);
    if (found !== "ok") throw new Error(`it is damaged: ${found}`);
    db.exec(`PRAGMA user_version = ${schema.schemaVersion}; COMMIT`);
  } catch (error) {
    // A full disk may have rolled back already.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** The jobs' tables whose rows stand under (fetch, row): in versions 1 and 2. Drops what was staged beside them. */
function oldTables(db: DatabaseSync): TableSchema[] {
  const views = names(db, "view");
  const tables = names(db, "table");
  const isPart = (name: string) => views.has(name.replace(/_(span|staged)$/, ""));
  const shapes = [...tables].filter((name) => !isPart(name)).flatMap((name) => shapeOf(db, name) ?? []);
  for (const { name } of shapes) {
    for (const table of tables) {
      const isStaged = table.startsWith(`${name}_staged`) && /^(_\d+)?$/.test(table.slice(name.length + 7));
      if (isStaged && !isShown(db, table)) db.exec(`DROP TABLE ${schema.quote(table)}`);
    }
  }
  const left = names(db, "table");
  return shapes.filter(({ name }) => left.has(name));
}

/** The columns of a job's table as it was; undefined of any other table. */
function shapeOf(db: DatabaseSync, name: string): TableSchema | undefined {
  const [fetch, row, ...more] = db.prepare(`SELECT name, type, pk FROM pragma_table_info(?)`).all(name);
  const isKey = fetch?.["name"] === "fetch" && fetch["pk"] === 1 && row?.["name"] === "row" &&
    row["pk"] === 2;
  if (!isKey || more.length === 0) return undefined;
  const columns = more.map(({ name, type }) => ({ name: String(name), type: sqlTypeOf(String(type)) }));
  return { name, columns };
}

function sqlTypeOf(declared: string): SqlType {
  const type = (["INTEGER", "REAL", "TEXT", "ANY"] as const).find((type) => type === declared);
  if (type === undefined) throw new TypeError(`a column of type "${declared}" is none of trawl's`);
  return type;
}

/** Whether rows of a table belong to finished fetches: those that were staged never do. */
function isShown(db: DatabaseSync, table: string): boolean {
  if (shapeOf(db, table) === undefined) return false;
  const sql = `SELECT 1 FROM ${schema.quote(table)} AS rows JOIN fetch ON fetch.id = rows.fetch LIMIT 1`;
  return db.prepare(sql).get() !== undefined;
}

/** Every row to the end of the data, in the order of fetches, with a span for each of these. */
function moveRows(db: DatabaseSync, shape: TableSchema): void {
  const { view, data, span, staged } = schema.tablesOf(shape);
  for (const part of [data, span, staged]) {
    const name = part.slice(1, -1).replaceAll('""', '"');
    if (names(db, "table").has(name) || names(db, "view").has(name)) {
      throw new Error(`the table "${name}" stands where parts of "${shape.name}" are to be; rename it first`);
    }
  }
  const columns = shape.columns.map(({ name }) => schema.quote(name)).join(", ");
  const { rows, gaps } = db.prepare(
    `SELECT (SELECT count(*) FROM ${view}) AS rows,
       (SELECT count(*) FROM (SELECT 1 FROM ${view} GROUP BY fetch
          HAVING max(row) - min(row) + 1 <> count(*))) AS gaps`,
  ).get() ?? {};
  if (gaps !== 0) throw new Error(`the rows of "${shape.name}" are not numbered one after the other`);
  // Its view comes last: until then the name is the old table's.
  db.exec(schema.createTable(shape));
  db.exec(`INSERT INTO ${data} (${columns}) SELECT ${columns} FROM ${view} ORDER BY fetch, row`);
  db.exec(`INSERT INTO ${span} (fetch, row, first, last)
    SELECT fetch, low, last - count + 1, last FROM (
      SELECT fetch, low, count, sum(count) OVER (ORDER BY fetch) AS last FROM (
        SELECT fetch, min(row) AS low, count(*) AS count FROM ${view} GROUP BY fetch))`);
  db.exec(`DROP TABLE ${view}; ${schema.createTable(shape)}`);
  const moved = db.prepare(`SELECT count(*) AS rows FROM ${view}`).get()?.["rows"];
  if (moved !== rows) throw new Error(`${moved} rows of ${rows} came to be in "${shape.name}"`);
}

function names(db: DatabaseSync, type: "table" | "view"): Set<string> {
  const rows = db.prepare("SELECT name FROM sqlite_schema WHERE type = ?").all(type);
  return new Set(rows.map(({ name }) => String(name)));
}

/** The copy is not called one before the file is of the new version: until then it is only another of the same. */
function partOf(path: string, version: number): string {
  return `${path}.v${version}.bak.part`;
}

/** Gives the copies of versions before this one their names, which are returned. None of that name is replaced. */
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

/** @throws {UsageError} If the disk cannot take the copy, and rows a second time where they are moved. */
function refuseWithoutRoom(db: DatabaseSync, file: string, version: number): void {
  const needed = bytesOf(db) * (version < spansVersion ? 1 + databaseLimits.moveTimes : 1) +
    databaseLimits.freeBytesMin;
  const free = freeBytes(file);
  if (free === undefined || free >= needed) return;
  throw new UsageError(
    `Cannot bring the database "${file}" to version ${schema.schemaVersion} as ${
      Math.ceil(needed / 2 ** 20)
    } MiB must be free for a copy of it: ${freeText(file)}; free some space, or say --ignore-free-space`,
  );
}
