/**
 * Whether a database's table is the one that a job wants.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { UsageError } from "../errors.ts";
import { declaredType, type TableShape } from "./schema.ts";

/** @throws {UsageError} If the table stands there with other columns, or one of its names is taken by another. */
export function checkShape(db: DatabaseSync, file: string, shape: TableShape): void {
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
