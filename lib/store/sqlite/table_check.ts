/**
 * What a database is made of: how large it is, which tables jobs have in it, and whether one is what a job wants.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { UsageError } from "../../errors.ts";
import { declaredType } from "./sql_schema.ts";
import type { TableSchema } from "../../rows/table_schema.ts";

/** @throws {UsageError} If the table stands there with other columns, or one of its names is taken by another. */
export function checkTable(db: DatabaseSync, file: string, shape: TableSchema): void {
  const { name, columns } = shape;
  const found = db.prepare(`SELECT name, type FROM pragma_table_info(?) WHERE pk = 0`).all(`${name}_data`)
    .map((row) => `${row["name"]} ${row["type"]}`);
  const wanted = columns.map(({ name, type }) => `${name} ${declaredType(type)}`);
  const typeOf = db.prepare(`SELECT type FROM sqlite_schema WHERE name = ? COLLATE NOCASE`);
  const parts = ["_data", "_span", "_staged"].map((suffix) => `${name}${suffix}`);
  const takenPart = parts.find((part) => typeOf.get(part)?.["type"] !== "table");
  const isTaken = typeOf.get(name)?.["type"] !== "view";
  if (!isTaken && takenPart === undefined && found.join() === wanted.join()) return;
  const why = isTaken
    ? "that is a part of another table"
    : takenPart !== undefined
    ? `its part "${takenPart}" is another table`
    : `its columns are ${found.join(", ")}`;
  throw new UsageError(
    `Cannot store into the table "${name}" of "${file}" as ${why}: the job has ${wanted.join(", ")}; ` +
      `give the job another table, or another database with --db`,
  );
}

/** Bytes of all pages, the empty ones too. */
export function bytesOf(db: DatabaseSync): number {
  const row = db.prepare("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size")
    .get();
  return Number(row?.["bytes"]);
}

/** The tables of all jobs, by name, whose rows are led to by spans: those from version 3 on. */
export function jobTables(db: DatabaseSync): string[] {
  return db.prepare(
    `SELECT name FROM sqlite_schema WHERE type = 'view' AND EXISTS (SELECT 1 FROM sqlite_schema AS part
       WHERE part.type = 'table' AND part.name = sqlite_schema.name || '_span')`,
  ).all().map(({ name }) => String(name));
}
