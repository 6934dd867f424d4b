/**
 * Checks that what a run writes still reaches a database, and that the disk takes more. Asks the store; writes nothing.
 *
 * @module
 */

import { InterruptedError } from "../errors.ts";
import { databaseLimits } from "../limits.ts";
import { formatBytes } from "../text/format.ts";

/** What the store and the system know. */
export interface StorageChecks {
  /** Free bytes on the disk, undefined where unknown; absent where the run may fill the disk. */
  readonly freeBytes?: (() => Promise<number | undefined>) | undefined;
  /** How a file of the open database was lost, and what to do; undefined while all are in their places. */
  readonly loss?: (() => Promise<string | undefined>) | undefined;
}

/** Why the disk cannot take more, if it cannot. */
export async function fullDiskReason({ freeBytes }: StorageChecks): Promise<string | undefined> {
  const free = await freeBytes?.();
  if (free === undefined || free >= databaseLimits.freeBytesMin) return undefined;
  return `the disk is nearly full: ${formatBytes(free)} are free, and ${
    formatBytes(databaseLimits.freeBytesMin)
  } must stay free`;
}

/** @throws {InterruptedError} If a file of the database is no longer in its place: nothing written would be found. */
export async function requireFiles({ loss }: StorageChecks): Promise<void> {
  const text = await loss?.();
  if (text !== undefined) throw new InterruptedError(text);
}
