// deno-lint-ignore-file require-await -- asynchronous for databases behind a network connection
/**
 * The writing side of the database: starts and resumes runs, and stores what Workers send. One per process, on the main
 * thread. Every method that writes is one transaction, except {@linkcode StoreWriter.keepKeys},
 * {@linkcode StoreWriter.unstage} and {@linkcode StoreWriter.prune}, which take many. So a fetch and its rows become
 * visible together or not at all.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import type { DatabaseSync } from "node:sqlite";
import type { FinishedFetches, StagedRows } from "../../rows/fetch_record.ts";
import type { TableSchema } from "../../rows/table_schema.ts";
import type {
  BatchRecord,
  FailedFetch,
  FailureCount,
  NewRun,
  RetentionRule,
  RunCounts,
  RunEnd,
  RunRecord,
  StartCounts,
  StartScope,
  Tunable,
  TunedRecord,
} from "../records.ts";
import { batchOf, finishBatch, insertBatch, reopenBatch, reopenFailedBatches } from "./batch_table.ts";
import { openForWriting } from "./connection.ts";
import {
  answeredKey,
  countFetches,
  deleteFailed,
  deleteFetch,
  doneSequences,
  failedFetches,
  failureCounts,
  FetchInsert,
} from "./fetch_table.ts";
import { FileWatch } from "./file_watch.ts";
import { setStarts, setTuned, startsOf, tunedOf } from "./host_tables.ts";
import {
  deleteKeys,
  deleteSomeKeys,
  insertKeys,
  partialLists,
  restoreKeys,
  storedKeys,
} from "./key_list_table.ts";
import { Retention } from "./retention.ts";
import {
  insertRun,
  latestRun,
  overlappingRun,
  setReported,
  setRunCounts,
  setRunKeys,
  setRunList,
  setRunState,
  windowRuns,
} from "./run_table.ts";
import { idsPerRun } from "./sql_schema.ts";
import { explain, isDamage } from "./sqlite_error.ts";
import { claimTable, indexKeys } from "./table_check.ts";
import { TableWriter } from "./table_writer.ts";
import { inTransaction } from "./transaction.ts";

/** The only connection that writes. */
export class StoreWriter implements AsyncDisposable {
  readonly #db: DatabaseSync;
  readonly #file: string;
  /** Writers of the job's tables by the table's name. */
  readonly #tables: ReadonlyMap<string, TableWriter>;
  readonly #fetches: FetchInsert;
  readonly #watch: FileWatch;

  private constructor(db: DatabaseSync, file: string, tables: readonly TableSchema[]) {
    this.#db = db;
    this.#file = file;
    this.#tables = new Map(tables.map((table) => [table.name, new TableWriter(db, table)]));
    this.#fetches = new FetchInsert(db);
    this.#watch = new FileWatch(file);
  }

