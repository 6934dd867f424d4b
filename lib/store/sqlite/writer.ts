// deno-lint-ignore-file require-await -- the methods are asynchronous for the sake of other databases
/**
 * The writing side of the database: begins and resumes runs, and takes in what Workers found. There is one of these
 * per process, on the main thread. Every method that writes is one transaction ({@linkcode StoreWriter.keepKeys} and
 * {@linkcode StoreWriter.unstage} apart), so a fetch and its rows become visible together or not at all. The methods
 * are asynchronous because another database may stand here one day.
 *
 * @module
 */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { delay } from "@std/async/delay";
import { openForWriting } from "./connection.ts";
import type {
  BatchRecord,
  FailedFetch,
  NewRun,
  RetentionRule,
  RunCounts,
  RunRecord,
  StartCounts,
  StartScope,
  Tunable,
  TunedRecord,
} from "../records.ts";
import { BulkInsert } from "./bulk_insert.ts";
import {
  asFailedFetch,
  asRun,
  countFetches,
  failedColumns,
  latestRun,
  readStarts,
  runColumns,
} from "./run_rows.ts";
import { createTable, idsPerRun } from "./sql_schema.ts";
import { checkTable } from "./table_check.ts";
import { Retention } from "./retention.ts";
import { TableWriter } from "./table_writer.ts";
import { explain, isDamage } from "./sqlite_error.ts";
import type { FetchRecord, FinishedFetches, StagedRows } from "../../rows/fetch_record.ts";
import { isoTime } from "../../text/format.ts";
import type { TableSchema } from "../../rows/table_schema.ts";

/** The one writer. */
export class StoreWriter implements AsyncDisposable {
  readonly #db: DatabaseSync;
  readonly #file: string;
  /** By the table's name. */
  readonly #tables: ReadonlyMap<string, TableWriter>;
  readonly #fetches: BulkInsert;
  readonly #addCounts: StatementSync;

