/**
 * The reading side of the database: what commands and views ask of it, over a connection that cannot write. Numbers
 * come out as they are; a failure is never counted as a zero.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { openForReading } from "./connection.ts";
import { inspect, type Inspection } from "./integrity.ts";
import { databaseLimits } from "../../limits.ts";
import type { RunRecord, StartCounts, StartScope } from "../records.ts";
import { asRun, latestRun, readStarts, runColumns } from "./run_rows.ts";
import { idsPerRun, quote } from "./sql_schema.ts";
import { explain } from "./sqlite_error.ts";
import type { FetchRecord } from "../../rows/fetch_record.ts";

/** A key and how many rows it has. */
export interface RankedKey {
  readonly fetch: number;
  readonly key: string;
  readonly rows: number;
}

/** Why fetches of a run failed, and how many. */
export interface FailureCount {
  readonly reason: string;
  readonly count: number;
  /** One of the keys. */
  readonly example: string;
}

/** A key that failed. */
export type FailedKey = Pick<FetchRecord, "key" | "reason" | "status" | "attempts">;

/** How a job is: its newest run, and its newest window that was finished, or without windows its newest such run. */
export interface JobState {
  readonly newest: RunRecord;
  readonly finished: RunRecord | undefined;
}

/** Where the times of a job's rows stand. */
export interface TimeColumn {
  readonly table: string;
  readonly column: string;
  /** The column that counts rows, where the job counts them. */
  readonly count: string | undefined;
}

/** What the finished runs of a job took. */
export interface SpaceBefore {
  /** Of the last one. */
  readonly keys: number;
  /** Bytes of the file, for each key: the mean over all runs. */
  readonly bytesPerKey: number;
  /** Bytes in the file that are free to be used again. */
  readonly spareBytes: number;
}

/** A read-only connection; readers do not block the writer, nor it them. */
export class StoreReader implements Disposable {
  readonly #db: DatabaseSync;
  readonly #file: string;

  private constructor(db: DatabaseSync, file: string) {
    this.#db = db;
    this.#file = file;
  }

  /** @throws {UsageError} If there is no such file, it is no database of trawl's, or a newer trawl wrote it. */
  static open(file: string): StoreReader {
    return new StoreReader(openForReading(file), file);
  }

