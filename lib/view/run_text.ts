/**
 * What is said of a run at its start and when it is asked to stop. Pure.
 *
 * @module
 */

/** A run that starts or is resumed. */
export interface RunTitle {
  readonly job: string;
  /** Such as `2026-11-20`. */
  readonly window: string | undefined;
  readonly run: number;
  readonly isResumed: boolean;
  /** Keys that have a verdict already. */
  readonly done: number;
}

/** `updates resumes run 3 for 2026-11-20: 512 keys have a verdict`. */
export function startText(title: RunTitle): string {
  const { job, run, isResumed, done } = title;
  const about = windowSuffix(title);
  return isResumed
    ? `${job} resumes run ${run}${about}: ${done} ${done === 1 ? "key has" : "keys have"} a verdict`
    : `${job} starts run ${run}${about}`;
}

/** ` for 2026-11-20`, or nothing for a job without windows. */
export function windowSuffix({ window }: Pick<RunTitle, "window">): string {
  return window === undefined ? "" : ` for ${window}`;
}

/** Said at the first signal. */
export const stoppingText =
  "stopping: requests in flight have 10 s to finish; press Ctrl-C again to end at once";
