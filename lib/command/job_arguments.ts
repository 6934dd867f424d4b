/**
 * The job that a command line asks for: a preset, a file, or flags.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { jobFromFlags } from "../job/from_flags.ts";
import type { Job, Window } from "../job/job.ts";
import { loadJob } from "../job/load_job.ts";
import { overrideJob } from "../job/override.ts";
import { resolveJobName } from "../job/presets.ts";
import { dueWindows, parseWindow } from "../job/window.ts";
import type { Context } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";

/**
 * Loads the job, with what the flags change of it.
 *
 * @throws {UsageError} If there is no such job, or anything is wrong with it.
 */
export async function loadJobOf(args: Arguments, context: Pick<Context, "env" | "secret">): Promise<Job> {
  return overrideJob(await baseJob(args, context), {
    keys: args.text(flags.keys),
    inFlight: args.text(flags.inFlight) === "auto"
      ? "auto"
      : args.count(flags.inFlight, { min: 1, or: "auto" }),
    rate: args.text(flags.rate),
    batch: args.count(flags.batch, { min: 1 }),
    minCoverage: args.number(flags.minCoverage, { min: 0, max: 1 }),
  });
}

/** The file that a job is stored in. */
export function databaseOf(args: Arguments, job: Job): string {
  return args.text(flags.db) ?? `${job.name}.db`;
}

/** @throws {UsageError} If there is not exactly one database in this folder. */
export async function onlyDatabase(): Promise<string> {
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

/**
 * The window that `--window` names; undefined if it names none.
 *
 * @throws {UsageError} If the job has no windows, or not this one.
 */
export function givenWindow(job: Job, args: Arguments, { now }: Pick<Context, "now">): Window | undefined {
  const text = args.text(flags.window);
  if (text === undefined) return undefined;
  if (job.window === undefined) {
    throw new UsageError(`Cannot use --window as the job has no [window]: "${job.name}"`);
  }
  return parseWindow(text, job.window, { nowMs: now() });
}

/** The window that `--window` names, or the newest that is due. */
export function givenOrNewestWindow(
  job: Job,
  args: Arguments,
  context: Pick<Context, "now">,
): Window | undefined {
  const newest = job.window && dueWindows(job.window, context.now(), () => false).at(-1);
  return givenWindow(job, args, context) ?? newest;
}

/** @throws {UsageError} If the keys come from a terminal, where nobody is asked for them. */
export function refuseTerminal({ keys }: Job): void {
  if (keys.kind === "stdin" && Deno.stdin.isTerminal()) {
    throw new UsageError(
      "Cannot read the keys from a terminal: name a file with --keys FILE, or pipe them in",
    );
  }
}

async function baseJob(
  args: Arguments,
  { env, secret }: Pick<Context, "env" | "secret">,
): Promise<Job> {
  const sources = { env, secret };
  const [name, ...more] = args.operands;
  const url = args.text(flags.url);
  if (more.length > 0) throw new UsageError(`Cannot use "${more[0]}" as one job is run at a time: "${name}"`);
  if (url === undefined) {
    if (name === undefined) {
      throw new UsageError("Cannot tell what to ask as there must be a JOB or a --url: see --help");
    }
    for (const flag of [flags.rows, flags.column]) {
      if (args.has(flag)) {
        throw new UsageError(`Cannot use --${flag.name} as it goes with --url only: the job is "${name}"`);
      }
    }
    const { text, file } = await resolveJobName(name);
    return loadJob(text, { file, set: settings(args.texts(flags.set)), ...sources });
  }
  const rows = args.text(flags.rows);
  if (rows === undefined) {
    throw new UsageError("Cannot use --url as it needs --rows: such as --rows '$.items[*]'");
  }
  if (args.has(flags.set)) {
    throw new UsageError("Cannot use --set as it goes with a job only: there is --url");
  }
  return jobFromFlags({ url, rows, columns: args.texts(flags.column), name }, sources);
}

function settings(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map((text) => {
    const at = text.indexOf("=");
    if (at <= 0) throw new UsageError(`Cannot use --set as it must be NAME=VALUE: "${text}"`);
    return [text.slice(0, at), text.slice(at + 1)];
  }));
}
