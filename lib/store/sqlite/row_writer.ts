/**
 * Appends the rows of a row batch to the data of a job's table. Opens no transaction.
 *
 * @module
 */

import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { CellKind, cellValue, type RowBatch } from "../../rows/row_batch.ts";
import type { TableSchema } from "../../rows/table_schema.ts";
import { BulkInsert } from "./bulk_insert.ts";
import { tablesOf } from "./job_table_sql.ts";
import { quote } from "./sql_schema.ts";

/** How to insert the rows of a batch. */
interface RowInsert {
  readonly insert: BulkInsert;
  /** For each column: whether an integer may be bound as a `number`. In other columns SQLite would store a real. */
  readonly takesNumber: readonly boolean[];
}

/** Writes the rows of one table. */
export class RowWriter {
  /** Indices of the columns with times. */
  readonly #times: readonly number[];
  /** For batches with whole times only: bound as numbers and cast, a row costs a tenth less than with bigints. */
  readonly #wholeTimes: RowInsert;
  readonly #anyTimes: RowInsert;

  constructor(db: DatabaseSync, schema: TableSchema) {
    this.#times = [...schema.columns.keys()].filter((column) => schema.columns[column]?.type === "TIME");
    this.#wholeTimes = rowInsert(db, schema, { hasWholeTimes: true });
    this.#anyTimes = rowInsert(db, schema, { hasWholeTimes: false });
  }

  /** Appends all rows of a batch, at least one; returns the place of the first row in the data. */
  write(batch: RowBatch): number {
    const { insert, takesNumber } = this.#hasWholeTimes(batch) ? this.#wholeTimes : this.#anyTimes;
    const width = takesNumber.length;
    const last = insert.write(
      batch.rows,
      (bound, first) => bindCells(bound, batch, first * width, takesNumber),
      batch.longTexts.length > 0 ? { rowsMax: 1 } : {},
    );
    return last - batch.rows + 1;
  }

  #hasWholeTimes({ rows, cells, kinds }: RowBatch): boolean {
    const width = cells.length / rows;
    return this.#times.every((column) => {
      for (let at = column; at < kinds.length; at += width) {
        if (kinds[at] !== CellKind.integer && kinds[at] !== CellKind.null) return false;
      }
      return true;
    });
  }
}

function rowInsert(
  db: DatabaseSync,
  schema: TableSchema,
  { hasWholeTimes }: { readonly hasWholeTimes: boolean },
): RowInsert {
  const types = schema.columns.map(({ type }) => type);
  return {
    insert: new BulkInsert(db, {
      table: tablesOf(schema).data,
      columns: schema.columns.map(({ name }) => quote(name)),
      expressions: types.map((type) => type === "TIME" && hasWholeTimes ? "CAST(? AS INTEGER)" : "?"),
    }),
    takesNumber: types.map((type) =>
      type === "INTEGER" || type === "REAL" || type === "TIME" && hasWholeTimes
    ),
  };
}

/** Fills `bound` with the values of cells from index `at` on. */
function bindCells(
  bound: SQLInputValue[],
  batch: RowBatch,
  at: number,
  takesNumber: readonly boolean[],
): void {
  for (let to = 0; to < bound.length;) {
    for (let column = 0; column < takesNumber.length; column++, at++) {
      bound[to++] = takesNumber[column] && batch.kinds[at] === CellKind.integer
        ? batch.cells[at] ?? null
        : cellValue(batch, at);
    }
  }
}
