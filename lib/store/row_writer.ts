/**
 * Writes rows into the job's table, many a statement: one row a call makes a million rows/s, 64 rows a call four.
 * Opens no transaction of its own.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Value } from "./records.ts";
import { insertRows, type TableShape } from "./schema.ts";

/** SQLite takes at most so many bound values a statement. */
const boundValuesMax = 32_766;

/** More rows a statement gain nothing more. */
const rowsPerStatementMax = 64;

/** Some rows: which values of the array are theirs, and where they belong. */
export interface RowSpan {
  readonly values: readonly Value[];
  /** Index of the first value and of the one after the last. */
  readonly start: number;
  readonly end: number;
  /** The fetch that the rows belong to; they are numbered from 0. For a table whose rows are placed. */
  readonly fetch?: number;
}

/** Inserts into one table: the job's, whose rows have their place (fetch and number), or a staging table. */
export class RowWriter {
  readonly #width: number;
  /** Which columns hold times. */
  readonly #isTime: readonly boolean[];
  readonly #isPlaced: boolean;
  readonly #many: StatementSync;
  readonly #manyRows: number;
  readonly #one: StatementSync;

  constructor(db: DatabaseSync, shape: TableShape, { isPlaced }: { readonly isPlaced: boolean }) {
    this.#width = shape.columns.length;
    this.#isTime = shape.columns.map(({ type }) => type === "TIME");
    this.#isPlaced = isPlaced;
    const rowsMax = Math.floor(boundValuesMax / (this.#width + (isPlaced ? 2 : 0)));
    this.#manyRows = Math.max(1, Math.min(rowsPerStatementMax, rowsMax));
    this.#many = db.prepare(insertRows(shape, { isPlaced, count: this.#manyRows }));
    this.#one = db.prepare(insertRows(shape, { isPlaced, count: 1 }));
  }

  write({ values, start, end, fetch }: RowSpan): void {
    let at = start;
    let number = 0;
    while (at < end) {
      const rows = (end - at) / this.#width >= this.#manyRows ? this.#manyRows : 1;
      const bound: Value[] = [];
      for (let row = 0; row < rows; row++) {
        if (this.#isPlaced) bound.push(fetch ?? null, number++);
        for (let column = 0; column < this.#width; column++) {
          const value = values[at++] ?? null;
          bound.push(this.#isTime[column] ? timeValue(value) : value);
        }
      }
      (rows === 1 ? this.#one : this.#many).run(...bound);
    }
  }
}

/** SQLite takes a `number` for a real. Workers send one all the same: made there, bigints doubled the cost of a row. */
function timeValue(value: Value): Value {
  return Number.isInteger(value) ? BigInt(Number(value)) : value;
}
