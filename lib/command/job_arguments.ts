/**
 * The job, window and database that a command line names. Reads the job file and the folder's names only.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { inlineJob } from "../job/inline_job.ts";
import type { Job, Window } from "../job/job.ts";
import { loadJob } from "../job/load_job.ts";
import { overrideJob } from "../job/override.ts";
import { resolveJobName } from "../job/presets.ts";
import { dueWindows, parseWindows } from "../job/window.ts";
import { isoTime } from "../text/format.ts";
import type { CommandContext } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";

/**
 * The job that JOB or `--url` names, with the overrides of other flags.
 *
 * @throws {UsageError} If there is no such job, or it has a mistake.
 */
export async function loadJobOf(
  args: Arguments,
  context: Pick<CommandContext, "env" | "secret">,
): Promise<Job> {
  return overrideJob(await baseJob(args, context), {
    keys: args.get(flags.keys),
    inFlight: args.get(flags.inFlight),
    rate: args.get(flags.rate),
    batch: args.get(flags.batch),
    minCoverage: args.get(flags.minCoverage),
    failedWindows: args.get(flags.retryFailedWindows),
  });
}

/** The database file of a job. */
export function databaseOf(args: Arguments, job: Job): string {
  return args.get(flags.db) ?? `${job.name}.db`;
}

/** @throws {UsageError} If this folder does not have exactly one `.db` file. */
export async function onlyDatabase(): Promise<string> {
  const found: string[] = [];
  for await (const { name, isFile } of Deno.readDir(".")) {
    if (isFile && name.endsWith(".db")) found.push(name);
  }
  const [only] = found;
  if (only === undefined) throw new UsageError("No .db file in this folder: name the database");
  if (found.length > 1) throw new UsageError(`${found.length} .db files in this folder: name the database`);
  return only;
}

/**
 * The windows of `--window`, if given, oldest first.
 *
 * @throws {UsageError} If the job has no windows, or no such windows, or deletes them at the end of the same start.
 */
export function givenWindows(
  job: Job,
  args: Arguments,
  { now }: Pick<CommandContext, "now">,
): readonly Window[] | undefined {
  const text = args.get(flags.window);
  if (text === undefined) return undefined;
  if (job.window === undefined) {
    throw new UsageError(`Cannot use --window: the job must have a [window], got "${job.name}" without`);
  }
  const nowMs = now();
  const windows = parseWindows(text, job.window, { nowMs });
  const keptMs = nowMs - (job.keepMs ?? Infinity);
  if (windows[0].endMs < keptMs) {
    throw new UsageError(
      `Cannot use the window ${JSON.stringify(text)}: the job deletes windows that ended before ` +
        `${isoTime(keptMs)}, got an end of ${isoTime(windows[0].endMs)}; lengthen keep to collect it`,
    );
  }
  return windows;
}

/** The windows of `--window`, or else the newest window that is due; none for a job without windows. */
export function givenOrNewestWindows(
  job: Job,
  args: Arguments,
  context: Pick<CommandContext, "now">,
): readonly Window[] {
  return givenWindows(job, args, context) ??
    (job.window === undefined ? [] : dueWindows(job.window, context.now(), () => false).slice(-1));
}

/** @throws {UsageError} If the keys would be read from a terminal. */
export function refuseTerminal({ keys }: Job): void {
  if (keys.kind === "stdin" && Deno.stdin.isTerminal()) {
    throw new UsageError("Standard input is a terminal: name a file with --keys FILE, or pipe the keys in");
  }
}

async function baseJob(
  args: Arguments,
  { env, secret }: Pick<CommandContext, "env" | "secret">,
): Promise<Job> {
  const [name, ...more] = args.operands;
  if (more[0] !== undefined) throw new UsageError(`Too many operands: name one JOB, not also "${more[0]}"`);
  const url = args.get(flags.url);
  if (url !== undefined) return jobWithoutFile(args, { url, name }, { env, secret });
  if (name === undefined) throw new UsageError("No job: name a JOB, or give --url and --rows; see --help");
  for (const flag of [flags.rows, flags.column]) {
    if (args.has(flag)) {
      throw new UsageError(`--${flag.name} needs --url: the job "${name}" has its own [rows]`);
    }
  }
  const { text, file } = await resolveJobName(name);
  return loadJob(text, { file, set: Object.fromEntries(args.get(flags.set)), env, secret });
}

function jobWithoutFile(
  args: Arguments,
  { url, name }: { readonly url: string; readonly name: string | undefined },
  sources: Pick<CommandContext, "env" | "secret">,
): Job {
  const rows = args.get(flags.rows);
  if (rows === undefined) throw new UsageError("--url needs --rows: add a path such as --rows '$.items[*]'");
  if (args.has(flags.set)) throw new UsageError("--set needs a JOB: write the value into --url instead");
  return inlineJob({ url, rows, columns: args.get(flags.column), name }, { ...sources, nameOf: flagOf });
}

/** The flag that a field of the job comes from. */
function flagOf([table, field, column]: readonly PropertyKey[]): string | undefined {
  if (table === "name") return "the job's name";
  if (table === "request" && field === "url") return "--url";
  if (table === "rows" && field === "path") return "--rows";
  if (table !== "rows" || field !== "columns") return undefined;
  return column === undefined ? "--column" : `--column ${String(column)}`;
}
