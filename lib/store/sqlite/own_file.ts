/**
 * Opens the files that trawl makes beside a database under names that anyone can foresee: the run lock, and the part of
 * a backup. Mode 0600. Never follows a symbolic link, never truncates, never waits for a pipe.
 *
 * @module
 */

import { closeSync, constants, fchmodSync, fstatSync, openSync } from "node:fs";

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
const ownMode = 0o600;

/** Attempts to open a file that others remove at the same time. */
const triesMax = 100;

/**
 * Opens or creates a file for reading and writing.
 *
 * @throws {Error} If the file is a symbolic link, or no file at all; the message says so.
 * @throws {Error} With code EEXIST, if `isNew` and the file exists.
 */
export function openOwnFile(path: string, { isNew = false }: { readonly isNew?: boolean } = {}): Deno.FsFile {
  for (let tries = 1;; tries++) {
    const file = openOnce(path, isNew);
    if (file !== undefined) return file;
    if (tries === triesMax) throw new Error("other programs replace it again and again: delete it");
  }
}

/** Undefined if the file was removed or replaced meanwhile, as by the end of the run that held it. */
function openOnce(path: string, isNew: boolean): Deno.FsFile | undefined {
  // `Deno.open` follows symbolic links, and only its files can be locked: it opens again what the first call found.
  const fd = openUnfollowed(path, isNew ? O_EXCL : 0);
  try {
    const found = fstatSync(fd);
    // A link that was made since the look before the opening.
    refuseLink(path);
    if (!found.isFile()) throw new Error("it must be a file: delete it");
    const file = Deno.openSync(path, { read: true, write: true });
    const { ino, dev } = file.statSync();
    if (ino !== found.ino || dev !== found.dev) {
      file.close();
      return undefined;
    }
    // A file with a second name is not only trawl's.
    if ((found.mode & 0o777) !== ownMode && found.nlink === 1) makePrivate(fd);
    return file;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Whether an open file is empty or begins with this ASCII text; the next writer begins at its start. */
export function isEmptyOrBegins(file: Deno.FsFile, text: string): boolean {
  const bytes = new Uint8Array(text.length);
  file.seekSync(0, Deno.SeekMode.Start);
  const count = file.readSync(bytes) ?? 0;
  file.seekSync(0, Deno.SeekMode.Start);
  return count === 0 || new TextDecoder().decode(bytes.subarray(0, count)) === text;
}

/** Whether an open file still has its name. */
export function isStillAt(file: Deno.FsFile, path: string): boolean {
  try {
    const [held, found] = [file.statSync(), Deno.lstatSync(path)];
    return held.ino === found.ino && held.dev === found.dev;
  } catch {
    return false;
  }
}

/** Opens a file. Without all permissions, as in the executable, Deno follows links before `O_NOFOLLOW` can act. */
function openUnfollowed(path: string, more: number): number {
  refuseLink(path);
  try {
    return openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | more, ownMode);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ELOOP") throw linkError(error);
    if (code === "EISDIR") throw new Error("it is a folder: remove it", { cause: error });
    throw error;
  }
}

/** @throws {Error} If a symbolic link has the name. */
function refuseLink(path: string): void {
  let isLink = false;
  try {
    isLink = Deno.lstatSync(path).isSymlink;
  } catch {
    // Nothing has the name, or the opening says why it cannot be read.
  }
  if (isLink) throw linkError();
}

function linkError(cause?: unknown): Error {
  return new Error("it is a symbolic link: delete it", { cause });
}

function makePrivate(fd: number): void {
  try {
    fchmodSync(fd, ownMode);
  } catch {
    // The file belongs to another user of the group.
  }
}
