/**
 * Writes the rows of one table of the job: those of finished fetches, and staged rows. Opens no transaction, keeps no
 * state outside the database.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import type { StagedRows, TableRows } from "../../rows/fetch_record.ts";
import type { TableSchema } from "../../rows/table_schema.ts";
import { BulkInsert } from "./bulk_insert.ts";
import { RowWriter } from "./row_writer.ts";
import { tablesOf } from "./job_table_sql.ts";
import { Staging } from "./staging.ts";

const spanColumns = ["fetch", "row", "first", "last"] as const;

/** The writer of one table. */
export class TableWriter {
  readonly #rows: RowWriter;
  readonly #staging: Staging;
  readonly #spans: BulkInsert;

  constructor(db: DatabaseSync, schema: TableSchema) {
    this.#rows = new RowWriter(db, schema);
    this.#staging = new Staging(db, schema);
    this.#spans = new BulkInsert(db, { table: tablesOf(schema).span, columns: spanColumns });
  }

  /** Makes the rows of finished fetches visible. `fetches` are their ids, in the order of `rowCounts`. */
  finish(fetches: readonly number[], { rowCounts, rows }: TableRows): void {
    let at = rows.rows === 0 ? 0 : this.#rows.write(rows);
    /** The values of all spans, span after span. */
    const spans: number[] = [];
    for (const [index, fetch] of fetches.entries()) {
      const rowCount = rowCounts[index] ?? 0;
      if (rowCount === "staged") {
        this.#staging.show(fetch);
      } else if (rowCount > 0) {
        spans.push(fetch, 0, at, at + rowCount - 1);
        at += rowCount;
      }
    }
    const width = spanColumns.length;
    this.#spans.write(spans.length / width, (bound, first) => {
      for (let to = 0; to < bound.length; to++) bound[to] = spans[first * width + to] ?? null;
    });
  }

  /** Stores rows of an unfinished fetch. */
  stage(fetch: number, part: StagedRows): void {
    this.#staging.add(fetch, part, this.#rows);
  }

  /** Deletes some staged rows of the fetches from `first` to before `end`; returns false if there are none. */
  deleteStaged(range: { readonly first: number; readonly end: number }): boolean {
    return this.#staging.delete(range);
  }
}
