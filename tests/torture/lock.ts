/**
 * Another program that uses the database: it reads, or holds the lock for writing without writing anything.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { delay } from "@std/async/delay";

/** Milliseconds between two tries to get a lock. */
const tryMs = 20;

/** Holds a lock for so long, or until `signal` is aborted. Does nothing where there is no database yet. */
export async function holdLock(
  file: string,
  { how, forMs }: { readonly how: "read" | "write"; readonly forMs: number },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      using db = new DatabaseSync(file, { readOnly: how === "read" });
      db.exec(how === "read" ? "BEGIN; SELECT count(*) FROM fetch" : "BEGIN IMMEDIATE");
      await delay(forMs, { signal }).catch(() => {});
      db.exec("ROLLBACK");
      return;
    } catch {
      // It is not there yet, or trawl holds the lock.
      await delay(tryMs, { signal }).catch(() => {});
    }
  }
}
