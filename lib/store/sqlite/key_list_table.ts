/**
 * The table `_trawl_key_list`: the keys of a run whose list came over the network, until the run is finished. Opens no
 * transaction. Holds one block of keys in memory.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { idsPerRun } from "./sql_schema.ts";

/** Keys in one block of a restored list. */
const restoredBlockKeys = 1_024;

/** Blocks deleted in one transaction: some milliseconds, in which nothing else is written. */
const deletedBlocksMax = 256;

/** Stores the blocks as they come, in place of an earlier list. */
export async function insertKeys(
  db: DatabaseSync,
  run: number,
  blocks: AsyncIterable<readonly string[]>,
): Promise<void> {
  deleteKeys(db, run);
  const insert = db.prepare(`INSERT INTO _trawl_key_list (run, block, keys) VALUES (?, ?, ?)`);
  let block = 0;
  for await (const keys of blocks) insert.run(run, block++, JSON.stringify(keys));
}

/** The stored list, block after block. */
export function* storedKeys(db: DatabaseSync, run: number): Generator<readonly string[]> {
  const next = db.prepare(`SELECT keys FROM _trawl_key_list WHERE run = ? AND block = ?`);
  for (let block = 0;; block++) {
    const row = next.get(run, block);
    if (row === undefined) return;
    yield JSON.parse(String(row["keys"]));
  }
}

/** Stores the list of a finished run again, from its fetches: every key has one. */
export function restoreKeys(db: DatabaseSync, run: number): void {
  db.prepare(
    `INSERT INTO _trawl_key_list (run, block, keys)
       SELECT ?1, id % ${idsPerRun} / ${restoredBlockKeys}, json_group_array(key ORDER BY id)
         FROM _trawl_fetch WHERE id >= ?2 AND id < ?3 GROUP BY id % ${idsPerRun} / ${restoredBlockKeys}`,
  ).run(run, run * idsPerRun, (run + 1) * idsPerRun);
}

/** Runs with a list that ends somewhere: its server failed, or the process was killed. */
export function partialLists(db: DatabaseSync): number[] {
  return db.prepare(
    `SELECT id FROM _trawl_run AS run WHERE list IS NULL
       AND EXISTS (SELECT 1 FROM _trawl_key_list WHERE run = run.id)`,
  ).all().map((row) => Number(row["id"]));
}

/** Deletes some blocks of the list of a run; false if there are none. */
export function deleteSomeKeys(db: DatabaseSync, run: number): boolean {
  const { changes } = db.prepare(
    `DELETE FROM _trawl_key_list WHERE run = ?1
       AND block IN (SELECT block FROM _trawl_key_list WHERE run = ?1 LIMIT ${deletedBlocksMax})`,
  ).run(run);
  return changes > 0;
}

/** Deletes the list of a run. */
export function deleteKeys(db: DatabaseSync, run: number): void {
  db.prepare(`DELETE FROM _trawl_key_list WHERE run = ?`).run(run);
}