  /**
   * Opens the database and creates the job's tables. Deletes rows that an interrupted run left staged,
   * and partial key lists.
   *
   * @throws {UsageError} If the file cannot be used, or one of the tables belongs to another job or has other columns.
   */
  static open(file: string, job: string, tables: readonly TableSchema[]): StoreWriter {
    const db = openForWriting(file);
    try {
      inTransaction(db, () => {
        for (const table of tables) claimTable(db, file, { job, table });
        indexKeys(db);
      });
      const store = new StoreWriter(db, file, tables);
      while (store.#deleteStaged(0, Number.MAX_SAFE_INTEGER));
      store.#deletePartialLists();
      return store;
    } catch (error) {
      db.close();
      throw explain(error, file, { isBegun: false });
    }
  }

  /**
   * The error to report in place of one that a method threw: in words if the database caused it, else unchanged. After
   * a full or broken disk no method works any more.
   */
  explain(error: unknown): unknown {
    return explain(error, this.#file, { isBegun: true });
  }

  /** Whether an error says that the database is damaged: nothing more may be written then. */
  isDamage(error: unknown): boolean {
    return isDamage(error);
  }

  /** The newest run of a job for a window, by the window's start; null for jobs without windows. */
  async latestRun(job: string, windowStart: string | null): Promise<RunRecord | undefined> {
    return latestRun(this.#db, job, windowStart);
  }

  /** The newest run of a job whose window overlaps this one without being it: `window.every` was another then. */
  async overlappingRun(job: string, window: NonNullable<NewRun["window"]>): Promise<RunRecord | undefined> {
    return overlappingRun(this.#db, job, window);
  }

  /** The newest run of each window of a job, by the window's start. */
  async windows(job: string): Promise<Map<string, RunRecord>> {
    return new Map(windowRuns(this.#db, job).map((run) => [run.windowStart ?? "", run]));
  }

  /** Starts a run; returns its id. */
  async beginRun(run: NewRun): Promise<number> {
    return inTransaction(this.#db, () => insertRun(this.#db, run));
  }

  /**
   * Resumes a run. `retryFailed` makes its failed keys pending, or those that failed for one of `retryReasons`;
   * `restoredList` stores the keys of a finished run again, which {@linkcode endRun} deleted, and is what
   * {@linkcode setList} takes.
   */
  async resumeRun(
    run: number,
    options: {
      readonly retryFailed: boolean;
      readonly retryReasons?: readonly string[] | undefined;
      readonly restoredList?: string;
    },
  ): Promise<void> {
    inTransaction(this.#db, () => {
      if (options.restoredList !== undefined) {
        restoreKeys(this.#db, run);
        setRunList(this.#db, run, options.restoredList);
      }
      if (options.retryFailed) {
        reopenFailedBatches(this.#db, run, options.retryReasons);
        deleteFailed(this.#db, run, options.retryReasons);
        this.#recount(run);
      }
      setRunState(this.#db, run, { state: "running" });
    });
  }

  /** Ends a run as finished, or as interrupted and to be resumed. */
  async endRun(run: number, end: RunEnd): Promise<void> {
    inTransaction(this.#db, () => {
      setRunState(this.#db, run, end);
      if (end.state === "finished") deleteKeys(this.#db, run);
    });
  }

  /** Notes that the summary of a finished run was written, so the same command need not repeat it. */
  async setReported(run: number): Promise<void> {
    setReported(this.#db, run);
  }

  /** Sets the number of keys of a run, once its list has been read to the end. */
  async setKeys(run: number, keys: number): Promise<void> {
    setRunKeys(this.#db, run, keys);
  }

  /** Sets what tells the key list of a run from another, as JSON. */
  async setList(run: number, list: string): Promise<void> {
    setRunList(this.#db, run, list);
  }

  /** The sums of a run, counted from its fetches instead of its running totals. */
  async countRun(run: number): Promise<RunCounts> {
    return countFetches(this.#db, run);
  }

  /** Makes one key of a run pending again. Its fetch must have no rows. */
  async forget(run: number, sequence: number): Promise<void> {
    inTransaction(this.#db, () => {
      deleteFetch(this.#db, run, sequence);
      reopenBatch(this.#db, run, sequence);
      this.#recount(run);
    });
  }

  /** A batch of a run by its number, from 0. */
  async batch(run: number, number: number): Promise<BatchRecord | undefined> {
    return batchOf(this.#db, run, number);
  }

  /** Adds an open batch to a run. */
  async addBatch(run: number, batch: Omit<BatchRecord, "state">): Promise<void> {
    insertBatch(this.#db, run, batch);
  }

  /** Marks a batch as done: all of its keys have a verdict. */
  async finishBatch(run: number, number: number): Promise<void> {
    finishBatch(this.#db, run, number);
  }

  /** The sequences from `first` to before `end` that have a verdict. */
  async doneSequences(run: number, first: number, end: number): Promise<Set<number>> {
    return doneSequences(this.#db, run, { first, end });
  }

  /** The failed fetches with sequences from `first` to before `end`. */
  async failures(run: number, first: number, end: number): Promise<FailedFetch[]> {
    return [...failedFetches(this.#db, run, { first, end })];
  }

  /** Failure reasons of a run, most frequent first. */
  async failureCounts(run: number): Promise<FailureCount[]> {
    return failureCounts(this.#db, run);
  }

  /** A key of the run with an answer of at most `bytesMax` bytes that did not fail; undefined if there is none. */
  async answeredKey(run: number, bytesMax: number): Promise<string | undefined> {
    return answeredKey(this.#db, run, bytesMax);
  }

  /**
   * Stores a key list that cannot be read a second time, block by block as it comes, in place of an earlier one. The
   * list is complete once {@linkcode setList} has described it.
   */
  async keepKeys(run: number, blocks: AsyncIterable<readonly string[]>): Promise<void> {
    await insertKeys(this.#db, run, blocks);
  }

  /** Deletes the key list of a run that could not be stored to its end, and returns its space to the disk. */
  async dropKeys(run: number): Promise<void> {
    while (deleteSomeKeys(this.#db, run)) await delay(0);
    const retention = new Retention(this.#db);
    while (retention.shrink(0)) await delay(0);
  }

  /** The stored key list, block after block. */
  async *keptKeys(run: number): AsyncIterable<readonly string[]> {
    yield* storedKeys(this.#db, run);
  }

  /** Stores rows of an unfinished fetch, invisible until {@linkcode finish}. */
  async stage(run: number, part: StagedRows): Promise<void> {
    inTransaction(this.#db, () => this.#table(part.table).stage(run * idsPerRun + part.sequence, part));
  }

  /** Deletes the staged rows of sequences from `first` to before `end`, with pauses for other work on this thread. */
  async unstage(run: number, first: number, end: number): Promise<void> {
    while (this.#deleteStaged(run * idsPerRun + first, run * idsPerRun + end)) await delay(0);
  }

  /** Makes finished fetches and their rows visible. */
  async finish(run: number, { fetches, tables }: FinishedFetches): Promise<void> {
    inTransaction(this.#db, () => {
      const ids = fetches.map(({ sequence }) => run * idsPerRun + sequence);
      for (const rows of tables) this.#table(rows.table).finish(ids, rows);
      this.#fetches.write(run, fetches);
    });
  }

  /** Started requests of a quota. */
  async starts(scope: StartScope): Promise<StartCounts> {
    return startsOf(this.#db, scope);
  }

  /** Replaces the started requests of a quota. */
  async keepStarts(scope: StartScope, starts: StartCounts): Promise<void> {
    setStarts(this.#db, scope, starts);
  }

  /** The tuned limit of a host. */
  async learned(host: string, what: Tunable): Promise<TunedRecord | undefined> {
    return tunedOf(this.#db, host, what);
  }

  /** Replaces the tuned limit of a host. */
  async keepTuned(host: string, what: Tunable, tuned: TunedRecord): Promise<void> {
    setTuned(this.#db, host, what, tuned);
  }

  /** Deletes old runs with their fetches and rows, until the signal is aborted; returns the number of runs. */
  async prune(rule: RetentionRule, signal: AbortSignal): Promise<number> {
    const retention = new Retention(this.#db);
    const count = inTransaction(this.#db, () => retention.drop(rule));
    while (!signal.aborted && inTransaction(this.#db, () => retention.sweep())) await delay(0);
    while (!signal.aborted && retention.shrink()) await delay(0);
    return count;
  }

  /** How a file of the database was lost, and what to do; undefined while all are in their places. */
  async loss(): Promise<string | undefined> {
    return this.#watch.loss();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#watch.loss() !== undefined) this.#completeLostFile();
    this.#db[Symbol.dispose]();
  }

  /**
   * Moves the answers from the write-ahead log into the database, wherever that is by now. SQLite does not do so when
   * it closes a database that has moved, and would take the log for that of a file in the old place.
   */
  #completeLostFile(): void {
    try {
      this.#db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // A reader or the disk is in the way. The log stays, as after a kill.
    }
  }

  /** Deletes what a killed process left of a key list. A long one may take the space that a run needs to begin. */
  #deletePartialLists(): void {
    const runs = partialLists(this.#db);
    for (const run of runs) while (deleteSomeKeys(this.#db, run));
    if (runs.length === 0) return;
    const retention = new Retention(this.#db);
    while (retention.shrink(0));
  }

  #recount(run: number): void {
    setRunCounts(this.#db, run, countFetches(this.#db, run));
  }

  #deleteStaged(first: number, end: number): boolean {
    return inTransaction(
      this.#db,
      () => [...this.#tables.values()].some((table) => table.deleteStaged({ first, end })),
    );
  }

  #table(name: string): TableWriter {
    const table = this.#tables.get(name);
    if (table === undefined) {
      throw new RangeError(`Cannot store rows for "${name}": the job has no such table`);
    }
    return table;
  }
}
