/**
 * `trawl status`: the runs of a database, their coverage and what failed.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { runLimits } from "../limits.ts";
import { pendingOf } from "../store/coverage.ts";
import { type Database, openDatabase, type StoreReader } from "../store/database.ts";
import type { RunRecord } from "../store/records.ts";
import { type HealthBounds, healthLine, stateText } from "../view/health.ts";
import { sanitizedJson, sanitizeLine } from "../text/sanitize.ts";
import { runLines, statusTable } from "../view/status_table.ts";
import { type Context, Exit } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { onlyDatabase } from "./job_arguments.ts";
import { formatBytes, formatFreeSpace } from "../text/format.ts";

const ageMsMax = 3_650 * 86_400_000;

/** Runs that are shown, newest first. */
const runsShown = 20;

/** Reads only; a run may be under way. Exit code 1 if the file is damaged: what can be read is shown all the same. */
export async function statusCommand(args: Arguments, context: Context): Promise<number> {
  const database = await openDatabase(await databaseOf(args));
  const bounds = boundsOf(args, context.now());
  await using reader = await database.openReader();
  try {
    if (args.has(flags.check)) {
      const { isWell, line } = healthLine(await reader.jobs(), bounds);
      context.out(`${line}\n`);
      return isWell ? Exit.done : Exit.incomplete;
    }
    const isWhole = await logMistakes(reader, database, args, context);
    await show({ reader, database, nowMs: bounds.nowMs }, args, context);
    return isWhole ? Exit.done : Exit.failed;
  } catch (error) {
    throw reader.explain(error);
  }
}

/** Logs the mistakes of a damaged database; returns whether there are none. */
async function logMistakes(
  reader: StoreReader,
  { location: file }: Database,
  args: Arguments,
  { log }: Context,
): Promise<boolean> {
  const { mistakes, isPartial, remedy } = await reader.inspect({ isFull: args.has(flags.checkFile) });
  for (const mistake of mistakes) log(`trawl: "${file}" is damaged: ${sanitizeLine(mistake)}\n`);
  if (mistakes.length > 0) log(`trawl: ${remedy}\n`);
  else if (isPartial) log(`trawl: "${file}" is large: not all of it was checked; --check-file does that\n`);
  return mistakes.length === 0;
}

interface Shown {
  readonly reader: StoreReader;
  readonly database: Database;
  readonly nowMs: number;
}

async function show({ reader, database, nowMs }: Shown, args: Arguments, { out }: Context): Promise<void> {
  const id = args.count(flags.run, { min: 1 });
  const runs = id === undefined
    ? await reader.runs(runsShown)
    : [await reader.run(id)].filter((run) => run !== undefined);
  const [newest] = runs;
  if (newest === undefined) {
    throw new UsageError(
      id === undefined ? "Cannot show a run as there is none" : `Cannot show run ${id} as there is none`,
    );
  }
  if (args.has(flags.failed)) {
    for await (const { key, reason, status, attempts } of reader.failedKeys(newest.id)) {
      out(`${sanitizeLine(key, Infinity)}\t${reason}\t${status ?? "-"}\t${attempts}\n`);
    }
  } else if (args.has(flags.json)) {
    for (const run of runs) out(`${sanitizedJson(await forMachines(run, reader))}\n`);
  } else {
    for (const line of statusTable(runs)) out(`${line}\n`);
    for (const line of runLines(newest, await reader.failures(newest.id))) out(`${line}\n`);
    if (id === undefined) {
      for (const job of await reader.jobs()) out(`${stateText(job, nowMs)}\n`);
      out(`${await diskText(database)}\n`);
    }
  }
}

/** @throws {UsageError} If a bound is none, or has no --check beside it. */
function boundsOf(args: Arguments, nowMs: number): HealthBounds {
  const isCheck = args.has(flags.check);
  for (const flag of [flags.maxAge, flags.minCoverage]) {
    if (args.has(flag) && !isCheck) throw new UsageError(`Cannot use --${flag.name} as it goes with --check`);
  }
  return {
    maxAgeMs: args.duration(flags.maxAge, { min: 1_000, max: ageMsMax }),
    minCoverage: args.number(flags.minCoverage, { min: 0, max: 1 }) ?? runLimits.minCoverage,
    nowMs,
  };
}

/** Size of a database and free space of its disk. */
async function diskText(database: Database): Promise<string> {
  const free = formatFreeSpace(await database.freeBytes());
  return `${sanitizeLine(database.location)}: ${formatBytes(await database.bytes())}, ${free}`;
}

async function forMachines(run: RunRecord, reader: StoreReader) {
  const { text: _text, ...rest } = run;
  return { ...rest, pending: pendingOf(run) ?? null, failures: await reader.failures(run.id) };
}

/** The file that was named, or the only database in this folder. */
async function databaseOf(args: Arguments): Promise<string> {
  const [file = args.text(flags.db), ...more] = args.operands;
  if (more.length > 0) throw new UsageError(`Cannot use "${more[0]}" as one database is shown at a time`);
  if (file !== undefined) return file;
  return await onlyDatabase();
}
