/**
 * The exit codes of all commands, and the one place that decides them: from the result of a run, or from an error.
 * Pure.
 *
 * @module
 */

import type { CollectResult } from "../collect/collect.ts";
import { InterruptedError, UsageError } from "../errors.ts";
import { coverageOf } from "../store/coverage.ts";

/** Every exit code, by its reason. */
export const exitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  incomplete: 3,
  interrupted: 75,
} as const;

/** An exit code. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** What each exit code means, for help texts and documentation. */
export const exitMeanings: Readonly<Record<ExitCode, string>> = {
  0: "success",
  1: "internal error, or damaged data",
  2: "wrong usage, job file, credentials or key list: change something first",
  3: "finished, but not well: coverage too low, or a check failed",
  75: "interrupted by a passing cause: run the same command again",
};

/**
 * Worst first. A person must act on 1, 2 and 3: trawl or its data is broken, nothing can be asked, answers are missing.
 * 75 needs no person, so it comes last: a service restarts after 75, and that restart does not report a window
 * that ended with 3.
 */
const worstFirst: readonly ExitCode[] = [
  exitCode.failed,
  exitCode.usage,
  exitCode.incomplete,
  exitCode.interrupted,
];

/** The worst of some exit codes; 0 of none. */
export function worstOf(codes: readonly ExitCode[]): ExitCode {
  return worstFirst.find((code) => codes.includes(code)) ?? exitCode.done;
}

/**
 * The exit code of a run. A control key that failed for a passing reason, such as maintenance, is like an API that is
 * down: the next start goes on. A lasting reason needs a person.
 */
export function exitCodeOfRun(result: CollectResult, minCoverage: number): ExitCode {
  if (result.isRefused === true) return exitCode.usage;
  if (result.controlFailure === "lasting") return exitCode.incomplete;
  if (result.state === "interrupted" && !result.isLimited) return exitCode.interrupted;
  return runCoverage(result) < minCoverage ? exitCode.incomplete : exitCode.done;
}

/** The share of a run's keys that ended with an answer, 0 to 1; 0 while the number of keys is unknown. */
export function runCoverage({ counts, keys }: CollectResult): number {
  return coverageOf({ ...counts, keys }) ?? 0;
}

/** The exit code of a command that threw. */
export function exitCodeOfError(error: unknown): ExitCode {
  if (error instanceof UsageError) return exitCode.usage;
  return error instanceof InterruptedError ? exitCode.interrupted : exitCode.failed;
}
