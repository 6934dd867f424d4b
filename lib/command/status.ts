/**
 * `trawl status`: the runs of a database, their coverage and what failed.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { formatBytes } from "../job/units.ts";
import { run as limits } from "../limits.ts";
import { databaseBytes, freeBytes } from "../store/footprint.ts";
import { Reader } from "../store/reader.ts";
import type { RunRecord } from "../store/records.ts";
import { type HealthBounds, healthLine, stateText } from "../view/health.ts";
import { printable } from "../view/printable.ts";
import { pendingOf, runLines, statusTable } from "../view/status.ts";
import { type Context, Exit } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { onlyDatabase } from "./load.ts";

const ageMsMax = 3_650 * 86_400_000;

/** Runs that are shown, newest first. */
const runsShown = 20;

/** Reads only; a run may be under way. */
export async function statusCommand(args: Arguments, { out, now }: Context): Promise<number> {
  const database = await databaseOf(args);
  const bounds = boundsOf(args, now());
  using reader = Reader.open(database);
  if (args.has(flags.check)) {
    const { isWell, line } = healthLine(reader.jobs(), bounds);
    out(`${line}\n`);
    return isWell ? Exit.done : Exit.incomplete;
  }
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
    for (const run of runs) out(`${JSON.stringify(forMachines(run, reader))}\n`);
  } else {
    for (const line of statusTable(runs)) out(`${line}\n`);
    for (const line of runLines(newest, reader.failures(newest.id))) out(`${line}\n`);
    if (id === undefined) {
      for (const job of reader.jobs()) out(`${stateText(job, bounds.nowMs)}\n`);
      out(`${printable(database)}: ${formatBytes(databaseBytes(database))}, ${freeText(database)}\n`);
    }
  }
  return Exit.done;
}

/** @throws {UsageError} If a bound is none, or has no --check beside it. */
function boundsOf(args: Arguments, nowMs: number): HealthBounds {
  const isCheck = args.has(flags.check);
  for (const flag of [flags.maxAge, flags.minCoverage]) {
    if (args.has(flag) && !isCheck) throw new UsageError(`Cannot use --${flag.name} as it goes with --check`);
  }
  return {
    maxAgeMs: args.duration(flags.maxAge, { min: 1_000, max: ageMsMax }),
    minCoverage: args.number(flags.minCoverage, { min: 0, max: 1 }) ?? limits.minCoverage,
    nowMs,
  };
}

function freeText(database: string): string {
  const free = freeBytes(database);
  return free === undefined ? "free space unknown" : `${formatBytes(free)} free`;
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
  return await onlyDatabase();
}
