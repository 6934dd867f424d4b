/**
 * Whether all is well with the jobs of a database: how old what they found is, and how much of it there is. Pure.
 *
 * @module
 */

import type { JobState, RunRecord } from "../store/records.ts";
import { coverageOf } from "../store/coverage.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { windowText } from "./status_table.ts";
import { formatDuration, percent } from "../text/format.ts";

/** What is well enough. */
export interface HealthBounds {
  /** Milliseconds since the newest window was finished, at most. */
  readonly maxAgeMs: number | undefined;
  /** The share of keys that ended with an answer, at least: 0 to 1. */
  readonly minCoverage: number;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** One line for a monitor: what is not well, or else how each job is. */
export function healthLine(
  jobs: readonly JobState[],
  bounds: HealthBounds,
): { readonly isWell: boolean; readonly line: string } {
  const problems = jobs.flatMap((job) => problemOf(job, bounds) ?? []);
  const isWell = problems.length === 0 && jobs.length > 0;
  const texts = isWell ? jobs.map((job) => stateText(job, bounds.nowMs)) : problems;
  return { isWell, line: `${isWell ? "ok" : "not ok"}: ${texts.join("; ") || "nothing was ever run"}` };
}

/** How a job is: `days: 2026-11-20 finished 3h 2m ago, coverage 99.98 %`. */
export function stateText({ newest, finished }: JobState, nowMs: number): string {
  if (finished === undefined) return `${sanitizeLine(newest.job, 40)}: nothing has been finished yet`;
  const coverage = coverageOf(finished);
  return `${nameOf(finished)} finished ${formatDuration(ageMsOf(finished, nowMs))} ago, coverage ${
    coverage === undefined ? "unknown" : percent(coverage)
  }`;
}

/** What is not well with a job, if anything. */
function problemOf(state: JobState, { maxAgeMs, minCoverage, nowMs }: HealthBounds): string | undefined {
  const { newest, finished } = state;
  const text = stateText(state, nowMs);
  const why = newest.state !== "finished" && newest.reason !== null
    ? ` (run ${newest.id} was interrupted: ${sanitizeLine(newest.reason)})`
    : "";
  if (finished === undefined) return `${text}${why}`;
  if (maxAgeMs !== undefined && ageMsOf(finished, nowMs) > maxAgeMs) {
    return `${text}: more than ${formatDuration(maxAgeMs)} ago${why}`;
  }
  const coverage = coverageOf(finished) ?? 0;
  return coverage < minCoverage ? `${text}: below ${percent(minCoverage)}` : undefined;
}

function nameOf(run: RunRecord): string {
  const name = sanitizeLine(run.job, 40);
  return run.windowStart === null ? `${name}: run ${run.id}` : `${name}: ${windowText(run)}`;
}

/** A clock that was set back makes nothing younger than now. */
function ageMsOf({ ended }: RunRecord, nowMs: number): number {
  return ended === null ? Infinity : Math.max(0, nowMs - Date.parse(ended));
}
