/**
 * One run at a time writes a database. A file beside it is locked by the operating system, so the lock ends with the
 * process, however that ends. It holds one line that says who has it; readers do not look at it.
 *
 * @module
 */

import { InterruptedError, messageOf, UsageError } from "../../errors.ts";
import { realPathOf } from "./connection.ts";
import { isoTime } from "../../text/format.ts";

/** The longest line that is shown of a lock file, which anybody may have written. */
const holderBytesMax = 400;

/** Held until disposed of. */
export class RunLock implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Takes the lock of a database, whichever links lead to it.
   *
   * @throws {InterruptedError} If another process has it.
   * @throws {UsageError} If the database has a second name, which no lock would know of, or its folder is not writable.
   */
  static take(database: string, job: string): RunLock {
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
      // Whoever had it has just removed it.
      file.close();
    }
  }

  [Symbol.dispose](): void {
    try {
      Deno.removeSync(this.#path);
    } catch {
      // It locks nothing any more, and does no harm.
    }
    this.#file.close();
  }
}

function open(path: string, database: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
  } catch (error) {
    throw new UsageError(
      `Cannot write the database "${database}" as its folder must be there and writable: ${messageOf(error)}`,
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

/** Says who has the lock. Where there is no room for that on the disk, nobody is told. */
function sign(file: Deno.FsFile, job: string): void {
  try {
    file.truncateSync(0);
    file.writeSync(
      new TextEncoder().encode(
        `process ${Deno.pid}${hostText()}, which runs ${job} since ${isoTime(Date.now())}\n`,
      ),
    );
  } catch {
    // The lock holds all the same.
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
    holder = Deno.readTextFileSync(path).slice(0, holderBytesMax).trim();
  } catch {
    // It has ended meanwhile, or belongs to somebody else.
  }
  return new InterruptedError(
    `Cannot write the database "${database}" as one run at a time may: it is held by ${
      holder === "" ? "another process" : holder
    }; run again later`,
  );
}

/** SQLite would keep a log of its own for each name, and each would spoil what the other one writes. */
function refuseHardLinks(database: string): void {
  let names: number | null = null;
  try {
    names = Deno.statSync(database).nlink;
  } catch {
    return;
  }
  if (names === null || names <= 1) return;
  throw new UsageError(
    `Cannot write the database "${database}" as it must have one name: ${names} hard links lead to it; ` +
      `make a copy instead, or a symbolic link`,
  );
}
