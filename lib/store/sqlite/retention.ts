/**
 * Deletes old runs, in transactions that are each some milliseconds long: first their rows in `run`, so that they are
 * out of sight, then what they asked and found. What a start leaves undone, the next one finds, as it belongs to no
 * run. Readers are never stopped, nor do they stop this.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { retentionLimits } from "../../limits.ts";
import { idsPerRun, tablesOf } from "./sql_schema.ts";
import { jobTables } from "./table_check.ts";
import { deleteStagedRows } from "./staging.ts";

/** Which runs are old. */
export interface Age {
  readonly job: string;
  /** ISO 8601 in UTC: windows that ended before it; where there are no windows, runs that did. */
  readonly before: string;
}

/** Each method but the last is to be called in a transaction of its own. */
export class Retention {
  readonly #db: DatabaseSync;
  #dropped: number | undefined;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /**
   * Takes the old runs of a job out of sight; returns how many. The newest finished window stays, however old: it is
   * the last that is known. So does the newest run of all, or its id would be given again.
   */
  drop({ job, before }: Age): number {
    const old = this.#db.prepare(
      `SELECT id FROM run WHERE job = ?1 AND coalesce(window_end, ended, started) < ?2
         AND id IS NOT (SELECT max(id) FROM run) AND id IS NOT (SELECT id FROM run
           WHERE job = ?1 AND state = 'finished' ORDER BY window_end DESC, id DESC LIMIT 1)`,
    ).all(job, before).map((row) => Number(row["id"]));
    for (const table of ["batch", "key_list"]) {
      this.#db.prepare(`DELETE FROM ${table} WHERE run IN (SELECT value FROM json_each(?))`)
        .run(JSON.stringify(old));
    }
    this.#db.prepare(`DELETE FROM run WHERE id IN (SELECT value FROM json_each(?))`).run(JSON.stringify(old));
    return old.length;
  }

  /** Deletes some of what runs that are gone have left; false once nothing is. */
  sweep(): boolean {
    this.#dropped ??= this.#orphan();
    if (this.#dropped === undefined) return false;
    const [first, end] = [this.#dropped * idsPerRun, (this.#dropped + 1) * idsPerRun];
    // All of them: a job may have had another one before.
    const tables = jobTables(this.#db);
    if (tables.some((name) => deleteStagedRows(this.#db, tablesOf({ name }), { first, end }))) return true;
    if (!this.#unlink(tables, first, end)) this.#dropped = undefined;
    return true;
  }

  /**
   * Gives some pages back to the file system; false once only as many are empty as the next windows fill again. A file
   * that an older trawl made keeps its empty pages, and fills them again.
   */
  shrink(): boolean {
    const pages = this.#pragma("page_count");
    const empty = this.#pragma("freelist_count");
    if (this.#pragma("auto_vacuum") !== 2 || empty <= pages * retentionLimits.emptyShare) return false;
    this.#db.prepare(`PRAGMA incremental_vacuum(${retentionLimits.pagesAtOnce})`).all();
    return this.#pragma("freelist_count") < empty;
  }

  /** The first run that has fetches, but is gone. Jumps from run to run: there may be 100 million fetches. */
  #orphan(): number | undefined {
    const next = this.#db.prepare(`SELECT min(id) AS id FROM fetch WHERE id >= ?`);
    const known = this.#db.prepare(`SELECT 1 FROM run WHERE id = ?`);
    for (let run = 0;; run++) {
      const id = next.get(run * idsPerRun)?.["id"] ?? null;
      if (id === null) return undefined;
      run = Math.floor(Number(id) / idsPerRun);
      if (known.get(run) === undefined) return run;
    }
  }

  /** Has the rows of some fetches belong to none, and deletes the fetches; false if there are none. */
  #unlink(tables: readonly string[], first: number, end: number): boolean {
    const last = this.#db.prepare(
      `SELECT max(id) AS id FROM (SELECT id FROM fetch WHERE id >= ? AND id < ? ORDER BY id LIMIT ?)`,
    ).get(first, end, retentionLimits.fetchesAtOnce)?.["id"] ?? null;
    if (last === null) return false;
    for (const name of tables) {
      const { span, staged } = tablesOf({ name });
      this.#db.prepare(`INSERT INTO ${staged} SELECT * FROM ${span} WHERE fetch BETWEEN ? AND ?`)
        .run(first, Number(last));
      this.#db.prepare(`DELETE FROM ${span} WHERE fetch BETWEEN ? AND ?`).run(first, Number(last));
    }
    this.#db.prepare(`DELETE FROM fetch WHERE id BETWEEN ? AND ?`).run(first, Number(last));
    return true;
  }

  #pragma(name: string): number {
    return Number(Object.values(this.#db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  }
}
