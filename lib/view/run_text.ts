/**
 * What is said of a run at its start and when it is asked to stop. Pure.
 *
 * @module
 */

import { runLimits } from "../limits.ts";
import { formatDuration } from "../text/format.ts";

/** A run that starts or is resumed. */
export interface RunTitle {
  readonly job: string;
  /** Such as `2026-11-20`. */
  readonly window: string | undefined;
  readonly run: number;
  readonly isResumed: boolean;
  /** Keys that have a verdict already. */
  readonly done: number;
  /** The run before this one with the same window, or none, whose rows stay. */
  readonly follows: number | undefined;
  readonly tables: readonly string[];
}

/** `updates resumes run 3 for 2026-11-20: 512 keys have a verdict`. */
export function startText(title: RunTitle): string {
  const { job, run, isResumed, done, follows, tables } = title;
  const about = windowSuffix(title);
  if (isResumed) {
    return `${job} resumes run ${run}${about}: ${done} ${done === 1 ? "key has" : "keys have"} a verdict`;
  }
  const kept = follows === undefined
    ? ""
    : `; the rows of run ${follows} stay in ${tables.map((name) => `${name}_history`).join(", ")}`;
  return `${job} starts run ${run}${about}${kept}`;
}

/** ` for 2026-11-20`, or nothing for a job without windows. */
export function windowSuffix({ window }: Pick<RunTitle, "window">): string {
  return window === undefined ? "" : ` for ${window}`;
}

/** Said at the first signal. */
export const stoppingText = `stopping: requests in flight have ${
  formatDuration(runLimits.graceMs)
} to finish; press Ctrl-C again to end at once`;
