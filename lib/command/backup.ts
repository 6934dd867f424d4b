/**
 * `trawl backup`: a copy of a database, while a run may be on.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { openDatabase } from "../store/database.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { type Context, Exit } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { onlyDatabase } from "./job_arguments.ts";
import { formatBytes } from "../text/format.ts";

/** Writes to a new file only. */
export async function backupCommand(args: Arguments, { log }: Context): Promise<number> {
  const [file, ...more] = args.operands;
  if (file === undefined) throw new UsageError("Cannot make a backup as it needs a name: trawl backup FILE");
  if (more.length > 0) throw new UsageError(`Cannot use "${more[0]}" as one backup is made at a time`);
  const database = await openDatabase(args.text(flags.db) ?? await onlyDatabase());
  const bytes = await database.backup(file);
  if (!args.has(flags.quiet)) {
    log(
      `trawl: ${sanitizeLine(database.location)} is copied to ${sanitizeLine(file)}: ${formatBytes(bytes)}\n`,
    );
  }
  return Exit.done;
}
