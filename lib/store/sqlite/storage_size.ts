/**
 * What fetches and rows take in a database file. Reads only.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { openForReading } from "./connection.ts";
import { idsPerRun, tablesOf } from "./sql_schema.ts";
import type { TableSchema } from "../../rows/table_schema.ts";

/**
 * How full the pages of fetches, their index and spans become: answers come in another order than their keys, and a
 * page that takes one in between is split. Measured over 85,000 fetches at 8 in flight; rows stand in their order.
 */
const fetchPageFill = 0.91;

/** Bytes in the file; 0 where there was none to measure. */
export interface StorageSize {
  /** Of one fetch, with its place in the index and the span of its rows. */
  readonly fetchBytes: number;
  /** Of one row of the job's table. */
  readonly rowBytes: number;
}

/** One fetch, as a forecast wants it. */
export interface MeasuredFetch {
  readonly key: string;
  /** Why it failed; null if it did not. */
  readonly reason: string | null;
  readonly attempts: number;
  /** Decoded, of the last attempt. */
  readonly bytes: number;
  /** That the path selected and the job kept. */
  readonly rows: number;
  /** Rows of the job's table: fewer where they are counted. */
  readonly storedRows: number;
  /** All attempts and the waits between them. */
  readonly durationMs: number;
}

/** A read-only connection to a database that holds one job's runs. */
export class StorageSizeReader implements Disposable {
  readonly #db: DatabaseSync;
  readonly #shape: TableSchema;

  /** @throws {UsageError} If there is no such file, or it is no database of this version's. */
  constructor(file: string, shape: TableSchema) {
    this.#db = openForReading(file);
    this.#shape = shape;
  }

  /** The fetches of a run whose sequences are from `first` to before `end`. Holds all of them. */
  fetches(
    run: number,
    { first, end = idsPerRun }: { readonly first: number; readonly end?: number },
  ): MeasuredFetch[] {
    const { span } = tablesOf(this.#shape);
    return this.#db.prepare(
      `SELECT key, reason, attempts, bytes, rows, duration_ms AS durationMs,
         ifnull((SELECT sum(last - first + 1) FROM ${span} AS span WHERE span.fetch = fetch.id), 0) AS storedRows
       FROM fetch WHERE id >= ? AND id < ?`,
    ).all(run * idsPerRun + first, run * idsPerRun + end).map((row) => ({
      key: String(row["key"]),
      reason: row["reason"] === null ? null : String(row["reason"]),
      attempts: Number(row["attempts"]),
      bytes: Number(row["bytes"]),
      rows: Number(row["rows"]),
      storedRows: Number(row["storedRows"]),
      durationMs: Number(row["durationMs"]),
    }));
  }

  /** The mean over everything in the file. Counts what is used of each page: the last one of a table is never full. */
  footprint(): StorageSize {
    const { name } = this.#shape;
    const fetchBytes = this.#usedBytes("fetch", "fetch_run", `${name}_span`) / fetchPageFill;
    return {
      fetchBytes: perPiece(fetchBytes, this.#count("fetch")),
      rowBytes: perPiece(this.#usedBytes(`${name}_data`), this.#count(tablesOf(this.#shape).data)),
    };
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #usedBytes(...names: readonly string[]): number {
    const row = this.#db.prepare(
      `SELECT sum(pgsize - unused) AS bytes FROM dbstat WHERE name IN (SELECT value FROM json_each(?))`,
    ).get(JSON.stringify(names));
    return Number(row?.["bytes"] ?? 0);
  }

  #count(table: string): number {
    return Number(this.#db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.["count"]);
  }
}

function perPiece(bytes: number, count: number): number {
  return count === 0 ? 0 : bytes / count;
}
