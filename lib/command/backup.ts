/**
 * `trawl backup`: a copy of a database, while a run may be on.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { formatBytes } from "../job/units.ts";
import { backupDatabase } from "../store/backup.ts";
import { printable } from "../view/printable.ts";
import { type Context, Exit } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { onlyDatabase } from "./load.ts";

/** Writes to a new file only. */
export async function backupCommand(args: Arguments, { say }: Context): Promise<number> {
  const [file, ...more] = args.operands;
  if (file === undefined) throw new UsageError("Cannot make a backup as it needs a name: trawl backup FILE");
  if (more.length > 0) throw new UsageError(`Cannot use "${more[0]}" as one backup is made at a time`);
  const database = args.text(flags.db) ?? await onlyDatabase();
  const bytes = await backupDatabase(database, file);
  if (!args.has(flags.quiet)) {
    say(`trawl: ${printable(database)} is copied to ${printable(file)}: ${formatBytes(bytes)}\n`);
  }
  return Exit.done;
}
