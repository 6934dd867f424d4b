/**
 * Whether the disk has room for a run, by what earlier runs of its job took.
 *
 * @module
 */

import { InterruptedError, UsageError } from "../errors.ts";
import { databaseLimits } from "../limits.ts";
import { StoreReader } from "../store/sqlite/reader.ts";
import { freeBytes } from "../store/free_space.ts";
import { formatBytes } from "../text/format.ts";

/** What is to be asked. */
export interface RoomOptions {
  readonly database: string;
  readonly job: string;
  /** How many keys the list has, where that is known before it is read; else as many as the last run had. */
  readonly listSize: number | undefined;
  /** Only so many are asked. */
  readonly limit: number | undefined;
  /** Keys that have their verdict. */
  readonly done: number;
  /** Other windows were asked before. */
  readonly isBegun: boolean;
  /** Tells how much room there is; for tests. */
  readonly free?: (file: string) => number | undefined;
}

/**
 * Refuses a run that the disk has no room for. Where no earlier run tells how much it takes, the least that is to stay
 * free must be.
 *
 * @throws {UsageError} If there is too little, or an {@linkcode InterruptedError} once something was asked.
 */
export function refuseWithoutRoom(options: RoomOptions): void {
  using reader = StoreReader.open(options.database);
  const free = (options.free ?? freeBytes)(options.database);
  if (free === undefined) return;
  const before = reader.spaceBefore(options.job);
  const all = Math.min(options.listSize ?? before?.keys ?? 0, options.limit ?? Infinity);
  const keys = Math.max(0, all - options.done);
  const taken = before === undefined ? 0 : Math.max(0, keys * before.bytesPerKey - before.spareBytes);
  const needed = taken + databaseLimits.freeBytesMin;
  if (free >= needed) return;
  const why = taken === 0
    ? `${formatBytes(databaseLimits.freeBytesMin)} must stay free`
    : `${formatBytes(needed)} must be free, ${formatBytes(taken)} of them for its keys as in earlier runs`;
  throw new (options.isBegun ? InterruptedError : UsageError)(
    `Cannot run on the database "${options.database}" as ${why}: ${
      formatBytes(free)
    } are; free some space, ` +
      `or say --ignore-free-space`,
  );
}
