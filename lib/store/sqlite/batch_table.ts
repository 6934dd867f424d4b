/**
 * The table `_trawl_batch`: which keys of a run were asked together, and whether all of them have a verdict. Opens no
 * transaction.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import type { BatchRecord } from "../records.ts";
import { isOneOf } from "./fetch_table.ts";
import { idsPerRun } from "./sql_schema.ts";

/** A batch of a run by its number, from 0. */
export function batchOf(db: DatabaseSync, run: number, number: number): BatchRecord | undefined {
  const row = db.prepare(`SELECT first, size, sha256, state FROM _trawl_batch WHERE run = ? AND number = ?`)
    .get(run, number);
  return row && {
    number,
    first: Number(row["first"]),
    size: Number(row["size"]),
    sha256: String(row["sha256"]),
    state: row["state"] === "done" ? "done" : "open",
  };
}

/** Adds an open batch. */
export function insertBatch(
  db: DatabaseSync,
  run: number,
  { number, first, size, sha256 }: Omit<BatchRecord, "state">,
): void {
  db.prepare(
    `INSERT INTO _trawl_batch (run, number, first, size, sha256, state) VALUES (?, ?, ?, ?, ?, 'open')`,
  )
    .run(run, number, first, size, sha256);
}

/** Marks a batch as done. */
export function finishBatch(db: DatabaseSync, run: number, number: number): void {
  db.prepare(`UPDATE _trawl_batch AS batch SET state = 'done' WHERE run = ? AND number = ?`).run(run, number);
}

/** Opens the batch of one key again. */
export function reopenBatch(db: DatabaseSync, run: number, sequence: number): void {
  db.prepare(
    `UPDATE _trawl_batch AS batch SET state = 'open' WHERE run = ?1 AND first <= ?2 AND first + size > ?2`,
  )
    .run(run, sequence);
}

/** Opens every batch again that has a key that failed, by default whatever the reason. */
export function reopenFailedBatches(db: DatabaseSync, run: number, reasons?: readonly string[]): void {
  db.prepare(
    `UPDATE _trawl_batch AS batch SET state = 'open' WHERE run = ?1 AND EXISTS (SELECT 1 FROM _trawl_fetch
       WHERE verdict = 'failed' AND id >= ?2 + batch.first AND id < ?2 + batch.first + batch.size
         AND ${isOneOf("?3")})`,
  ).run(run, run * idsPerRun, reasons === undefined ? null : JSON.stringify(reasons));
}