  /** What an error says about the file, if it does. */
  explain(error: unknown): unknown {
    return explain(error, this.#file, { isBegun: false });
  }

  /** Whether the file is whole. */
  inspect(options: { readonly isFull: boolean }): Inspection {
    return inspect(this.#db, options);
  }

  /** What earlier runs of a job tell of the room for another; undefined where they are few, or another job's too. */
  spaceBefore(job: string): SpaceBefore | undefined {
    const row = this.#db.prepare(
      `SELECT (SELECT keys FROM run WHERE job = ?1 AND state = 'finished' ORDER BY id DESC LIMIT 1) AS keys,
         (SELECT sum(ok + empty + unchanged + failed) FROM run) AS verdicts,
         (SELECT count(*) FROM run WHERE job <> ?1) AS others,
         (SELECT count(*) FROM sqlite_schema WHERE rootpage > 0) AS roots,
         page_count AS pages, freelist_count AS spare, page_size AS size
       FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
    ).get(job);
    const keys = Number(row?.["keys"] ?? 0);
    const verdicts = Number(row?.["verdicts"] ?? 0);
    if (row === undefined || keys === 0 || verdicts < databaseLimits.forecastKeysMin || row["others"] !== 0) {
      return undefined;
    }
    const [pages, spare, size, roots] = ["pages", "spare", "size", "roots"].map((name) => Number(row[name]));
    // The first page of each table is there without a key, too.
    const used = Math.max(0, (pages ?? 0) - (spare ?? 0) - (roots ?? 0)) * (size ?? 0);
    return { keys, bytesPerKey: used / verdicts, spareBytes: (spare ?? 0) * (size ?? 0) };
  }

  /** The newest runs, newest first. */
  runs(count: number): RunRecord[] {
    return this.#db.prepare(`SELECT ${runColumns} FROM run ORDER BY id DESC LIMIT ?`).all(count).map(asRun);
  }

  run(id: number): RunRecord | undefined {
    const row = this.#db.prepare(`SELECT ${runColumns} FROM run WHERE id = ?`).get(id);
    return row === undefined ? undefined : asRun(row);
  }

  /** How each job of the database is, by name. */
  jobs(): JobState[] {
    const newest = this.#db.prepare(
      `SELECT ${runColumns} FROM run WHERE id IN (SELECT max(id) FROM run GROUP BY job) ORDER BY job`,
    );
    const finished = this.#db.prepare(
      `SELECT ${runColumns} FROM run WHERE job = ? AND state = 'finished' ORDER BY window_end DESC, id DESC LIMIT 1`,
    );
    return newest.all().map(asRun).map((run) => {
      const row = finished.get(run.job);
      return { newest: run, finished: row && asRun(row) };
    });
  }

  /** The newest run of a job for a window (or for none). */
  latestRun(job: string, windowStart: string | null): RunRecord | undefined {
    return latestRun(this.#db, job, windowStart);
  }

  /** What was kept of the requests started. */
  starts(scope: StartScope): StartCounts {
    return readStarts(this.#db, scope);
  }

  /** The reasons for a run's failures, most frequent first. */
  failures(run: number): FailureCount[] {
    const rows = this.#db.prepare(
      `SELECT reason, count(*) AS count, min(key) AS example FROM fetch
         WHERE id >= ? AND id < ? AND verdict = 'failed' GROUP BY reason ORDER BY count DESC, reason`,
    ).all(run * idsPerRun, (run + 1) * idsPerRun);
    return rows.map((row) => ({
      reason: String(row["reason"]),
      count: Number(row["count"]),
      example: String(row["example"]),
    }));
  }

  /** The keys of a run that failed, in the list's order. */
  *failedKeys(run: number): Iterable<FailedKey> {
    const statement = this.#db.prepare(
      `SELECT key, reason, status, attempts FROM fetch WHERE id >= ? AND id < ? AND verdict = 'failed' ORDER BY id`,
    );
    for (const row of statement.iterate(run * idsPerRun, (run + 1) * idsPerRun)) {
      yield {
        key: String(row["key"]),
        reason: String(row["reason"]),
        status: row["status"] === null ? null : Number(row["status"]),
        attempts: Number(row["attempts"]),
      };
    }
  }

  /** The keys of a run with the most rows, without some. */
  topKeys(run: number, count: number, options: { readonly without: readonly string[] }): RankedKey[] {
    const rows = this.#db.prepare(
      `SELECT id, key, rows FROM fetch WHERE id >= ? AND id < ? AND rows > 0
         AND key NOT IN (SELECT value FROM json_each(?)) ORDER BY rows DESC, id LIMIT ?`,
    ).all(run * idsPerRun, (run + 1) * idsPerRun, JSON.stringify(options.without), count);
    return rows.map((row) => ({
      fetch: Number(row["id"]),
      key: String(row["key"]),
      rows: Number(row["rows"]),
    }));
  }

  /** How many rows one fetch has in each of `buckets` equal parts of a window; times are seconds since 1970. */
  series(
    fetch: number,
    time: TimeColumn,
    span: { readonly start: number; readonly end: number; readonly buckets: number },
  ): number[] {
    const { start, end, buckets } = span;
    const sum = time.count === undefined ? "count(*)" : `sum(${quote(time.count)})`;
    const rows = this.#db.prepare(
      `SELECT CAST((${quote(time.column)} - ?) * ? / ? AS INTEGER) AS bucket, ${sum} AS count
         FROM ${quote(time.table)} WHERE fetch = ? GROUP BY bucket`,
    ).all(start, buckets, end - start, fetch);
    const series = new Array<number>(buckets).fill(0);
    for (const row of rows) {
      const bucket = Number(row["bucket"]);
      if (bucket >= 0 && bucket < buckets) series[bucket] = Number(row["count"]);
    }
    return series;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
