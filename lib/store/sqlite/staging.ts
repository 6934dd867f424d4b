/**
 * Staged rows: rows of unfinished fetches. They are stored in the data of the job's table at once, but the spans that
 * make them visible are held back until the fetch is finished, so millions of rows become visible at no cost. Rows of
 * fetches that do not finish are deleted. Opens no transaction, and keeps no state outside the database.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { RowBatch } from "../../rows/row_batch.ts";
import type { TableSchema } from "../../rows/table_schema.ts";
import type { RowWriter } from "./row_writer.ts";
import { tablesOf } from "./job_table_sql.ts";

/** Rows deleted in one transaction: about 10 ms, in which nothing else is written. */
const deletedRowsMax = 65_536;

/** Spans deleted in one transaction. */
const deletedSpansMax = 1_000;

/** The staged rows of one table. */
export class Staging {
  readonly #db: DatabaseSync;
  readonly #tables: ReturnType<typeof tablesOf>;
  readonly #lastSpan: StatementSync;
  readonly #insertSpan: StatementSync;
  readonly #setLast: StatementSync;

  constructor(db: DatabaseSync, schema: Pick<TableSchema, "name">) {
    this.#db = db;
    this.#tables = tablesOf(schema);
    const { staged } = this.#tables;
    this.#lastSpan = db.prepare(
      `SELECT row, first, last FROM ${staged} WHERE fetch = ? ORDER BY row DESC LIMIT 1`,
    );
    this.#insertSpan = db.prepare(`INSERT INTO ${staged} (fetch, row, first, last) VALUES (?, ?, ?, ?)`);
    this.#setLast = db.prepare(`UPDATE ${staged} SET last = ? WHERE fetch = ? AND row = ?`);
  }

  /**
   * Stages rows of a fetch; `first` is the number of the first of these rows within the answer.
   *
   * @throws {RangeError} If the rows do not follow the staged ones.
   */
  add(
    fetch: number,
    { first, rows }: { readonly first: number; readonly rows: RowBatch },
    writer: RowWriter,
  ): void {
    const span = spanOf(this.#lastSpan.get(fetch));
    const count = span === undefined ? 0 : span.row + span.last - span.first + 1;
    if (first !== count) {
      throw new RangeError(`Cannot stage rows: the next must be row ${count}, got row ${first}`);
    }
    if (rows.rows === 0) return;
    const at = writer.write(rows);
    const end = at + rows.rows - 1;
    // The rows of one large answer that arrives alone make one span.
    if (span !== undefined && span.last + 1 === at) this.#setLast.run(end, fetch, span.row);
    else this.#insertSpan.run(fetch, first, at, end);
  }

  /** Makes the rows of a fetch visible. */
  show(fetch: number): void {
    const { span, staged } = this.#tables;
    this.#db.prepare(`INSERT INTO ${span} SELECT * FROM ${staged} WHERE fetch = ?`).run(fetch);
    this.#db.prepare(`DELETE FROM ${staged} WHERE fetch = ?`).run(fetch);
  }

  /** Turns the visible rows of the fetches from `first` to `last` into staged rows. */
  hide(first: number, last: number): void {
    const { span, staged } = this.#tables;
    this.#db.prepare(`INSERT INTO ${staged} SELECT * FROM ${span} WHERE fetch BETWEEN ? AND ?`).run(
      first,
      last,
    );
    this.#db.prepare(`DELETE FROM ${span} WHERE fetch BETWEEN ? AND ?`).run(first, last);
  }

  /**
   * Deletes staged rows of the fetches from `first` to before `end`, for about 10 ms; returns false if there are none.
   * Must run in one transaction: new rows reuse the places of deleted rows, so their spans must be gone.
   */
  delete({ first, end }: { readonly first: number; readonly end: number }): boolean {
    const { data, staged } = this.#tables;
    const found = this.#db.prepare(
      `SELECT fetch, row, first, last FROM ${staged} WHERE fetch >= ? AND fetch < ?
         ORDER BY fetch DESC, row DESC LIMIT ?`,
    ).all(first, end, deletedSpansMax);
    const deleteRows = this.#db.prepare(`DELETE FROM ${data} WHERE row BETWEEN ? AND ?`);
    const deleteSpan = this.#db.prepare(`DELETE FROM ${staged} WHERE fetch = ? AND row = ?`);
    let rowsLeft = deletedRowsMax;
    for (const row of found) {
      const span = spanOf(row);
      if (span === undefined || rowsLeft <= 0) break;
      const fetch = Number(row["fetch"]);
      const from = Math.max(span.first, span.last - rowsLeft + 1);
      deleteRows.run(from, span.last);
      if (from > span.first) this.#setLast.run(from - 1, fetch, span.row);
      else deleteSpan.run(fetch, span.row);
      rowsLeft -= span.last - from + 1;
    }
    return found.length > 0;
  }
}

function spanOf(row: Readonly<Record<string, unknown>> | undefined) {
  return row && { row: Number(row["row"]), first: Number(row["first"]), last: Number(row["last"]) };
}
