/**
 * How much room there is where a database lies. Reads only.
 *
 * @module
 */

import { statfsSync } from "node:fs";

/** Bytes that a user may still write where a file lies, or is to lie; undefined where the system does not tell. */
export function freeBytes(file: string): number | undefined {
  const folder = file.includes("/") ? file.slice(0, file.lastIndexOf("/") + 1) : ".";
  // A link may lead to another disk.
  for (const place of [file, folder]) {
    try {
      const { bavail, bsize } = statfsSync(place);
      return bavail * bsize;
    } catch {
      // There is no such file yet.
    }
  }
  return undefined;
}

/** The same in words. */
export function freeText(file: string): string {
  const bytes = freeBytes(file);
  return bytes === undefined
    ? "nobody tells how much is free"
    : `${Math.floor(bytes / 1_048_576)} MiB are free`;
}

/** Bytes that a database takes, with the log of what was written last. */
export function databaseBytes(file: string): number {
  return [file, `${file}-wal`].filter(exists).reduce((sum, name) => sum + Deno.statSync(name).size, 0);
}

/** Whether there is a file of this name, or something else. */
export function exists(file: string): boolean {
  try {
    Deno.statSync(file);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}
