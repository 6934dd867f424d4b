/**
 * What `runJob` needs to know besides the job, as typed values. `trawl run` makes it from flags; demo builds it itself.
 *
 * @module
 */

import type { RunRequest } from "../collect/choose_run.ts";
import type { Job, Window } from "../job/job.ts";
import type { Platform } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags, isSilent } from "./flags.ts";
import { databaseOf, givenWindows } from "./job_arguments.ts";

/** Options of one start. */
export interface RunOptions extends RunRequest {
  /** The database file. */
  readonly database: string;
  /** The windows to collect; undefined for every window that is due, or for a job without windows. */
  readonly windows: readonly Window[] | undefined;
  /** Ask this many keys only, control keys not counted. */
  readonly limit: number | undefined;
  /** Neither check the free space before a run nor stop when the disk fills up. */
  readonly ignoresFreeSpace: boolean;
  /** Print errors only. */
  readonly isQuiet: boolean;
  /** Print each summary as JSON on standard output. */
  readonly isJson: boolean;
  /** Write Prometheus metrics to this file. */
  readonly metricsFile: string | undefined;
}

/** The options that change nothing. */
export const runDefaults: Omit<RunOptions, "database"> = Object.freeze({
  windows: undefined,
  limit: undefined,
  isNew: false,
  retryFailed: false,
  ignoresFreeSpace: false,
  isQuiet: false,
  isJson: false,
  metricsFile: undefined,
});

/**
 * The options that the flags of `trawl run` stand for.
 *
 * @throws {UsageError} If `--window` names no window of the job.
 */
export function runOptions(args: Arguments, job: Job, { now }: Pick<Platform, "now">): RunOptions {
  return Object.freeze({
    database: databaseOf(args, job),
    windows: givenWindows(job, args, { now }),
    limit: args.get(flags.limit),
    isNew: args.get(flags.isNew),
    retryFailed: args.get(flags.retryFailed),
    ignoresFreeSpace: args.get(flags.ignoreFreeSpace),
    isQuiet: isSilent(args),
    isJson: args.get(flags.json),
    metricsFile: args.get(flags.metrics),
  });
}
