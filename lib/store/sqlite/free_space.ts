/**
 * Files and disk of a database: whether the file exists, its size, its last write, and the free space of its disk.
 * Reads only.
 *
 * @module
 */

import { statfsSync } from "node:fs";
import { formatFreeSpace } from "../../text/format.ts";
import { realPathOf } from "./database_name.ts";

/**
 * Bytes that the user may still write on the disk of a file, existing or not; undefined if the system does not tell.
 */
export function freeBytes(file: string): number | undefined {
  // The file first: it may be a link to another disk.
  for (const place of [file, folderOf(file)]) {
    try {
      const { bavail, bsize } = statfsSync(place);
      return bavail * bsize;
    } catch {
      // The file does not exist yet.
    }
  }
  return undefined;
}

/** The folder of a file. */
export function folderOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.lastIndexOf("/") + 1) : ".";
}

/** {@linkcode freeBytes} in words. */
export function freeText(file: string): string {
  return formatFreeSpace(freeBytes(file));
}

/** Bytes of a database file and its write-ahead log. */
export function databaseBytes(file: string): number {
  return [file, `${file}-wal`].filter(exists).reduce((sum, name) => sum + Deno.statSync(name).size, 0);
}

/** Time of the last write to a database, milliseconds since 1970; the present where the system does not tell. */
export function lastWriteMs(file: string): number {
  const path = realPathOf(file);
  const times = [path, `${path}-wal`].filter(exists).map((name) => {
    const { size, mtime } = Deno.statSync(name);
    // A reader creates an empty log.
    return size === 0 ? 0 : mtime?.getTime() ?? 0;
  });
  return Math.max(0, ...times) || Date.now();
}

/** Whether a file, folder or anything else has this name; also true if the system refuses to tell. */
export function exists(file: string): boolean {
  try {
    Deno.statSync(file);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}
