/**
 * Before a run writes a database: no other one may, nobody else should be able to read it, and it must be of this
 * version.
 *
 * @module
 */

import { realPathOf } from "./connection.ts";
import { migrate, type MigrateOptions } from "./migration.ts";
import { RunLock } from "./run_lock.ts";
import { explain } from "./sqlite_error.ts";

/** What users other than the owner and the group may do, of a file's mode. */
const othersMode = 0o007;
const ownMode = 0o600;

/** Who claims it. */
export interface AcquireOptions extends MigrateOptions {
  /** Named to others that want it meanwhile. */
  readonly job: string;
}

/**
 * Makes a database this process's to write until the acquire is disposed of, after the store.
 *
 * @throws {InterruptedError} If another run has it.
 * @throws {UsageError} If it cannot be written, or not be brought to this version.
 */
export async function acquire(file: string, { job, ...options }: AcquireOptions): Promise<Disposable> {
  const lock = RunLock.take(file, job);
  try {
    await migrate(file, options);
    // By now it is known to be trawl's.
    hide(file, options.log);
    return lock;
  } catch (error) {
    lock[Symbol.dispose]();
    throw explain(error, file, { isBegun: false });
  }
}

/** A mode that lets everybody read is how files come to be when nobody thinks of it; one for a group was meant. */
function hide(file: string, log: (text: string) => void): void {
  const path = realPathOf(file);
  for (const part of [path, `${path}-wal`, `${path}-shm`]) {
    try {
      const mode = (Deno.statSync(part).mode ?? 0) & 0o777;
      if ((mode & othersMode) === 0) continue;
      Deno.chmodSync(part, ownMode);
      if (part === path) {
        log(`trawl: "${file}" could be used by everybody (mode ${mode.toString(8)}): now by you alone\n`);
      }
    } catch {
      // There is none, or it is somebody else's.
    }
  }
}
