/**
 * The columns of a job's table, whatever database keeps it. Pure.
 *
 * @module
 */

import type { ColumnType, Job } from "../job/job.ts";

/**
 * What a column of the job's table can hold; `ANY` keeps integers, reals and texts as they come. `TIME` is `ANY` to
 * SQLite: seconds, an integer where they are whole and a real where they are not.
 */
export type SqlType = "INTEGER" | "REAL" | "TEXT" | "ANY" | "TIME";

/** What the job's rows look like. */
export interface TableSchema {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
}

const sqlTypes = {
  integer: "INTEGER",
  real: "REAL",
  text: "TEXT",
  json: "TEXT",
  time: "TIME",
  any: "ANY",
} as const satisfies Record<ColumnType, SqlType>;

/** The job's table: its columns, and the count where rows are counted. */
export function tableOf(job: Job): TableSchema {
  const columns = job.rows.columns.map(({ name, type }): TableSchema["columns"][number] => ({
    name,
    type: sqlTypes[type],
  }));
  if (job.rows.count !== undefined) columns.push({ name: "count", type: "INTEGER" });
  return { name: job.rows.table, columns };
}
