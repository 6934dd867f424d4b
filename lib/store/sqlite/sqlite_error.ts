/**
 * Errors of SQLite about the file or its disk, as one line that says what to do. Errors about the data pass unchanged.
 *
 * @module
 */

import { descriptorText, InterruptedError, messageOf, UsageError } from "../../errors.ts";
import { databaseLimits } from "../../limits.ts";
import { folderOf, freeText } from "./free_space.ts";

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) that have a message here. */
const codes = {
  locked: 5,
  readOnly: 8,
  disk: 10,
  damaged: 11,
  full: 13,
  noFile: 14,
  noDatabase: 26,
} as const;

/** A cause of an error of SQLite. */
export type SqliteError = keyof typeof codes;

/** Causes that may pass without a change by the user: exit code 75 at any time. */
const passing: ReadonlySet<SqliteError> = new Set<SqliteError>(["full", "disk", "locked"]);

/** Messages of errors without a code: `exec` and opening a file give none. */
const texts: readonly (readonly [string, SqliteError])[] = [
  ["is locked", "locked"],
  ["readonly database", "readOnly"],
  ["disk I/O error", "disk"],
  ["database disk image is malformed", "damaged"],
  ["database or disk is full", "full"],
  ["unable to open database file", "noFile"],
  ["file is not a database", "noDatabase"],
];

/** SQLITE_IOERR_SHORT_READ: the file ends before a page that it must have. */
const shortRead = 522;

/**
 * The error to throw in place of an error from the database `file`; the same error if the file is not the cause. Once
 * requests were made (`isBegun`), a cause that the user must remove interrupts the run; before, it is a usage error.
 */
export function explain(error: unknown, file: string, options: { readonly isBegun: boolean }): unknown {
  // Closing the database may fail too, for the same reason.
  if (error instanceof SuppressedError) return explain(error.suppressed ?? error.error, file, options);
  const cause = sqliteErrorOf(error);
  if (cause === undefined) return error;
  const text = textOf(cause, file, messageOf(error));
  if (cause === "damaged") return new Error(text, { cause: error });
  const isTemporary = options.isBegun || passing.has(cause);
  return new (isTemporary ? InterruptedError : UsageError)(text, { cause: error });
}

/** Whether an error says that the file is damaged: nothing more may be written then. */
export function isDamage(error: unknown): boolean {
  if (error instanceof SuppressedError) return isDamage(error.suppressed) || isDamage(error.error);
  return sqliteErrorOf(error) === "damaged";
}

/** Whether an error of SQLite may pass by itself: a full disk, or the lock of another program. */
export function isPassingError(error: unknown): boolean {
  const cause = sqliteErrorOf(error);
  return cause !== undefined && passing.has(cause);
}

/** What to do about a damaged file. */
export function rescueText(file: string): string {
  return `restore a backup, or save what can be read with: sqlite3 '${file}' .recover | sqlite3 'saved.db'`;
}

/** The cause of an error of SQLite; undefined for other errors, and for those about the data. */
export function sqliteErrorOf(error: unknown): SqliteError | undefined {
  if (!(error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR")) return undefined;
  const code = "errcode" in error ? Number(error.errcode) : undefined;
  if (code === undefined) return texts.find(([text]) => error.message.includes(text))?.[1];
  if (code === shortRead) return "damaged";
  // The low byte is the primary code.
  return (Object.keys(codes) as SqliteError[]).find((cause) => codes[cause] === (code & 0xff));
}

function textOf(cause: SqliteError, file: string, message: string): string {
  const again = "then run the same command again";
  switch (cause) {
    case "full":
      return `Cannot write the database "${file}": the disk is full, ${
        freeText(file)
      }; free some space, ${again}`;
    case "disk":
      return `Cannot use the database "${file}": the disk fails, ${message}, ${freeText(file)}; ` +
        `repair the disk or raise the limit on file size, ${again}`;
    case "readOnly":
      return `Cannot write the database "${file}": the file, its folder or its disk is read-only; ` +
        `make it writable, ${again}`;
    case "noFile":
      return `Cannot use the database "${file}": ${
        descriptorLack(file) ?? `the file and its folder must be readable and writable, ${message}`
      }`;
    case "locked":
      return `Cannot write the database "${file}": another program has locked it for ${
        databaseLimits.busyMs / 1_000
      } s; end its transaction, ${again}`;
    case "damaged":
      return `Cannot use the database "${file}": it is damaged: ${message}; ${rescueText(file)}`;
    case "noDatabase":
      return `Cannot use the database "${file}": it is not an SQLite database, or its beginning is damaged; ` +
        `name another file with --db, or restore a backup`;
  }
}

/**
 * What to do if no file descriptor is left, which SQLite does not tell from a file that is not there. Opens the folder:
 * to close the file itself would release SQLite's locks on it.
 */
function descriptorLack(file: string): string | undefined {
  try {
    Deno.readDirSync(folderOf(file))[Symbol.iterator]().next();
    return undefined;
  } catch (error) {
    return descriptorText(error);
  }
}
