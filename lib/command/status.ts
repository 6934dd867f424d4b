/**
 * `trawl status`: the runs of a database, their coverage and what failed.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { runLimits } from "../limits.ts";
import { databaseBytes, freeBytes } from "../store/free_space.ts";
import { StoreReader } from "../store/sqlite/reader.ts";
import type { RunRecord } from "../store/records.ts";
import { rescueOf } from "../store/sqlite/sqlite_error.ts";
import { type HealthBounds, healthLine, stateText } from "../view/health.ts";
import { sanitizedJson, sanitizeLine } from "../text/sanitize.ts";
import { pendingOf, runLines, statusTable } from "../view/status_table.ts";
import { type Context, Exit } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { onlyDatabase } from "./job_arguments.ts";
import { formatBytes } from "../text/format.ts";

const ageMsMax = 3_650 * 86_400_000;

/** Runs that are shown, newest first. */
const runsShown = 20;

/** Reads only; a run may be under way. Exit code 1 if the file is damaged: what can be read is shown all the same. */
export async function statusCommand(args: Arguments, context: Context): Promise<number> {
  const database = await databaseOf(args);
  const bounds = boundsOf(args, context.now());
  using reader = StoreReader.open(database);
  try {
    if (args.has(flags.check)) {
      const { isWell, line } = healthLine(reader.jobs(), bounds);
      context.out(`${line}\n`);
      return isWell ? Exit.done : Exit.incomplete;
    }
    const isWhole = tellMistakes(reader, database, args, context);
    show({ reader, database, nowMs: bounds.nowMs }, args, context);
    return isWhole ? Exit.done : Exit.failed;
  } catch (error) {
    throw reader.explain(error);
  }
}

/** Says what is wrong with the file; false if anything is. */
function tellMistakes(reader: StoreReader, file: string, args: Arguments, { log }: Context): boolean {
  const { mistakes, isPartial } = reader.inspect({ isFull: args.has(flags.checkFile) });
  for (const mistake of mistakes) log(`trawl: "${file}" is damaged: ${sanitizeLine(mistake)}\n`);
  if (mistakes.length > 0) log(`trawl: ${rescueOf(file)}\n`);
  else if (isPartial) log(`trawl: "${file}" is large: not all of it was checked; --check-file does that\n`);
  return mistakes.length === 0;
}

interface Shown {
  readonly reader: StoreReader;
  readonly database: string;
  readonly nowMs: number;
}

function show({ reader, database, nowMs }: Shown, args: Arguments, { out }: Context): void {
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
      out(`${sanitizeLine(key, Infinity)}\t${reason}\t${status ?? "-"}\t${attempts}\n`);
    }
  } else if (args.has(flags.json)) {
    for (const run of runs) out(`${sanitizedJson(forMachines(run, reader))}\n`);
  } else {
    for (const line of statusTable(runs)) out(`${line}\n`);
    for (const line of runLines(newest, reader.failures(newest.id))) out(`${line}\n`);
    if (id === undefined) {
      for (const job of reader.jobs()) out(`${stateText(job, nowMs)}\n`);
      out(`${diskText(database)}\n`);
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

/** The room that a database takes, and what its disk has left. */
function diskText(database: string): string {
  const free = freeBytes(database);
  const left = free === undefined ? "free space unknown" : `${formatBytes(free)} free`;
  return `${sanitizeLine(database)}: ${formatBytes(databaseBytes(database))}, ${left}`;
}

function forMachines(run: RunRecord, reader: StoreReader) {
  const { text: _text, ...rest } = run;
  return { ...rest, pending: pendingOf(run) ?? null, failures: reader.failures(run.id) };
}

/** The file that was named, or the only database in this folder. */
async function databaseOf(args: Arguments): Promise<string> {
  const [file = args.text(flags.db), ...more] = args.operands;
  if (more.length > 0) throw new UsageError(`Cannot use "${more[0]}" as one database is shown at a time`);
  if (file !== undefined) return file;
  return await onlyDatabase();
}
