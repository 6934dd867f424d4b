/**
 * The health of jobs in words: one line for a monitor, one for each job in `status`. Pure.
 *
 * @module
 */

import { coverageOf } from "../store/coverage.ts";
import { ageMsOf, isWell, type JobHealth } from "../store/job_health.ts";
import type { JobState, RunRecord } from "../store/records.ts";
import { formatDuration, percent } from "../text/format.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { endText, windowText } from "./status_table.ts";

/** `ok: ` and the state of each job, or `not ok: ` and the problems. */
export function healthLine(jobs: readonly JobHealth[], nowMs: number): string {
  if (jobs.length === 0) return "not ok: no run yet";
  return isWell(jobs)
    ? `ok: ${jobs.map(({ state }) => stateText(state, nowMs)).join("; ")}`
    : `not ok: ${jobs.flatMap((job) => problemText(job, nowMs) ?? []).join("; ")}`;
}

/** `days: 2026-11-20 finished 3h 2m ago, coverage 99.98 %`. */
export function stateText({ newest, finished }: JobState, nowMs: number): string {
  if (finished === undefined) return `${sanitizeLine(newest.job, 40)}: never finished`;
  const coverage = coverageOf(finished);
  return `${nameOf(finished)} finished ${formatDuration(ageMsOf(finished, nowMs))} ago, coverage ${
    coverage === undefined ? "unknown" : percent(coverage)
  }`;
}

function problemText({ state, problem }: JobHealth, nowMs: number): string | undefined {
  const text = stateText(state, nowMs);
  switch (problem?.kind) {
    case "never-finished":
      return `${text}${interruptionText(state)}`;
    case "too-old":
      return `${text}: more than ${formatDuration(problem.maxAgeMs)} ago${interruptionText(state)}`;
    case "low-coverage":
      return `${text}: below ${percent(problem.minCoverage)}${interruptionText(state)}`;
    case "died":
      return `${text}${interruptionText(state)}`;
    case undefined:
      return undefined;
  }
}

function interruptionText({ newest }: JobState): string {
  if (newest.state === "finished" || newest.reason === null) return "";
  return newest.state === "died"
    ? ` (${endText(newest)})`
    : ` (run ${newest.id} was interrupted: ${sanitizeLine(newest.reason)})`;
}

function nameOf(run: RunRecord): string {
  const name = sanitizeLine(run.job, 40);
  return run.windowStart === null ? `${name}: run ${run.id}` : `${name}: ${windowText(run)}`;
}
