/**
 * Writes rows at the end of the job's data. Opens no transaction of its own.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { CellKind, type CellValue, cellValue, type RowChunk } from "../row_chunk.ts";
import { insertRows, type TableShape } from "./schema.ts";

/** SQLite takes at most so many bound values a statement. */
const boundValuesMax = 32_766;

/**
 * Rows a statement: one a call makes a million rows/s, 128 four and a half, more of them fewer again. What is left of a
 * chunk goes in smaller lots.
 */
const lots = [128, 16, 1] as const;

/** One lot's statement, and the values for it, which are written over each time. */
interface Lot {
  readonly rows: number;
  readonly insert: StatementSync;
  readonly bound: CellValue[];
}

/** One per job's table. */
export class RowWriter {
  /** For each column, that it takes an integer as a `number`, which is cheaper; to others that would be a real. */
  readonly #takesNumber: readonly boolean[];
  readonly #lots: readonly Lot[];

  constructor(db: DatabaseSync, shape: TableShape) {
    const width = shape.columns.length;
    this.#takesNumber = shape.columns.map(({ type }) => type === "INTEGER" || type === "REAL");
    this.#lots = lots.filter((rows) => rows * width <= boundValuesMax || rows === 1).map((rows) => ({
      rows,
      insert: db.prepare(insertRows(shape, rows)),
      bound: new Array<CellValue>(rows * width).fill(null),
    }));
  }

  /** Writes all rows of a chunk, of which there is at least one; returns the place of the first in the data. */
  write(chunk: RowChunk): number {
    let last = 0;
    let row = 0;
    for (const { rows, insert, bound } of this.#lots) {
      for (; row + rows <= chunk.rows; row += rows) {
        this.#bind(chunk, row, bound);
        last = Number(insert.run(...bound).lastInsertRowid);
      }
    }
    return last - chunk.rows + 1;
  }

  #bind(chunk: RowChunk, row: number, bound: CellValue[]): void {
    const { cells, kinds } = chunk;
    const width = this.#takesNumber.length;
    let at = row * width;
    for (let to = 0; to < bound.length;) {
      for (let column = 0; column < width; column++, at++) {
        bound[to++] = kinds[at] === CellKind.integer && this.#takesNumber[column]
          ? cells[at] ?? null
          : cellValue(chunk, at);
      }
    }
  }
}
