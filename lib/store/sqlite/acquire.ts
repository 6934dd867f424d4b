/**
 * Preparation of a database before a run writes it: takes the run lock, migrates an older file to this version,
 * names the runs that died, and withdraws access from other users.
 *
 * @module
 */

import { isoTime } from "../../text/format.ts";
import { openUnchecked, versionOf } from "./connection.ts";
import { realPathOf } from "./database_name.ts";
import { exists, lastWriteMs } from "./free_space.ts";
import { migrate, type MigrateOptions } from "./migration.ts";
import { RunLock } from "./run_lock.ts";
import { deathAt, endRunning } from "./run_table.ts";
import { explain } from "./sqlite_error.ts";

/** Mode bits of users other than the owner and the group. */
const othersMode = 0o007;
const ownMode = 0o600;

/** What a run tells when it acquires a database. */
export interface AcquireOptions extends MigrateOptions {
  /** Name of the job, shown to other runs that want the database. */
  readonly job: string;
}

/**
 * Makes this process the only writer of a database file until the lock is disposed of, after the writer.
 *
 * @throws {InterruptedError} If another run holds the database.
 * @throws {UsageError} If the database cannot be written or migrated.
 */
export async function acquire(file: string, { job, ...options }: AcquireOptions): Promise<RunLock> {
  const lock = await RunLock.acquire(file, job);
  try {
    // Before any connection writes.
    const lastWrite = isoTime(lastWriteMs(file));
    await migrate(file, options);
    nameDead(file, { lastWrite, log: options.log });
    // Only now: migrate() has made sure that the file is trawl's.
    hide(file, options.log);
    return lock;
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw explain(error, file, { isBegun: false });
  }
}

/** Ends the runs that a killed process left as running: this process holds the lock, so no other one works on them. */
function nameDead(
  file: string,
  { lastWrite, log }: { readonly lastWrite: string; readonly log: AcquireOptions["log"] },
): void {
  if (!exists(file)) return;
  using db = openUnchecked(file);
  if (versionOf(db, file) === 0) return;
  for (const { id, job, reason } of endRunning(db, deathAt(lastWrite))) {
    log(`trawl: run ${id} of ${job} died after its last write at ${lastWrite}: ${reason}\n`);
  }
}

/** Makes a world-accessible database private. Group permissions are kept: no default creates them. */
function hide(file: string, log: (text: string) => void): void {
  const path = realPathOf(file);
  for (const part of [path, `${path}-wal`, `${path}-shm`]) {
    try {
      const mode = (Deno.statSync(part).mode ?? 0) & 0o777;
      if ((mode & othersMode) === 0) continue;
      Deno.chmodSync(part, ownMode);
      if (part === path) {
        log(
          `trawl: "${file}" was accessible to every user (mode ${mode.toString(8)}): changed to mode 600\n`,
        );
      }
    } catch {
      // The file does not exist or belongs to another user.
    }
  }
}
