/**
 * `trawl status`: shows the runs of a database, their coverage and failures, or judges them for a monitor. Reads only;
 * a run may be under way.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { runLimits } from "../limits.ts";
import { type Database, openDatabase, type StoreReader } from "../store/database.ts";
import { type HealthBounds, healthOf, isWell } from "../store/job_health.ts";
import type { Inspection, RunRecord } from "../store/records.ts";
import { formatBytes, formatFreeSpace } from "../text/format.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { healthLine, stateText } from "../view/health_text.ts";
import { failedKeyJson, healthJson, statusJson, type StatusView } from "../view/status_json.ts";
import { failedKeyLine, runLines, statusTable } from "../view/status_table.ts";
import type { CommandContext } from "./context.ts";
import { type ExitCode, exitCode } from "./exit_code.ts";
import type { Arguments } from "./flag.ts";
import { flags, isSilent } from "./flags.ts";
import { onlyDatabase } from "./job_arguments.ts";

/** Runs in the table, newest first. */
const runsShown = 20;

/** Exit code 1 if the file is damaged; the readable part is shown nevertheless. */
export async function statusCommand(args: Arguments, context: CommandContext): Promise<ExitCode> {
  const options = statusOptions(args, context.now());
  const database = await openDatabase(await databaseOf(args));
  await using reader = await database.openReader();
  try {
    const inspection = await reader.inspect({ isFull: options.checksFile });
    const isWhole = inspection.mistakes.length === 0;
    if (options.isCheck) {
      if (!isWhole) reportDamage(inspection, database, context);
      const { bounds, isJson } = options;
      const health = healthOf(await reader.jobs(), bounds);
      context.out(`${isJson ? healthJson(health, bounds.nowMs) : healthLine(health, bounds.nowMs)}\n`);
      return !isWhole ? exitCode.failed : isWell(health) ? exitCode.done : exitCode.incomplete;
    }
    if (!options.isSilent) reportDamage(inspection, database, context);
    await show({ reader, database, options, inspection }, context);
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
  /** Failed keys are shown with what the server said. */
  readonly isVerbose: boolean;
  readonly isJson: boolean;
  /** Prints no messages beside the JSON object. */
  readonly isSilent: boolean;
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
    isVerbose: args.get(flags.verbose),
    isJson: args.get(flags.json),
    isSilent: isSilent(args),
  });
}

interface Shown {
  readonly reader: StoreReader;
  readonly database: Database;
  readonly options: StatusOptions;
  readonly inspection: Inspection;
}

/** Reports what is wrong with the file. */
function reportDamage(
  { mistakes, isPartial, remedy }: Inspection,
  { location }: Database,
  { log }: CommandContext,
): void {
  for (const mistake of mistakes) log(`trawl: "${location}" is damaged: ${sanitizeLine(mistake)}\n`);
  if (mistakes.length > 0) log(`trawl: ${remedy}\n`);
  else if (isPartial) log(`trawl: "${location}" is large, so a part was checked: --check-file checks all\n`);
}

async function show(shown: Shown, { out }: CommandContext): Promise<void> {
  const { reader, database, options } = shown;
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
    await showFailedKeys(newest.id, shown, out);
  } else if (options.isJson) {
    out(`${statusJson(await viewOf(runs, shown))}\n`);
  } else {
    for (const line of statusTable(runs)) out(`${line}\n`);
    for (const line of runLines(newest, await reader.failures(newest.id))) out(`${line}\n`);
    if (options.run !== undefined) return;
    for (const job of await reader.jobs()) out(`${stateText(job, options.bounds.nowMs)}\n`);
    out(`${await diskText(database)}\n`);
  }
}

/** Lists the failed keys of a run as they are read: there may be millions. */
async function showFailedKeys(
  run: number,
  { reader, options }: Shown,
  out: CommandContext["out"],
): Promise<void> {
  if (!options.isJson) {
    for await (const failed of reader.failedKeys(run)) out(`${failedKeyLine(failed, options)}\n`);
    return;
  }
  let before = `{"run":${run},"failedKeys":[`;
  for await (const failed of reader.failedKeys(run)) {
    out(`${before}\n${failedKeyJson(failed)}`);
    before = ",";
  }
  out(before === "," ? "\n]}\n" : `${before}]}\n`);
}

async function viewOf(
  runs: readonly RunRecord[],
  { reader, database, options, inspection }: Shown,
): Promise<StatusView> {
  return {
    database: database.location,
    bytes: await database.bytes(),
    freeBytes: await database.freeBytes(),
    inspection,
    runs: await Promise.all(runs.map(async (run) => ({ run, failures: await reader.failures(run.id) }))),
    jobs: await reader.jobs(),
    nowMs: options.bounds.nowMs,
  };
}

async function diskText(database: Database): Promise<string> {
  const free = formatFreeSpace(await database.freeBytes());
  return `${sanitizeLine(database.location)}: ${formatBytes(await database.bytes())}, ${free}`;
}

/** The operand, `--db`, or the only database of this folder. */
async function databaseOf(args: Arguments): Promise<string> {
  const [file = args.get(flags.db), ...more] = args.operands;
  if (more[0] !== undefined) throw new UsageError(`Too many operands: name one DB, not also "${more[0]}"`);
  return file ?? await onlyDatabase();
}
