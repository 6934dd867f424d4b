/**
 * `trawl status`: shows the runs of a database, their coverage and failures, or judges them for a monitor. Reads only;
 * a run may be under way.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { runLimits } from "../limits.ts";
import { pendingOf } from "../store/coverage.ts";
import { type Database, openDatabase, type StoreReader } from "../store/database.ts";
import { type HealthBounds, healthOf, isWell } from "../store/job_health.ts";
import type { RunRecord } from "../store/records.ts";
import { formatBytes, formatFreeSpace } from "../text/format.ts";
import { sanitizedJson, sanitizeLine } from "../text/sanitize.ts";
import { healthLine, stateText } from "../view/health_text.ts";
import { runLines, statusTable } from "../view/status_table.ts";
import type { CommandContext } from "./context.ts";
import { type ExitCode, exitCode } from "./exit_code.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { onlyDatabase } from "./job_arguments.ts";

/** Runs in the table, newest first. */
const runsShown = 20;

/** Exit code 1 if the file is damaged; the readable part is shown nevertheless. */
export async function statusCommand(args: Arguments, context: CommandContext): Promise<ExitCode> {
  const options = statusOptions(args, context.now());
  const database = await openDatabase(await databaseOf(args));
  await using reader = await database.openReader();
  try {
    if (options.isCheck) {
      const health = healthOf(await reader.jobs(), options.bounds);
      context.out(`${healthLine(health, options.bounds.nowMs)}\n`);
      return isWell(health) ? exitCode.done : exitCode.incomplete;
    }
    const isWhole = await reportDamage({ reader, database, options }, context);
    await show({ reader, database, options }, context);
    return isWhole ? exitCode.done : exitCode.failed;
  } catch (error) {
    throw reader.explain(error);
  }
}

interface StatusOptions {
  readonly isCheck: boolean;
  readonly bounds: HealthBounds;
  readonly checksFile: boolean;
  /** The run to show; undefined for the last ones. */
  readonly run: number | undefined;
  readonly showsFailedKeys: boolean;
  readonly isJson: boolean;
}

/** @throws {UsageError} If a flag of `--check` is given without it. */
function statusOptions(args: Arguments, nowMs: number): StatusOptions {
  const isCheck = args.get(flags.check);
  for (const flag of [flags.maxAge, flags.minCoverage]) {
    if (args.has(flag) && !isCheck) throw new UsageError(`--${flag.name} needs --check: add it`);
  }
  return Object.freeze({
    isCheck,
    bounds: {
      maxAgeMs: args.get(flags.maxAge),
      minCoverage: args.get(flags.minCoverage) ?? runLimits.minCoverage,
      nowMs,
    },
    checksFile: args.get(flags.checkFile),
    run: args.get(flags.run),
    showsFailedKeys: args.get(flags.failed),
    isJson: args.get(flags.json),
  });
}

interface Shown {
  readonly reader: StoreReader;
  readonly database: Database;
  readonly options: StatusOptions;
}

/** Reports what is wrong with the file; false if anything is. */
async function reportDamage(
  { reader, database: { location }, options }: Shown,
  { log }: CommandContext,
): Promise<boolean> {
  const { mistakes, isPartial, remedy } = await reader.inspect({ isFull: options.checksFile });
  for (const mistake of mistakes) log(`trawl: "${location}" is damaged: ${sanitizeLine(mistake)}\n`);
  if (mistakes.length > 0) log(`trawl: ${remedy}\n`);
  else if (isPartial) log(`trawl: "${location}" is large, so a part was checked: --check-file checks all\n`);
  return mistakes.length === 0;
}

async function show({ reader, database, options }: Shown, { out }: CommandContext): Promise<void> {
  const runs = options.run === undefined
    ? await reader.runs(runsShown)
    : [await reader.run(options.run)].filter((run) => run !== undefined);
  const [newest] = runs;
  if (newest === undefined) {
    throw new UsageError(
      options.run === undefined
        ? `No run in "${database.location}" yet: start one with trawl run`
        : `No run ${options.run} in "${database.location}": see trawl status`,
    );
  }
  if (options.showsFailedKeys) {
    for await (const { key, reason, status, attempts } of reader.failedKeys(newest.id)) {
      out(`${sanitizeLine(key, Infinity)}\t${reason}\t${status ?? "-"}\t${attempts}\n`);
    }
  } else if (options.isJson) {
    for (const run of runs) out(`${sanitizedJson(await runJson(run, reader))}\n`);
  } else {
    for (const line of statusTable(runs)) out(`${line}\n`);
    for (const line of runLines(newest, await reader.failures(newest.id))) out(`${line}\n`);
    if (options.run !== undefined) return;
    for (const job of await reader.jobs()) out(`${stateText(job, options.bounds.nowMs)}\n`);
    out(`${await diskText(database)}\n`);
  }
}

async function diskText(database: Database): Promise<string> {
  const free = formatFreeSpace(await database.freeBytes());
  return `${sanitizeLine(database.location)}: ${formatBytes(await database.bytes())}, ${free}`;
}

async function runJson(run: RunRecord, reader: StoreReader) {
  const { text: _text, ...rest } = run;
  return { ...rest, pending: pendingOf(run) ?? null, failures: await reader.failures(run.id) };
}

/** The operand, `--db`, or the only database of this folder. */
async function databaseOf(args: Arguments): Promise<string> {
  const [file = args.get(flags.db), ...more] = args.operands;
  if (more[0] !== undefined) throw new UsageError(`Too many operands: name one DB, not also "${more[0]}"`);
  return file ?? await onlyDatabase();
}
