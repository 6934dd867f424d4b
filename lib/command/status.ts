/**
 * `trawl status`: the runs of a database, their coverage and what failed.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { Reader } from "../store/reader.ts";
import type { RunRecord } from "../store/records.ts";
import { harmlessJson, printable } from "../view/printable.ts";
import { pendingOf, runLines, statusTable } from "../view/status.ts";
import { type Context, Exit } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";

/** Runs that are shown, newest first. */
const runsShown = 20;

/** Reads only; a run may be under way. */
export async function statusCommand(args: Arguments, { out }: Context): Promise<number> {
  using reader = Reader.open(await databaseOf(args));
  const id = args.count(flags.run, { min: 1 });
  const runs = id === undefined
    ? reader.runs(runsShown)
    : [reader.run(id)].filter((run) => run !== undefined);
  const [newest] = runs;
  if (newest === undefined) {
    throw new UsageError(
      id === undefined ? "Cannot show a run as there is none" : `Cannot show run ${id} as there is none`,
    );
  }
  if (args.has(flags.failed)) {
    for (const { key, reason, status, attempts } of reader.failedKeys(newest.id)) {
      out(`${printable(key, Infinity)}\t${reason}\t${status ?? "-"}\t${attempts}\n`);
    }
  } else if (args.has(flags.json)) {
    for (const run of runs) out(`${harmlessJson(forMachines(run, reader))}\n`);
  } else {
    for (const line of statusTable(runs)) out(`${line}\n`);
    for (const line of runLines(newest, reader.failures(newest.id))) out(`${line}\n`);
  }
  return Exit.done;
}

function forMachines(run: RunRecord, reader: Reader) {
  const { text: _text, ...rest } = run;
  return { ...rest, pending: pendingOf(run) ?? null, failures: reader.failures(run.id) };
}

/** The file that was named, or the only database in this folder. */
async function databaseOf(args: Arguments): Promise<string> {
  const [file = args.text(flags.db), ...more] = args.operands;
  if (more.length > 0) throw new UsageError(`Cannot use "${more[0]}" as one database is shown at a time`);
  if (file !== undefined) return file;
  const found: string[] = [];
  for await (const { name, isFile } of Deno.readDir(".")) {
    if (isFile && name.endsWith(".db")) found.push(name);
  }
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new UsageError(`Cannot tell which database is meant as this folder has ${found.length}: name one`);
  }
  return only;
}
