/**
 * The schema of a job's table: columns and their SQL types, the same for every database. Pure.
 *
 * @module
 */

import type { ColumnType, TableRule } from "../job/job.ts";

/**
 * The type of a stored column. `ANY` keeps integers, reals and texts as they come. `TIME` holds seconds since 1970: an
 * integer where they are whole, a real otherwise; SQLite stores it as `ANY`.
 */
export type SqlType = "INTEGER" | "REAL" | "TEXT" | "ANY" | "TIME";

/** A table to store rows in. */
export interface TableSchema {
  readonly name: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: SqlType;
    /** Rows are found by this column without reading all of them. */
    readonly isIndexed?: boolean;
  }[];
}

const sqlTypes = {
  integer: "INTEGER",
  real: "REAL",
  text: "TEXT",
  json: "TEXT",
  time: "TIME",
  any: "ANY",
} as const satisfies Record<ColumnType, SqlType>;

/** The table's columns, then `count` where rows are counted. */
export function schemaOf({ name, columns, count }: TableRule): TableSchema {
  const stored = columns.map((column): TableSchema["columns"][number] => ({
    name: column.name,
    type: sqlTypes[column.type],
    ...(column.isIndexed && { isIndexed: true }),
  }));
  return { name, columns: count === undefined ? stored : [...stored, { name: "count", type: "INTEGER" }] };
}
