/**
 * Writes the rows of one of the job's tables: those of finished fetches, and staged ones. Opens no transaction of its
 * own, and remembers nothing outside the database.
 *
 * @module
 */

import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { StagedRows, TableRows } from "../../rows/fetch_record.ts";
import type { TableSchema } from "../../rows/table_schema.ts";
import { BulkInsert } from "./bulk_insert.ts";
import { RowWriter } from "./row_writer.ts";
import { tablesOf } from "./sql_schema.ts";
import { deleteStagedRows, Staging } from "./staging.ts";

/** One per table. */
export class TableWriter {
  readonly #db: DatabaseSync;
  readonly #tables: ReturnType<typeof tablesOf>;
  readonly #rows: RowWriter;
  readonly #staging: Staging;
  readonly #spans: BulkInsert;

  constructor(db: DatabaseSync, schema: TableSchema) {
    this.#db = db;
    this.#tables = tablesOf(schema);
    this.#rows = new RowWriter(db, schema);
    this.#staging = new Staging(db, schema, this.#rows);
    this.#spans = new BulkInsert(db, this.#tables.span, ["fetch", "row", "first", "last"]);
  }

  /** Makes the rows of finished fetches visible. `fetches` are their ids, in the order of `rowCounts`. */
  finish(fetches: readonly number[], { rowCounts, rows }: TableRows): void {
    let at = rows.rows === 0 ? 0 : this.#rows.write(rows);
    const spans: SQLInputValue[] = [];
    for (const [index, fetch] of fetches.entries()) {
      const rowCount = rowCounts[index] ?? 0;
      if (rowCount === "staged") {
        this.#staging.show(fetch);
      } else if (rowCount > 0) {
        spans.push(fetch, 0, at, at + rowCount - 1);
        at += rowCount;
      }
    }
    this.#spans.write(spans);
  }

  /** Keeps rows of an unfinished fetch. */
  stage(fetch: number, part: StagedRows): void {
    this.#staging.add(fetch, part);
  }

  /** Deletes some staged rows of the fetches from `first` to before `end`; false if there are none. */
  deleteStaged(range: { readonly first: number; readonly end: number }): boolean {
    return deleteStagedRows(this.#db, this.#tables, range);
  }
}
