/**
 * What SQLite says when the file cannot take or give any more, as one line that says what to do. Errors about the
 * data are left as they are.
 *
 * @module
 */

import { InterruptedError, messageOf, UsageError } from "../../errors.ts";
import { databaseLimits } from "../../limits.ts";
import { freeText } from "../free_space.ts";

/** SQLite's result codes, without their extension; those of one group mean the same to a user. */
const codes = {
  locked: 5,
  readOnly: 8,
  disk: 10,
  damaged: 11,
  full: 13,
  noFile: 14,
  noDatabase: 26,
} as const;

/** What can be wrong with the file. */
export type SqliteProblem = keyof typeof codes;

/** What may be over when the same command is run again, whenever it happens. */
const passing: ReadonlySet<SqliteProblem> = new Set<SqliteProblem>(["full", "disk", "locked"]);

/** `exec`, and opening a file, tell no code. */
const texts: readonly (readonly [string, SqliteProblem])[] = [
  ["is locked", "locked"],
  ["readonly database", "readOnly"],
  ["disk I/O error", "disk"],
  ["database disk image is malformed", "damaged"],
  ["database or disk is full", "full"],
  ["unable to open database file", "noFile"],
  ["file is not a database", "noDatabase"],
];

/** SQLITE_IOERR_SHORT_READ: the file ends before a page that it should have. */
const shortRead = 522;

/**
 * The error to throw in place of one that came from the database `file`: the same one where it is not about the file.
 * Once requests were made, what is wrong with the file interrupts the run; before, it is a matter of usage.
 */
export function explain(error: unknown, file: string, options: { readonly isBegun: boolean }): unknown {
  // Closing what was in use may fail as well, for the same reason.
  if (error instanceof SuppressedError) return explain(error.suppressed ?? error.error, file, options);
  const trouble = sqliteProblemOf(error);
  if (trouble === undefined) return error;
  const text = textOf(trouble, file, messageOf(error));
  if (trouble === "damaged") return new Error(text, { cause: error });
  const isTemporary = options.isBegun || passing.has(trouble);
  return new (isTemporary ? InterruptedError : UsageError)(text, { cause: error });
}

/** Whether an error says that the file is damaged: then nothing more is to be written to it. */
export function isDamage(error: unknown): boolean {
  if (error instanceof SuppressedError) return isDamage(error.suppressed) || isDamage(error.error);
  return sqliteProblemOf(error) === "damaged";
}

/** What to do about a damaged file. */
export function rescueOf(file: string): string {
  return `restore a backup, or save what can be read with: sqlite3 '${file}' .recover | sqlite3 'saved.db'`;
}

/** What is wrong with the file, by an error of SQLite's; undefined of any other. */
export function sqliteProblemOf(error: unknown): SqliteProblem | undefined {
  if (!(error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR")) return undefined;
  const code = "errcode" in error ? Number(error.errcode) : undefined;
  if (code === undefined) return texts.find(([text]) => error.message.includes(text))?.[1];
  if (code === shortRead) return "damaged";
  for (const trouble of Object.keys(codes) as SqliteProblem[]) {
    if (codes[trouble] === (code & 0xff)) return trouble;
  }
  return undefined;
}

function textOf(trouble: SqliteProblem, file: string, said: string): string {
  const again = "then the same command goes on";
  switch (trouble) {
    case "full":
      return `Cannot write the database "${file}" as its disk is full: ${
        freeText(file)
      }; free some space, ${again}`;
    case "disk":
      return `Cannot use the database "${file}" as its disk does not take it: ${said}, ${freeText(file)}; ` +
        `mend the disk, or raise the limit on a file's size, ${again}`;
    case "readOnly":
      return `Cannot write the database "${file}" as it must be writable: the file, its folder or its disk is not; ` +
        `change that, ${again}`;
    case "noFile":
      return `Cannot use the database "${file}" as it and its folder must be readable and writable: ${said}`;
    case "locked":
      return `Cannot write the database "${file}" as another program has locked it for ${
        databaseLimits.busyMs / 1_000
      } s: end its transaction, ${again}`;
    case "damaged":
      return `Cannot use the database "${file}" as it is damaged: ${said}; ${rescueOf(file)}`;
    case "noDatabase":
      return `Cannot use the database "${file}" as it is no SQLite database, or its beginning is damaged: ` +
        `name another with --db, or restore a backup`;
  }
}
