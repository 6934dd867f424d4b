/**
 * A second program on the database: a reader, or a writer that holds the write lock and writes nothing.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { delay } from "@std/async/delay";

/** Milliseconds between two attempts to get a lock. */
const tryMs = 20;

/** Holds a lock for `forMs`, or until `signal` is aborted. Waits for the database to exist. */
export async function holdLock(
  file: string,
  { how, forMs }: { readonly how: "read" | "write"; readonly forMs: number },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      using db = new DatabaseSync(file, { readOnly: how === "read" });
      db.exec(how === "read" ? "BEGIN; SELECT count(*) FROM fetches" : "BEGIN IMMEDIATE");
      await delay(forMs, { signal }).catch(() => {});
      db.exec("ROLLBACK");
      return;
    } catch {
      // The database does not exist yet, or trawl holds the lock.
      await delay(tryMs, { signal }).catch(() => {});
    }
  }
}
