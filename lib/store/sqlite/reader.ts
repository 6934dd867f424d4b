// deno-lint-ignore-file require-await -- asynchronous for databases behind a network connection
/**
 * The reading side of the database: the questions of commands and views, over a connection that cannot write. Failed
 * and pending keys are never counted as zeros.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import type { TableSchema } from "../../rows/table_schema.ts";
import type {
  FailedFetch,
  FailureCount,
  Inspection,
  JobState,
  MeasuredFetch,
  PastStorage,
  RankedKey,
  RunRecord,
  StartCounts,
  StartScope,
  StorageSize,
  TimeBuckets,
  TimeColumn,
} from "../records.ts";
import { isoTime } from "../../text/format.ts";
import { openForReading } from "./connection.ts";
import { inspect } from "./integrity.ts";
import { failedFetches, failureCounts, topKeys } from "./fetch_table.ts";
import { lastWriteMs } from "./free_space.ts";
import { startsOf } from "./host_tables.ts";
import { asRun, deathAt, jobStates, latestRun, runColumns } from "./run_table.ts";
import { isHeld } from "./run_lock.ts";
import { quote } from "./sql_schema.ts";
import { explain, rescueText } from "./sqlite_error.ts";
import { measuredFetches, pastStorage, storageSize } from "./storage_size.ts";

/** A read-only connection. Readers do not block the writer, and the writer does not block readers. */
export class StoreReader implements AsyncDisposable {
  readonly #db: DatabaseSync;
  readonly #file: string;

  private constructor(db: DatabaseSync, file: string) {
    this.#db = db;
    this.#file = file;
  }

  /** @throws {UsageError} If the file does not exist, is not trawl's, is empty, or a newer trawl wrote it. */
  static open(file: string): StoreReader {
    return new StoreReader(openForReading(file), file);
  }

  /** The error to report in place of one that a method threw: in words if the database caused it, else unchanged. */
  explain(error: unknown): unknown {
    return explain(error, this.#file, { isBegun: false });
  }

  /** Checks the database; `isFull` checks every page of a large file too. */
  async inspect(options: { readonly isFull: boolean }): Promise<Inspection> {
    return { ...inspect(this.#db, options), remedy: rescueText(this.#file) };
  }

  /** Storage of the finished runs; undefined after few keys, or if the database holds runs of other jobs. */
  async pastStorage(job: string): Promise<PastStorage | undefined> {
    return pastStorage(this.#db, job);
  }

  /** Mean size of fetches and of the rows of a job's tables. */
  async storageSize(tables: readonly TableSchema[]): Promise<StorageSize> {
    return storageSize(this.#db, tables);
  }

  /** The fetches of a run with sequences from `first` to before `end`, all in memory. */
  async measuredFetches(
    run: number,
    range: { readonly first: number; readonly end?: number; readonly tables: readonly TableSchema[] },
  ): Promise<MeasuredFetch[]> {
    return measuredFetches(this.#db, run, range);
  }

  /** The newest runs, newest first. */
  async runs(count: number): Promise<RunRecord[]> {
    const newest = this.#db.prepare(`SELECT ${runColumns} FROM _trawl_run ORDER BY id DESC LIMIT ?`);
    return this.#withDeaths((seen) => newest.all(count).map(asRun).map(seen));
  }

  async run(id: number): Promise<RunRecord | undefined> {
    const one = this.#db.prepare(`SELECT ${runColumns} FROM _trawl_run WHERE id = ?`);
    return this.#withDeaths((seen) => {
      const row = one.get(id);
      return row === undefined ? undefined : seen(asRun(row));
    });
  }

  /** The state of each job in the database, by name. */
  async jobs(): Promise<JobState[]> {
    return this.#withDeaths((seen) =>
      jobStates(this.#db).map(({ newest, finished }) => ({ newest: seen(newest), finished }))
    );
  }

  /** The newest run of a job for a window, by the window's start; null for jobs without windows. */
  async latestRun(job: string, windowStart: string | null): Promise<RunRecord | undefined> {
    return latestRun(this.#db, job, windowStart);
  }

  /** Started requests of a quota. */
  async starts(scope: StartScope): Promise<StartCounts> {
    return startsOf(this.#db, scope);
  }

  /** Failure reasons of a run, most frequent first. */
  async failures(run: number): Promise<FailureCount[]> {
    return failureCounts(this.#db, run);
  }

  /** Failed keys of a run in the order of the list, read lazily. */
  async *failedKeys(run: number): AsyncIterable<FailedFetch> {
    yield* failedFetches(this.#db, run);
  }

  /** The keys of a run with the most rows, except the keys in `without`. */
  async topKeys(
    run: number,
    count: number,
    options: { readonly without: readonly string[] },
  ): Promise<RankedKey[]> {
    return topKeys(this.#db, run, { count, ...options });
  }

  /** Number of rows of a fetch in each of the equal parts of a time span. */
  async series(fetch: number, time: TimeColumn, { start, end, buckets }: TimeBuckets): Promise<number[]> {
    const sum = time.count === undefined ? "count(*)" : `sum(${quote(time.count)})`;
    const rows = this.#db.prepare(
      `SELECT CAST((${quote(time.column)} - ?) * ? / ? AS INTEGER) AS bucket, ${sum} AS count
         FROM ${quote(`${time.table}_history`)} WHERE fetch = ? GROUP BY bucket`,
    ).all(start, buckets, end - start, fetch);
    const series = new Array<number>(buckets).fill(0);
    for (const row of rows) {
      const bucket = Number(row["bucket"]);
      if (bucket >= 0 && bucket < buckets) series[bucket] = Number(row["count"]);
    }
    return series;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#db[Symbol.dispose]();
  }

  /** Reads runs, each through `seen`: a run that is running while no process holds the database's lock has died. */
  #withDeaths<T>(read: (seen: (run: RunRecord) => RunRecord) => T): T {
    let isRunning = false;
    const found = read((run) => {
      isRunning ||= run.state === "running";
      return run;
    });
    if (!isRunning || isHeld(this.#file) !== false) return found;
    // The run may have ended after it was read. What is running still, before and after it without a lock, is dead.
    const death = deathAt(isoTime(lastWriteMs(this.#file)));
    const later = read((run) => run.state === "running" ? { ...run, ...death } : run);
    return isHeld(this.#file) === false ? later : found;
  }
}
