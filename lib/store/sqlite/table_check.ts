/**
 * Catalogue of a database file: its size, the tables of jobs, and whether a job's table has the columns of the job.
 * Reads only.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { UsageError } from "../../errors.ts";
import { declaredType } from "./sql_schema.ts";
import type { TableSchema } from "../../rows/table_schema.ts";

/** @throws {UsageError} If the table has other columns, or another table has one of its names. */
export function checkTable(db: DatabaseSync, file: string, table: TableSchema): void {
  const { name, columns } = table;
  const found = db.prepare(`SELECT name, type FROM pragma_table_info(?) WHERE pk = 0`).all(`${name}_data`)
    .map((row) => `${row["name"]} ${row["type"]}`);
  const wanted = columns.map(({ name, type }) => `${name} ${declaredType(type)}`);
  const typeOf = db.prepare(`SELECT type FROM sqlite_schema WHERE name = ? COLLATE NOCASE`);
  const parts = ["_data", "_span", "_staged"].map((suffix) => `${name}${suffix}`);
  const takenPart = parts.find((part) => typeOf.get(part)?.["type"] !== "table");
  const isTaken = typeOf.get(name)?.["type"] !== "view";
  if (!isTaken && takenPart === undefined && found.join() === wanted.join()) return;
  const why = isTaken
    ? "the name belongs to a part of another table"
    : takenPart !== undefined
    ? `its part "${takenPart}" is another table`
    : `its columns are ${found.join(", ")}`;
  throw new UsageError(
    `Cannot store into the table "${name}" of "${file}": ${why}, the job has ${wanted.join(", ")}; ` +
      `give the job another table, or another database with --db`,
  );
}

/** Bytes of all pages, empty pages included. */
export function bytesOf(db: DatabaseSync): number {
  const row = db.prepare("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size")
    .get();
  return Number(row?.["bytes"]);
}

/** Names of the tables of all jobs; none before version 3, which introduced spans. */
export function jobTables(db: DatabaseSync): string[] {
  return db.prepare(
    `SELECT name FROM sqlite_schema WHERE type = 'view' AND EXISTS (SELECT 1 FROM sqlite_schema AS part
       WHERE part.type = 'table' AND part.name = sqlite_schema.name || '_span')`,
  ).all().map(({ name }) => String(name));
}
