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

/** Where some rows belong: which fetch, from which row number on, and which values of the array are theirs. */
export interface RowSpan {
  readonly fetch: number;
  readonly firstRow: number;
  readonly values: readonly Value[];
  /** Index of the first value and of the one after the last. */
  readonly start: number;
  readonly end: number;
}

/** Inserts into the job's table or into its staging twin. */
export class RowWriter {
  readonly #width: number;
  /** Which columns hold times. */
  readonly #isTime: readonly boolean[];
  readonly #many: StatementSync;
  readonly #manyRows: number;
  readonly #one: StatementSync;

  constructor(db: DatabaseSync, shape: TableShape, options: { readonly staged: boolean }) {
    this.#width = shape.columns.length;
    this.#isTime = shape.columns.map(({ type }) => type === "TIME");
    this.#manyRows = Math.max(
      1,
      Math.min(rowsPerStatementMax, Math.floor(boundValuesMax / (this.#width + 2))),
    );
    this.#many = db.prepare(insertRows(shape, { ...options, count: this.#manyRows }));
    this.#one = db.prepare(insertRows(shape, { ...options, count: 1 }));
  }

  write(span: RowSpan): void {
    let at = span.start;
    let n = span.firstRow;
    while (at < span.end) {
      const rows = (span.end - at) / this.#width >= this.#manyRows ? this.#manyRows : 1;
      const bound: Value[] = [];
      for (let row = 0; row < rows; row++) {
        bound.push(span.fetch, n++);
        for (let column = 0; column < this.#width; column++) {
          const value = span.values[at++] ?? null;
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
