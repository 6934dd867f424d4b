/**
 * Judges whether the jobs of a database are well: the age and coverage of what they finished last. Pure; the words are
 * in `view/health_text.ts`.
 *
 * @module
 */

import { coverageOf } from "./coverage.ts";
import type { JobState, RunRecord } from "./records.ts";

/** What counts as well. */
export interface HealthBounds {
  /** Largest time since the newest window was finished; undefined for any. */
  readonly maxAgeMs: number | undefined;
  /** Smallest share of keys that ended with an answer, 0 to 1. */
  readonly minCoverage: number;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Why a job is not well. */
export type HealthProblem =
  | { readonly kind: "never-finished" }
  | { readonly kind: "too-old"; readonly maxAgeMs: number }
  | { readonly kind: "low-coverage"; readonly minCoverage: number }
  | { readonly kind: "died" };

/** The judgement of one job. */
export interface JobHealth {
  readonly state: JobState;
  readonly problem: HealthProblem | undefined;
}

/** Judges each job. */
export function healthOf(jobs: readonly JobState[], bounds: HealthBounds): JobHealth[] {
  return jobs.map((state) => ({
    state,
    problem: problemOf(state, bounds),
  }));
}

/** A database is well if it has jobs and all of them are. */
export function isWell(jobs: readonly JobHealth[]): boolean {
  return jobs.length > 0 && jobs.every(({ problem }) => problem === undefined);
}

/** Milliseconds since a run ended, never negative: the clock may have been set back. */
export function ageMsOf({ ended }: RunRecord, nowMs: number): number {
  return ended === null ? Infinity : Math.max(0, nowMs - Date.parse(ended));
}

function problemOf({ newest, finished }: JobState, bounds: HealthBounds): HealthProblem | undefined {
  const { maxAgeMs, minCoverage, nowMs } = bounds;
  if (finished === undefined) return { kind: "never-finished" };
  if (maxAgeMs !== undefined && ageMsOf(finished, nowMs) > maxAgeMs) return { kind: "too-old", maxAgeMs };
  if ((coverageOf(finished) ?? 0) < minCoverage) return { kind: "low-coverage", minCoverage };
  // Unlike an interrupted run, nothing resumes it by itself: a process that is killed has no exit code.
  return newest.state === "died" ? { kind: "died" } : undefined;
}
