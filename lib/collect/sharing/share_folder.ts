/**
 * The folder of a shared limit: `starts.json`, which is replaced atomically while `starts.lock` is locked, and one
 * locked file per holder. The operating system releases the locks of a process that dies, even after `kill -9`, so the
 * file of a dead holder is unlocked and is removed. Everything has mode 0600 in a folder of 0700.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { InterruptedError, messageOf, UsageError } from "../../errors.ts";

/** Processes that may share a limit: each is asked for at every tick. */
const holdersMax = 16;

/** A longer file is not read. 16 holders with ten quotas each write less than half of it. */
const ledgerBytesMax = 1024 * 1024;

/** Another holder has the lock for about a millisecond; after this many tries a tick is skipped. */
const lockTries = 40;
const lockWaitMs = 5;

/** After this many times as long, a new holder gives up: the process that has the lock is stopped. */
const enterTries = 50;

/** Characters of a holder's id: its process and a random part. */
const holderName = /^holder-([\w-]{1,40})$/;

/** One per holder. */
export class ShareFolder {
  readonly #path: string;
  /** The holder's id. */
  readonly id: string;
  #lock: Deno.FsFile;
  #holder: Deno.FsFile | undefined;

  private constructor(path: string, id: string, lock: Deno.FsFile) {
    this.#path = path;
    this.id = id;
    this.#lock = lock;
  }

  /**
   * Makes the folder where it is missing, and enters it as a holder.
   *
   * @throws {UsageError} If the folder cannot be written.
   * @throws {InterruptedError} If as many processes share it as may.
   */
  static async open(path: string): Promise<ShareFolder> {
    const id = `${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
    const folder = new ShareFolder(path, id, lockFileOf(path));
    try {
      for (let tries = 0; tries < enterTries; tries++) {
        if (await folder.locked(() => folder.#enter())) return folder;
      }
      throw new InterruptedError(`Another process keeps "${path}/starts.lock" locked: run again later`);
    } catch (error) {
      folder.#lock.close();
      throw error;
    }
  }

  /**
   * Runs `work` while no other holder runs its own. Resolves to false if others kept the lock.
   *
   * @throws {InterruptedError} If `work` throws: the folder is not as it was.
   */
  async locked(work: () => void): Promise<boolean> {
    for (let tries = 0; tries < lockTries; tries++) {
      if (this.#tryLocked(work)) return true;
      await delay(lockWaitMs);
    }
    return false;
  }

  #tryLocked(work: () => void): boolean {
    if (!this.#lock.tryLockSync(true)) return false;
    try {
      work();
      return true;
    } catch (error) {
      if (error instanceof InterruptedError) throw error;
      throw this.#failure(error);
    } finally {
      this.#lock.unlockSync();
    }
  }

  #failure(error: unknown): InterruptedError {
    return new InterruptedError(
      `Cannot share the limits in "${this.#path}": ${messageOf(error)}; run again to resume`,
      { cause: error },
    );
  }

  /** The text of the ledger; undefined where there is none to read. Within {@linkcode locked} only. */
  read(): string | undefined {
    const path = `${this.#path}/starts.json`;
    try {
      if (Deno.lstatSync(path).size > ledgerBytesMax) return undefined;
      return Deno.readTextFileSync(path);
    } catch {
      return undefined;
    }
  }

  /** Replaces the ledger; if that fails, the old one stays. Within {@linkcode locked} only. */
  write(text: string): void {
    const temporary = `${this.#path}/starts.new`;
    removeIfThere(temporary);
    // `createNew` follows no link.
    Deno.writeTextFileSync(temporary, text, { createNew: true, mode: 0o600 });
    Deno.renameSync(temporary, `${this.#path}/starts.json`);
  }

  /**
   * The ids of the live holders, this one among them. Removes the files of dead ones. Within {@linkcode locked} only.
   */
  alive(): ReadonlySet<string> {
    const ids = [...Deno.readDirSync(this.#path)].flatMap(({ name }) => holderName.exec(name)?.[1] ?? []);
    return new Set(ids.filter((id) => id === this.id || this.#isAlive(id)));
  }

  #isAlive(id: string): boolean {
    const path = `${this.#path}/holder-${id}`;
    const file = openFile(path);
    try {
      if (!file.tryLockSync(true)) return true;
      removeIfThere(path);
      return false;
    } finally {
      file.close();
    }
  }

  #enter(): void {
    if (this.alive().size >= holdersMax) {
      throw new InterruptedError(
        `${holdersMax} processes share the limits in "${this.#path}" already: run again later`,
      );
    }
    this.#holder = openFile(`${this.#path}/holder-${this.id}`);
    this.#holder.lockSync(true);
  }

  /** Leaves: the holder's file is removed and unlocked. */
  close(): void {
    removeIfThere(`${this.#path}/holder-${this.id}`);
    this.#holder?.close();
    this.#lock.close();
  }
}

/** Makes the folder where it is missing, and opens the file that is locked for each change. */
function lockFileOf(path: string): Deno.FsFile {
  try {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
    return openFile(`${path}/starts.lock`);
  } catch (error) {
    throw cannotShare(path, error);
  }
}

/** Opens a file for a lock. It is never written, so a link in its place does no harm. */
function openFile(path: string): Deno.FsFile {
  return Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function cannotShare(path: string, error: unknown): UsageError {
  return new UsageError(
    `Cannot share limits in "${path}": the folder must be writable, ${messageOf(error)}; ` +
      `set STATE_DIRECTORY or XDG_STATE_HOME to a folder of yours`,
    { cause: error },
  );
}
