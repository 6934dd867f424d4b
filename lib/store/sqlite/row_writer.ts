/**
 * Writes rows at the end of the job's data. Opens no transaction of its own.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { CellKind, type CellValue, cellValue, type RowBatch } from "../../rows/row_batch.ts";
import { insertRows } from "./sql_schema.ts";
import type { TableSchema } from "../../rows/table_schema.ts";

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

/** How a chunk is written. */
interface Way {
  readonly lots: readonly Lot[];
  /** For each column, that it takes an integer as a `number`; from others that would make a real. */
  readonly takesNumber: readonly boolean[];
}

/** One per job's table. */
export class RowWriter {
  readonly #times: readonly number[];
  /** Where all times of a chunk are whole, SQLite makes integers of them: as bigints a row costs a tenth more. */
  readonly #whole: Way;
  readonly #any: Way;

  constructor(db: DatabaseSync, shape: TableSchema) {
    this.#times = [...shape.columns.keys()].filter((column) => shape.columns[column]?.type === "TIME");
    this.#whole = wayOf(db, shape, { isWhole: true });
    this.#any = wayOf(db, shape, { isWhole: false });
  }

  /** Writes all rows of a chunk, of which there is at least one; returns the place of the first in the data. */
  write(chunk: RowBatch): number {
    const { lots, takesNumber } = this.#isWhole(chunk) ? this.#whole : this.#any;
    let last = 0;
    let row = 0;
    for (const { rows, insert, bound } of lots) {
      for (; row + rows <= chunk.rows; row += rows) {
        bind(chunk, row * takesNumber.length, { bound, takesNumber });
        last = Number(insert.run(...bound).lastInsertRowid);
      }
    }
    return last - chunk.rows + 1;
  }

  #isWhole({ rows, cells, kinds }: RowBatch): boolean {
    const width = cells.length / rows;
    return this.#times.every((column) => {
      for (let at = column; at < kinds.length; at += width) {
        if (kinds[at] !== CellKind.integer && kinds[at] !== CellKind.null) return false;
      }
      return true;
    });
  }
}

function wayOf(db: DatabaseSync, shape: TableSchema, options: { readonly isWhole: boolean }): Way {
  const width = shape.columns.length;
  return {
    lots: lots.filter((rows) => rows * width <= boundValuesMax || rows === 1).map((rows) => ({
      rows,
      insert: db.prepare(insertRows(shape, { ...options, count: rows })),
      bound: new Array<CellValue>(rows * width).fill(null),
    })),
    takesNumber: shape.columns.map(({ type }) =>
      type === "INTEGER" || type === "REAL" || type === "TIME" && options.isWhole
    ),
  };
}

/** Writes the values of the cells from `at` on into `bound`, as many as it takes. */
function bind(
  chunk: RowBatch,
  at: number,
  { bound, takesNumber }: { readonly bound: CellValue[]; readonly takesNumber: readonly boolean[] },
): void {
  for (let to = 0; to < bound.length;) {
    for (let column = 0; column < takesNumber.length; column++, at++) {
      bound[to++] = takesNumber[column] && chunk.kinds[at] === CellKind.integer
        ? chunk.cells[at] ?? null
        : cellValue(chunk, at);
    }
  }
}
