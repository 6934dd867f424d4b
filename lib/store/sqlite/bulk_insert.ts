/**
 * Inserts many rows per statement. Opens no transaction.
 *
 * @module
 */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/**
 * Rows per statement, largest first; smaller statements insert the rest. Rows of two columns: 1 million rows/s with one
 * row per statement, 4.5 million with 128, fewer with more. Fetches with a span and one row each: 8 µs of CPU with one
 * row per statement, 4.9 with 16, 4.3 with 64 or 128.
 */
const rowsPerStatement = [128, 16, 1] as const;

/** Values that SQLite binds in one statement (SQLITE_LIMIT_VARIABLE_NUMBER). */
const boundValuesMax = 32_766;

/** The columns to insert into. */
export interface InsertTarget {
  /** Quoted name of the table. */
  readonly table: string;
  /** Quoted names of the columns. */
  readonly columns: readonly string[];
  /** SQL expression of each column, with one `?`. Default: `?`. */
  readonly expressions?: readonly string[];
}

/** A statement for some rows, with the array that their values are written into. */
interface Insert {
  readonly rows: number;
  readonly statement: StatementSync;
  readonly bound: SQLInputValue[];
}

/** Bulk insert into one table. Keeps the values of the last rows in memory. */
export class BulkInsert {
  readonly #inserts: readonly Insert[];

  constructor(db: DatabaseSync, { table, columns, expressions = columns.map(() => "?") }: InsertTarget) {
    const sql = `INSERT INTO ${table} (${columns.join(", ")}) VALUES `;
    const row = `(${expressions.join(", ")})`;
    this.#inserts = rowsPerStatement
      .filter((rows) => rows * columns.length <= boundValuesMax || rows === 1)
      .map((rows) => ({
        rows,
        statement: db.prepare(sql + new Array(rows).fill(row).join(", ")),
        bound: new Array<SQLInputValue>(rows * columns.length).fill(null),
      }));
  }

  /**
   * Inserts `count` rows; returns the rowid of the last. `bind` fills an array with the values of rows from number
   * `first` on, row after row. `rowsMax` bounds the rows bound at once: large values must not be held together.
   */
  write(
    count: number,
    bind: (bound: SQLInputValue[], first: number) => void,
    { rowsMax = Infinity }: { readonly rowsMax?: number } = {},
  ): number {
    let first = 0;
    let last = 0;
    for (const { rows, statement, bound } of this.#inserts) {
      if (rows > rowsMax) continue;
      for (; first + rows <= count; first += rows) {
        bind(bound, first);
        last = Number(statement.run(...bound).lastInsertRowid);
      }
      if (rowsMax < Infinity) bound.fill(null);
    }
    return last;
  }
}
