/**
 * Lock that lets one run at a time write a database: a file beside it, locked by the operating system, so the lock ends
 * with the process even after `kill -9`. The file holds one line about the holder. Readers ignore it.
 *
 * @module
 */

import { InterruptedError, messageOf, UsageError } from "../../errors.ts";
import { realPathOf } from "./connection.ts";
import { isoTime } from "../../text/format.ts";

/** Characters shown of a lock file: other programs may have written it. */
const holderCharsMax = 400;

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
   * @throws {UsageError} If the database has hard links, or its folder is not writable.
   */
  static acquire(database: string, job: string): RunLock {
    refuseHardLinks(database);
    const path = `${realPathOf(database)}.lock`;
    for (;;) {
      const file = open(path, database);
      try {
        if (!file.tryLockSync(true)) throw heldByAnother(database, path);
        if (isStillThere(file, path)) {
          sign(file, job);
          return new RunLock(path, file);
        }
      } catch (error) {
        file.close();
        throw error;
      }
      // The previous holder removed the file between open and lock.
      file.close();
    }
  }

  // deno-lint-ignore require-await -- asynchronous for databases behind a network connection
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      Deno.removeSync(this.#path);
    } catch {
      // An unlocked file does no harm.
    }
    this.#file.close();
  }
}

function open(path: string, database: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
  } catch (error) {
    throw new UsageError(
      `Cannot write the database "${database}": its folder must exist and be writable, ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function isStillThere(file: Deno.FsFile, path: string): boolean {
  try {
    const [held, found] = [file.statSync(), Deno.statSync(path)];
    return held.ino === found.ino && held.dev === found.dev;
  } catch {
    return false;
  }
}

/** Writes the holder into the file, unless the disk is full. */
function sign(file: Deno.FsFile, job: string): void {
  try {
    file.truncateSync(0);
    file.writeSync(
      new TextEncoder().encode(
        `process ${Deno.pid}${hostText()}, running ${job} since ${isoTime(Date.now())}\n`,
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

function heldByAnother(database: string, path: string): InterruptedError {
  let holder = "";
  try {
    holder = Deno.readTextFileSync(path).slice(0, holderCharsMax).trim();
  } catch {
    // The holder has just ended, or the file belongs to another user.
  }
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
