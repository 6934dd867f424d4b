/**
 * Whether a database's table is the one that a job wants.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { UsageError } from "../errors.ts";
import { declaredType, type TableShape } from "./schema.ts";

/** @throws {UsageError} If the table stands there with other columns, or its name is taken by a part of another. */
export function checkShape(db: DatabaseSync, file: string, shape: TableShape): void {
  const { columns } = shape;
  const found = db.prepare(`SELECT name, type FROM pragma_table_info(?) WHERE pk = 0`).all(
    `${shape.name}_data`,
  )
    .map((row) => `${row["name"]} ${row["type"]}`);
  const wanted = columns.map(({ name, type }) => `${name} ${declaredType(type)}`);
  const isTaken =
    db.prepare(`SELECT type FROM sqlite_schema WHERE name = ?`).get(shape.name)?.["type"] !== "view";
  if (!isTaken && found.join() === wanted.join()) return;
  const why = isTaken ? "that is a part of another table" : `its columns are ${found.join(", ")}`;
  throw new UsageError(
    `Cannot store into the table "${shape.name}" of "${file}" as ${why}: the job has ${wanted.join(", ")}; ` +
      `give the job another table, or another database with --db`,
  );
}
