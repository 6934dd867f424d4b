/**
 * Refuses a run if the disk lacks free space for it, estimated from earlier runs of its job. Reads only.
 *
 * @module
 */

import { InterruptedError, UsageError } from "../errors.ts";
import { databaseLimits } from "../limits.ts";
import type { Database } from "../store/database.ts";
import { formatBytes, formatFreeSpace } from "../text/format.ts";

/** The run to be started or resumed. */
export interface FreeSpaceOptions {
  readonly database: Pick<Database, "location" | "openReader" | "freeBytes">;
  readonly job: string;
  /** Number of keys, if known before the list is read; else the number of keys of the last run is used. */
  readonly listSize: number | undefined;
  /** Number of keys that `--limit` allows. */
  readonly limit: number | undefined;
  /** Number of keys with a verdict. */
  readonly done: number;
  /** Another window was collected by this process before. */
  readonly isBegun: boolean;
}

/**
 * Refuses a run if the disk lacks free space for it. Without earlier runs, only `freeBytesMin` must be free.
 *
 * @throws {UsageError} If there is too little free space; an {@linkcode InterruptedError} if `isBegun`.
 */
export async function requireFreeSpace(options: FreeSpaceOptions): Promise<void> {
  const free = await options.database.freeBytes();
  if (free === undefined) return;
  await using reader = await options.database.openReader();
  const before = await reader.pastStorage(options.job);
  const all = Math.min(options.listSize ?? before?.keys ?? 0, options.limit ?? Infinity);
  const keys = Math.max(0, all - options.done);
  const taken = before === undefined ? 0 : Math.max(0, keys * before.bytesPerKey - before.reusableBytes);
  const needed = taken + databaseLimits.freeBytesMin;
  if (free >= needed) return;
  const why = taken === 0
    ? `${formatBytes(databaseLimits.freeBytesMin)} must stay free`
    : `${formatBytes(needed)} must be free, ${formatBytes(taken)} of them for its keys as in earlier runs`;
  throw new (options.isBegun ? InterruptedError : UsageError)(
    `Cannot run on the database "${options.database.location}": ${why}, got ${formatFreeSpace(free)}; ` +
      `free some space, or use --ignore-free-space`,
  );
}
