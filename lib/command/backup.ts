/**
 * `trawl backup`: copies a database as it is at one moment, also during a run. Never replaces a file.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { openDatabase } from "../store/database.ts";
import { formatBytes } from "../text/format.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import type { CommandContext } from "./context.ts";
import { type ExitCode, exitCode } from "./exit_code.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { onlyDatabase } from "./job_arguments.ts";

/** Copies the database of `--db`, or the only one of this folder, to the operand. */
export async function backupCommand(args: Arguments, { log }: CommandContext): Promise<ExitCode> {
  const [file, ...more] = args.operands;
  if (file === undefined) throw new UsageError("No file for the backup: name one, as in trawl backup FILE");
  if (more[0] !== undefined) throw new UsageError(`Too many operands: name one FILE, not also "${more[0]}"`);
  const database = await openDatabase(args.get(flags.db) ?? await onlyDatabase());
  const bytes = await database.backup(file);
  if (!args.get(flags.quiet)) {
    log(`trawl: copied ${sanitizeLine(database.location)} to ${sanitizeLine(file)}: ${formatBytes(bytes)}\n`);
  }
  return exitCode.done;
}
