/**
 * What `trawl status --json` prints: one object, with runs, jobs and the file, or with the judgement of `--check`. The
 * fields are stable: scripts read them. Pure.
 *
 * @module
 */

import { coverageOf, pendingOf } from "../store/coverage.ts";
import { ageMsOf, isWell, type JobHealth } from "../store/job_health.ts";
import type { FailedFetch, FailureCount, Inspection, JobState, RunRecord } from "../store/records.ts";
import { sanitizedJson } from "../text/sanitize.ts";
import { healthLine } from "./health_text.ts";

/** A database as `status` shows it. */
export interface StatusView {
  readonly database: string;
  readonly bytes: number;
  /** Undefined where the system does not tell. */
  readonly freeBytes: number | undefined;
  readonly inspection: Inspection;
  /** Newest first. */
  readonly runs: readonly { readonly run: RunRecord; readonly failures: readonly FailureCount[] }[];
  readonly jobs: readonly JobState[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Runs, jobs and the file as one JSON object. */
export function statusJson(
  { database, bytes, freeBytes, inspection, runs, jobs, nowMs }: StatusView,
): string {
  return sanitizedJson({
    database,
    bytes,
    freeBytes: freeBytes ?? null,
    damage: inspection.mistakes,
    isPartlyChecked: inspection.isPartial,
    runs: runs.map(({ run, failures }) => ({ ...runFields(run), failures })),
    jobs: jobs.map((state) => jobFields(state, nowMs)),
  });
}

/** The judgement of `--check` as one JSON object. */
export function healthJson(jobs: readonly JobHealth[], nowMs: number): string {
  return sanitizedJson({
    isWell: isWell(jobs),
    text: healthLine(jobs, nowMs),
    jobs: jobs.map(({ state, problem }) => ({ ...jobFields(state, nowMs), problem: problem?.kind ?? null })),
  });
}

/** One failed key as JSON. */
export function failedKeyJson({ key, reason, status, attempts, detail }: FailedFetch): string {
  return sanitizedJson({ key, reason, status, attempts, detail });
}

function runFields(run: RunRecord) {
  const { ok, empty, unchanged, failed, rows, bytes, attempts } = run;
  return {
    run: run.id,
    job: run.job,
    windowStart: run.windowStart,
    windowEnd: run.windowEnd,
    state: run.state,
    reason: run.reason,
    started: run.started,
    ended: run.ended,
    coverage: coverageOf(run) ?? null,
    keys: run.keys,
    ok,
    empty,
    unchanged,
    failed,
    pending: pendingOf(run) ?? null,
    rows,
    bytes,
    attempts,
  };
}

/** A job's newest run, and its newest finished window with the age of that. */
function jobFields({ newest, finished }: JobState, nowMs: number) {
  return {
    job: newest.job,
    newest: runFields(newest),
    finished: finished === undefined ? null : runFields(finished),
    ageMs: finished === undefined ? null : ageMsOf(finished, nowMs),
  };
}
