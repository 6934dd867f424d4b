// deno-lint-ignore-file require-await -- asynchronous for databases behind a network connection
/**
 * Lock that lets one run at a time write a database: a file beside it, locked by the operating system, so the lock ends
 * with the process even after `kill -9`. The file holds one line about the holder. Readers ask whether it is held.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { descriptorText, InterruptedError, messageOf, UsageError } from "../../errors.ts";
import { isoTime } from "../../text/format.ts";
import { realPathOf } from "./database_name.ts";
import { isEmptyOrBegins, isStillAt, openOwnFile } from "./own_file.ts";

/** Bytes shown of a lock file: other programs may have written it. */
const holderBytesMax = 400;

/** How a lock file begins. */
const signature = "process ";

/** Milliseconds between two attempts: readers that ask {@linkcode isHeld} share the lock for some microseconds. */
const tryMs = 2;
const triesMax = 1_000;

/** The lock of one database, held until disposed of. */
export class RunLock implements AsyncDisposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Acquires the lock of a database, through symbolic links too.
   *
   * @throws {InterruptedError} If another process holds the lock.
   * @throws {UsageError} If the database has hard links, its folder is not writable, or the lock file is a link or not
   * trawl's.
   */
  static async acquire(database: string, job: string): Promise<RunLock> {
    refuseHardLinks(database);
    const path = lockPathOf(database);
    for (let tries = 1;; tries++) {
      const file = open(path, database);
      try {
        const isLocked = file.tryLockSync(true);
        if (isLocked && isStillAt(file, path)) {
          refuseOther(file, path, database);
          sign(file, job);
          return new RunLock(path, file);
        }
        // A lock that can be shared is not held by a run.
        if (tries === triesMax || !(isLocked || file.tryLockSync(false))) throw heldByAnother(database, file);
      } catch (error) {
        file.close();
        throw error;
      }
      // Either a reader has the file for a moment, or the previous holder removed it between open and lock.
      file.close();
      await delay(tryMs);
    }
  }

  /** How the lock was lost, so that another run could begin, and what to do; undefined while it holds. */
  async loss(): Promise<string | undefined> {
    return isStillAt(this.#file, this.#path)
      ? undefined
      : `The lock file "${this.#path}" was deleted or replaced during the run: run the same command again`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (isStillAt(this.#file, this.#path)) Deno.removeSync(this.#path);
    } catch {
      // An unlocked file does no harm.
    }
    this.#file.close();
  }
}

/**
 * Whether a run holds the lock of a database; undefined if the system does not tell, as for the file of another user.
 * Shares the lock for some microseconds; {@linkcode RunLock.acquire} waits for that.
 */
export function isHeld(database: string): boolean | undefined {
  const path = lockPathOf(database);
  try {
    if (!Deno.lstatSync(path).isFile) return undefined;
    using file = Deno.openSync(path, { read: true });
    return !file.tryLockSync(false);
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? false : undefined;
  }
}

function lockPathOf(database: string): string {
  return `${realPathOf(database)}.lock`;
}

function open(path: string, database: string): Deno.FsFile {
  try {
    const file = openOwnFile(path);
    const names = file.statSync().nlink ?? 1;
    if (names <= 1) return file;
    file.close();
    // The lock is written to.
    throw new Error(`it must have one name, got ${names} hard links: delete it`);
  } catch (error) {
    const isOfSystem = error instanceof Error && "code" in error;
    const why = descriptorText(error) ??
      (isOfSystem
        ? `its folder must exist and be writable, ${messageOf(error)}`
        : `cannot use its lock file "${path}": ${messageOf(error)}`);
    throw new UsageError(`Cannot write the database "${database}": ${why}`, { cause: error });
  }
}

/** The lock file is written to and deleted, so it must not be a file like `deno.lock` beside a database `deno`. */
function refuseOther(file: Deno.FsFile, path: string, database: string): void {
  if (isEmptyOrBegins(file, signature)) return;
  throw new UsageError(
    `Cannot write the database "${database}": the file "${path}" is not trawl's, and a lock needs its name; ` +
      `name another database with --db, or move that file`,
  );
}

/** Writes the holder into the file, unless the disk is full. */
function sign(file: Deno.FsFile, job: string): void {
  try {
    file.truncateSync(0);
    file.writeSync(
      new TextEncoder().encode(
        `${signature}${Deno.pid}${hostText()}, running ${job} since ${isoTime(Date.now())}\n`,
      ),
    );
  } catch {
    // The lock holds without the text.
  }
}

function hostText(): string {
  try {
    return ` on ${Deno.readTextFileSync("/etc/hostname").trim()}`;
  } catch {
    return "";
  }
}

function heldByAnother(database: string, file: Deno.FsFile): InterruptedError {
  const bytes = new Uint8Array(holderBytesMax);
  const holder = new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0)).trim();
  return new InterruptedError(
    `Cannot write the database "${database}": one run at a time may, it is held by ${
      holder === "" ? "another process" : holder
    }; run again later`,
  );
}

/** SQLite keeps a log for each name of a file, so two writers under two names would corrupt it. */
function refuseHardLinks(database: string): void {
  let names: number | null = null;
  try {
    names = Deno.statSync(database).nlink;
  } catch {
    return;
  }
  if (names === null || names <= 1) return;
  throw new UsageError(
    `Cannot write the database "${database}": the file must have one name, got ${names} hard links; ` +
      `use a copy or a symbolic link instead`,
  );
}
