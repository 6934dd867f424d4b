/**
 * Deletes old runs in transactions of a few milliseconds: first the rows of `_trawl_run`, which hides everything of
 * them, then fetches and rows. An interrupted deletion is resumed by the next start, which finds fetches without a
 * run. Never blocks readers.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import type { RetentionRule } from "../records.ts";
import { setCurrent, wrongCurrent } from "./run_table.ts";
import { idsPerRun } from "./sql_schema.ts";
import { jobTables } from "./table_check.ts";
import { Staging } from "./staging.ts";

/** Deletions and freed pages are small enough to let the writer in between. */
export const retentionTuning = {
  /** Fetches deleted in one transaction: some milliseconds, in which nothing else is written. */
  fetchesAtOnce: 1_000,
  /** Pages returned to the file system at once. Each may move another page: 60 ms for 500. */
  pagesAtOnce: 256,
  /** Share of the file that may stay empty: the next windows fill it without moving a page. */
  emptyShare: 0.25,
} as const;

/** Deletes in steps. Call {@linkcode drop} and {@linkcode sweep} in a transaction each. */
export class Retention {
  readonly #db: DatabaseSync;
  #dropped: number | undefined;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /**
   * Hides the old runs of a job; returns their number. Keeps the newest finished window at any age, as the job's last
   * result, and the newest run of the database, whose id would be reused.
   */
  drop({ job, before }: RetentionRule): number {
    const old = this.#db.prepare(
      `SELECT id FROM _trawl_run WHERE job = ?1 AND coalesce(window_end, ended, started) < ?2
         AND id IS NOT (SELECT max(id) FROM _trawl_run) AND id IS NOT (SELECT id FROM _trawl_run
           WHERE job = ?1 AND state = 'finished' ORDER BY window_end DESC, id DESC LIMIT 1)`,
    ).all(job, before).map((row) => Number(row["id"]));
    for (const table of ["_trawl_batch", "_trawl_key_list"]) {
      this.#db.prepare(`DELETE FROM ${table} WHERE run IN (SELECT value FROM json_each(?))`)
        .run(JSON.stringify(old));
    }
    this.#db.prepare(`DELETE FROM _trawl_run WHERE id IN (SELECT value FROM json_each(?))`).run(
      JSON.stringify(old),
    );
    // A window whose current run was deleted may still have the newest run of the database.
    if (old.length > 0) wrongCurrent(this.#db).forEach((run) => setCurrent(this.#db, run));
    return old.length;
  }

  /** Deletes some rows and fetches of hidden runs; false if none are left. */
  sweep(): boolean {
    this.#dropped ??= this.#orphan();
    if (this.#dropped === undefined) return false;
    const [first, end] = [this.#dropped * idsPerRun, (this.#dropped + 1) * idsPerRun];
    // All tables: the job may have used another table before.
    const tables = jobTables(this.#db);
    if (tables.some((name) => new Staging(this.#db, { name }).delete({ first, end }))) return true;
    if (!this.#unlink(tables, first, end)) this.#dropped = undefined;
    return true;
  }

  /**
   * Returns some empty pages to the file system; false once at most `emptyShare` of the file is empty.
   */
  shrink(emptyShare: number = retentionTuning.emptyShare): boolean {
    const pages = this.#pragma("page_count");
    const empty = this.#pragma("freelist_count");
    if (empty <= pages * emptyShare) return false;
    this.#db.prepare(`PRAGMA incremental_vacuum(${retentionTuning.pagesAtOnce})`).all();
    return this.#pragma("freelist_count") < empty;
  }

  /** The first run with fetches but without a row in `_trawl_run`. Skips from run to run. */
  #orphan(): number | undefined {
    const next = this.#db.prepare(`SELECT min(id) AS id FROM _trawl_fetch WHERE id >= ?`);
    const known = this.#db.prepare(`SELECT 1 FROM _trawl_run WHERE id = ?`);
    for (let run = 0;; run++) {
      const id = next.get(run * idsPerRun)?.["id"] ?? null;
      if (id === null) return undefined;
      run = Math.floor(Number(id) / idsPerRun);
      if (known.get(run) === undefined) return run;
    }
  }

  /** Turns the rows of some fetches into staged rows and deletes the fetches; false if there are none. */
  #unlink(tables: readonly string[], first: number, end: number): boolean {
    const last = this.#db.prepare(
      `SELECT max(id) AS id FROM (SELECT id FROM _trawl_fetch WHERE id >= ? AND id < ? ORDER BY id LIMIT ?)`,
    ).get(first, end, retentionTuning.fetchesAtOnce)?.["id"] ?? null;
    if (last === null) return false;
    for (const name of tables) new Staging(this.#db, { name }).hide(first, Number(last));
    this.#db.prepare(`DELETE FROM _trawl_failure WHERE fetch BETWEEN ? AND ?`).run(first, Number(last));
    this.#db.prepare(`DELETE FROM _trawl_fetch WHERE id BETWEEN ? AND ?`).run(first, Number(last));
    return true;
  }

  #pragma(name: string): number {
    return Number(Object.values(this.#db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  }
}