  private constructor(db: DatabaseSync, file: string, tables: readonly TableSchema[]) {
    this.#db = db;
    this.#file = file;
    this.#tables = new Map(tables.map((table) => [table.name, new TableWriter(db, table)]));
    this.#fetches = new BulkInsert(db, "fetch", [
      ...["id", "key", "verdict", "reason", "status", "attempts", "bytes", "rows"],
      ...["started_ms", "duration_ms", "etag", "last_modified"],
    ]);
    this.#addCounts = db.prepare(
      `UPDATE run SET ok = ok + ?, empty = empty + ?, unchanged = unchanged + ?, failed = failed + ?,
         rows = rows + ?, bytes = bytes + ?, attempts = attempts + ? WHERE id = ?`,
    );
  }

  /**
   * Opens the database and creates the job's tables. Deletes rows that an interrupted run left staged.
   *
   * @throws {UsageError} If the file cannot be used, or has a table of one of the names with other columns.
   */
  static open(file: string, tables: readonly TableSchema[]): StoreWriter {
    const db = openForWriting(file);
    try {
      db.exec("BEGIN IMMEDIATE");
      for (const table of tables) {
        db.exec(createTable(table));
        checkTable(db, file, table);
      }
      db.exec("COMMIT");
      const store = new StoreWriter(db, file, tables);
      while (store.#deleteStaged(0, Number.MAX_SAFE_INTEGER));
      return store;
    } catch (error) {
      db.close();
      throw explain(error, file, { isBegun: false });
    }
  }

  /** What an error says about the file, if it does. Once the disk is full or broken, no method can do anything. */
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

  /** For each window of a job, by its start, its newest run. */
  async windows(job: string): Promise<Map<string, RunRecord>> {
    const rows = this.#db.prepare(
      `SELECT ${runColumns} FROM run WHERE id IN
         (SELECT max(id) FROM run WHERE job = ? AND window_start IS NOT NULL GROUP BY window_start)`,
    ).all(job);
    return new Map(rows.map(asRun).map((run) => [run.windowStart ?? "", run]));
  }

  /** Begins a run; returns its id. */
  async beginRun(run: NewRun): Promise<number> {
    const { lastInsertRowid } = this.#db.prepare(
      `INSERT INTO run (job, text, sha256, window_start, window_end, state, started)
         VALUES (?, ?, ?, ?, ?, 'running', ?)`,
    ).run(
      run.job,
      run.text,
      run.sha256,
      run.window?.start ?? null,
      run.window?.end ?? null,
      isoTime(Date.now()),
    );
    return Number(lastInsertRowid);
  }

  /**
   * Goes on with a run. With `retryFailed` its failed keys are pending again; with `restoreKeys` the key list of a
   * finished run is kept again, as it was.
   */
  async resumeRun(
    id: number,
    options: { readonly retryFailed: boolean; readonly restoreKeys: boolean },
  ): Promise<void> {
    this.#transaction(() => {
      if (options.restoreKeys) this.#restoreKeys(id);
      if (options.retryFailed) this.#forgetFailed(id);
      this.#db.prepare(`UPDATE run SET state = 'running', reason = NULL, ended = NULL WHERE id = ?`).run(id);
    });
  }

  /** Makes one key of a run pending again, as if it had not been asked. Its fetch must hold no rows. */
  async forget(run: number, sequence: number): Promise<void> {
    this.#transaction(() => {
      this.#db.prepare(`DELETE FROM fetch WHERE id = ?`).run(run * idsPerRun + sequence);
      this.#db.prepare(`UPDATE batch SET state = 'open' WHERE run = ?1 AND first <= ?2 AND first + size > ?2`)
        .run(run, sequence);
      this.#recount(run);
    });
  }

  /** A run's batch by its number, from 0. */
  async batch(run: number, number: number): Promise<BatchRecord | undefined> {
    const row = this.#db.prepare(`SELECT first, size, sha256, state FROM batch WHERE run = ? AND number = ?`)
      .get(run, number);
    if (row === undefined) return undefined;
    return {
      number,
      first: Number(row["first"]),
      size: Number(row["size"]),
      sha256: String(row["sha256"]),
      state: row["state"] === "done" ? "done" : "open",
    };
  }

  async addBatch(run: number, batch: Omit<BatchRecord, "state">): Promise<void> {
    this.#db.prepare(
      `INSERT INTO batch (run, number, first, size, sha256, state) VALUES (?, ?, ?, ?, ?, 'open')`,
    )
      .run(run, batch.number, batch.first, batch.size, batch.sha256);
  }

  async finishBatch(run: number, number: number): Promise<void> {
    this.#db.prepare(`UPDATE batch SET state = 'done' WHERE run = ? AND number = ?`).run(run, number);
  }

  /** The sequences from `first` to before `end` that have a verdict. */
  async doneSequences(run: number, first: number, end: number): Promise<Set<number>> {
    const ids = this.#db.prepare(`SELECT id FROM fetch WHERE id >= ? AND id < ?`)
      .all(run * idsPerRun + first, run * idsPerRun + end);
    return new Set(ids.map((row) => Number(row["id"]) - run * idsPerRun));
  }

  /** A key of the run that was answered, in so many bytes at most; undefined while there is none. */
  async answeredKey(run: number, bytesMax: number): Promise<string | undefined> {
    const found = this.#db.prepare(
      `SELECT key FROM fetch WHERE run = ? AND verdict IN ('ok', 'empty') AND bytes <= ? LIMIT 1`,
    ).get(run, bytesMax);
    return found === undefined ? undefined : String(found["key"]);
  }

  /**
   * Keeps a key list that cannot be read a second time, block by block as it comes. Replaces what an earlier attempt
   * kept of it; the list counts as kept once {@linkcode setKeys} says how long it is.
   */
  async keepKeys(run: number, blocks: AsyncIterable<readonly string[]>): Promise<void> {
    this.#db.prepare(`DELETE FROM key_list WHERE run = ?`).run(run);
    const insert = this.#db.prepare(`INSERT INTO key_list (run, block, keys) VALUES (?, ?, ?)`);
    let block = 0;
    for await (const keys of blocks) insert.run(run, block++, JSON.stringify(keys));
  }

  /** The kept key list, block after block. */
  async *keptKeys(run: number): AsyncIterable<readonly string[]> {
    const next = this.#db.prepare(`SELECT keys FROM key_list WHERE run = ? AND block = ?`);
    for (let block = 0;; block++) {
      const row = next.get(run, block);
      if (row === undefined) return;
      yield JSON.parse(String(row["keys"]));
    }
  }

  /** Keeps some rows of an answer that is not whole yet. They follow those that were staged of it before. */
  async stage(run: number, part: StagedRows): Promise<void> {
    this.#transaction(() => this.#table(part.table).stage(run * idsPerRun + part.sequence, part));
  }

  /**
   * Deletes the staged rows of answers that did not come whole: those of the sequences from `first` to before `end`.
   * There may be millions, so others get their turn in between.
   */
  async unstage(run: number, first: number, end: number): Promise<void> {
    while (this.#deleteStaged(run * idsPerRun + first, run * idsPerRun + end)) await delay(0);
  }

  /** The failed fetches with sequences from `first` to before `end`. */
  async failures(run: number, first: number, end: number): Promise<FailedFetch[]> {
    return this.#db.prepare(
      `SELECT ${failedColumns} FROM fetch WHERE id >= ? AND id < ? AND verdict = 'failed' ORDER BY id`,
    ).all(run * idsPerRun + first, run * idsPerRun + end).map(asFailedFetch);
  }

  /** Makes finished fetches and their rows visible. */
  async finish(run: number, { fetches, tables }: FinishedFetches): Promise<void> {
    this.#transaction(() => {
      const ids = fetches.map(({ sequence }) => run * idsPerRun + sequence);
      for (const rows of tables) this.#table(rows.table).finish(ids, rows);
      this.#fetches.write(fetches.flatMap((record) => fetchValues(run, record)));
      this.#count(run, fetches);
    });
  }

  /** What was kept of the requests started. */
  async starts(scope: StartScope): Promise<StartCounts> {
    return readStarts(this.#db, scope);
  }

  async keepStarts({ host, perMs }: StartScope, starts: StartCounts): Promise<void> {
    this.#db.prepare(`INSERT OR REPLACE INTO budget (host, per_ms, starts) VALUES (?, ?, ?)`)
      .run(host, perMs, JSON.stringify([...starts]));
  }

  /** What was found about a host before. */
  async learned(host: string, what: Tunable): Promise<TunedRecord | undefined> {
    const row = this.#db.prepare(`SELECT value, max FROM learned WHERE host = ? AND what = ?`).get(
      host,
      what,
    );
    if (row === undefined) return undefined;
    return { value: Number(row["value"]), limit: row["max"] === null ? undefined : Number(row["max"]) };
  }

  async keepTuned(host: string, what: Tunable, { value, limit }: TunedRecord): Promise<void> {
    this.#db.prepare(`INSERT OR REPLACE INTO learned (host, what, value, max) VALUES (?, ?, ?, ?)`)
      .run(host, what, value, limit ?? null);
  }

  /** Notes how many keys the run has. */
  async setKeys(run: number, keys: number): Promise<void> {
    this.#db.prepare(`UPDATE run SET keys = ? WHERE id = ?`).run(keys, run);
  }

  /** Ends a run: finished for good, or interrupted and to be resumed. */
  async endRun(run: number, state: "finished" | "interrupted", reason: string | null): Promise<void> {
    this.#transaction(() => {
      this.#db.prepare(`UPDATE run SET state = ?, reason = ?, ended = ? WHERE id = ?`).run(
        state,
        reason,
        isoTime(Date.now()),
        run,
      );
      if (state === "finished") this.#db.prepare(`DELETE FROM key_list WHERE run = ?`).run(run);
    });
  }

  /** Deletes old runs with all that they found, until the signal comes; returns how many are gone. */
  async prune(rule: RetentionRule, signal: AbortSignal): Promise<number> {
    const retention = new Retention(this.#db);
    const count = this.#transaction(() => retention.drop(rule));
    while (!signal.aborted && this.#transaction(() => retention.sweep())) await delay(0);
    while (!signal.aborted && retention.shrink()) await delay(0);
    return count;
  }

  /** The run's sums, counted anew from its fetches rather than from its running totals. */
  async countRun(run: number): Promise<RunCounts> {
    return countFetches(this.#db, run);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#db.close();
  }

  #count(run: number, fetches: readonly FetchRecord[]): void {
    const sums = { ok: 0, empty: 0, unchanged: 0, failed: 0, rows: 0, bytes: 0, attempts: 0 };
    for (const record of fetches) {
      sums[record.verdict]++;
      sums.rows += record.rows;
      sums.bytes += record.bytes;
      sums.attempts += record.attempts;
    }
    const { ok, empty, unchanged, failed, rows, bytes, attempts } = sums;
    this.#addCounts.run(ok, empty, unchanged, failed, rows, bytes, attempts, run);
  }

  /** In a finished run every key has a fetch. */
  #restoreKeys(run: number): void {
    this.#db.prepare(
      `INSERT INTO key_list (run, block, keys) SELECT ?1, sequence / 1024, json_group_array(key ORDER BY id)
         FROM fetch WHERE id >= ?2 AND id < ?3 GROUP BY sequence / 1024`,
    ).run(run, run * idsPerRun, (run + 1) * idsPerRun);
  }

  #forgetFailed(run: number): void {
    const first = run * idsPerRun;
    this.#db.prepare(
      `UPDATE batch SET state = 'open' WHERE run = ?1 AND EXISTS (SELECT 1 FROM fetch WHERE verdict = 'failed'
         AND id >= ?2 + batch.first AND id < ?2 + batch.first + batch.size)`,
    ).run(run, first);
    this.#db.prepare(`DELETE FROM fetch WHERE verdict = 'failed' AND id >= ? AND id < ?`)
      .run(first, first + idsPerRun);
    this.#recount(run);
  }

  #recount(run: number): void {
    const { ok, empty, unchanged, failed, rows, bytes, attempts } = countFetches(this.#db, run);
    this.#db.prepare(
      `UPDATE run SET ok = ?, empty = ?, unchanged = ?, failed = ?, rows = ?, bytes = ?, attempts = ? WHERE id = ?`,
    ).run(ok, empty, unchanged, failed, rows, bytes, attempts, run);
  }

  #deleteStaged(first: number, end: number): boolean {
    return this.#transaction(() => {
      for (const table of this.#tables.values()) if (table.deleteStaged({ first, end })) return true;
      return false;
    });
  }

  #table(name: string): TableWriter {
    const table = this.#tables.get(name);
    if (table === undefined) {
      throw new RangeError(`Cannot store rows for "${name}": the job has no such table`);
    }
    return table;
  }

  #transaction<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      // A full disk may have rolled back already.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}

/** In the order of the columns that are inserted. */
function fetchValues(run: number, record: FetchRecord): SQLInputValue[] {
  return [
    run * idsPerRun + record.sequence,
    record.key,
    record.verdict,
    record.reason,
    record.status,
    record.attempts,
    record.bytes,
    record.rows,
    Math.round(record.startedMs),
    Math.round(record.durationMs),
    record.etag,
    record.lastModified,
  ];
}
