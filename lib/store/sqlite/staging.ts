/**
 * The rows of answers that are not whole yet. They stand where they will stay, among the job's data, but the spans
 * that make them visible are kept back until the answer is whole: so it costs nothing to show millions of them. What
 * does not become whole is deleted. Opens no transaction of its own, and remembers nothing outside the database.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { RowBatch } from "../../rows/row_batch.ts";
import type { RowWriter } from "./row_writer.ts";
import { tablesOf } from "./sql_schema.ts";
import type { TableSchema } from "../../rows/table_schema.ts";

/** Rows deleted at once: it takes some 10 ms, in which nothing else is written. */
const deletedRowsMax = 65_536;

/** Spans deleted at once. */
const deletedSpansMax = 1_000;

/** One per connection that writes. */
export class Staging {
  readonly #db: DatabaseSync;
  readonly #tables: ReturnType<typeof tablesOf>;
  readonly #writer: RowWriter;
  readonly #lastOf: StatementSync;
  readonly #begin: StatementSync;
  readonly #extend: StatementSync;

  constructor(db: DatabaseSync, shape: TableSchema, writer: RowWriter) {
    this.#db = db;
    this.#tables = tablesOf(shape);
    this.#writer = writer;
    const { staged } = this.#tables;
    this.#lastOf = db.prepare(
      `SELECT row, first, last FROM ${staged} WHERE fetch = ? ORDER BY row DESC LIMIT 1`,
    );
    this.#begin = db.prepare(`INSERT INTO ${staged} (fetch, row, first, last) VALUES (?, ?, ?, ?)`);
    this.#extend = db.prepare(`UPDATE ${staged} SET last = ? WHERE fetch = ? AND row = ?`);
  }

  /**
   * Adds rows of a fetch; `first` is the number of the first of them within the answer.
   *
   * @throws {RangeError} If they do not follow those that are there.
   */
  add(fetch: number, { first, rows }: { readonly first: number; readonly rows: RowBatch }): void {
    const span = spanOf(this.#lastOf.get(fetch));
    const count = span === undefined ? 0 : span.row + span.last - span.first + 1;
    if (first !== count) {
      throw new RangeError(`Cannot stage rows as they must follow each other: ${first} after ${count}`);
    }
    if (rows.rows === 0) return;
    const at = this.#writer.write(rows);
    const end = at + rows.rows - 1;
    // While one large answer comes alone, its rows are one span.
    if (span !== undefined && span.last + 1 === at) this.#extend.run(end, fetch, span.row);
    else this.#begin.run(fetch, first, at, end);
  }

  /** Makes the rows of a fetch visible. */
  show(fetch: number): void {
    const { span, staged } = this.#tables;
    this.#db.prepare(`INSERT INTO ${span} SELECT * FROM ${staged} WHERE fetch = ?`).run(fetch);
    this.#db.prepare(`DELETE FROM ${staged} WHERE fetch = ?`).run(fetch);
  }
}

/**
 * Deletes staged rows of the fetches from `first` to before `end`, so many that it takes some 10 ms; false if there
 * are none. In one transaction with their spans, since the places of deleted rows may be taken again.
 */
export function deleteStagedRows(
  db: DatabaseSync,
  { data, staged }: Pick<ReturnType<typeof tablesOf>, "data" | "staged">,
  { first, end }: { readonly first: number; readonly end: number },
): boolean {
  const found = db.prepare(
    `SELECT fetch, row, first, last FROM ${staged} WHERE fetch >= ? AND fetch < ?
       ORDER BY fetch DESC, row DESC LIMIT ?`,
  ).all(first, end, deletedSpansMax);
  const deleteRows = db.prepare(`DELETE FROM ${data} WHERE row BETWEEN ? AND ?`);
  const cutSpan = db.prepare(`UPDATE ${staged} SET last = ? WHERE fetch = ? AND row = ?`);
  const deleteSpan = db.prepare(`DELETE FROM ${staged} WHERE fetch = ? AND row = ?`);
  let left = deletedRowsMax;
  for (const row of found) {
    const span = spanOf(row);
    if (span === undefined || left <= 0) break;
    const from = Math.max(span.first, span.last - left + 1);
    deleteRows.run(from, span.last);
    if (from > span.first) cutSpan.run(from - 1, Number(row["fetch"]), span.row);
    else deleteSpan.run(Number(row["fetch"]), span.row);
    left -= span.last - from + 1;
  }
  return found.length > 0;
}

function spanOf(found: Readonly<Record<string, unknown>> | undefined) {
  return found === undefined
    ? undefined
    : { row: Number(found["row"]), first: Number(found["first"]), last: Number(found["last"]) };
}
