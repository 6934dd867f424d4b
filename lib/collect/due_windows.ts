/**
 * Which windows a start asks that names none. Pure: what was run before and the present come in.
 *
 * @module
 */

import type { Window, WindowRule } from "../job/job.ts";
import { dueWindows } from "../job/window.ts";
import type { RunRecord } from "../store/records.ts";
import type { RunRequest } from "./choose_run.ts";

/** What decides on windows. */
export interface DueQuestion extends RunRequest {
  readonly rule: WindowRule;
  /** Windows that ended longer ago are not kept; undefined: all are. */
  readonly keepMs: number | undefined;
  /** SHA-256 of the job's text. */
  readonly sha256: string;
  /** The newest run of each window that was ever run. */
  readonly runs: readonly RunRecord[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * The windows to ask, in their order: those of unfinished runs first, as old as they are kept, then those that are
 * due and were not run yet; both oldest first. An unfinished run of a job that has changed since counts only while
 * its window is due: beyond that it is left alone. With `isNew` and nothing due, the newest window that has closed.
 */
export function windowsToAsk(
  { rule, keepMs, sha256, runs, nowMs, isNew, retryFailed }: DueQuestion,
): Window[] {
  const byStart = new Map(runs.map((run) => [startOf(run), run]));
  const isDone = (run: RunRecord | undefined) =>
    run?.state === "finished" && !(retryFailed && run.failed > 0);
  const due = dueWindows(rule, nowMs, ({ startMs }) => isDone(byStart.get(startMs)), {
    ...(runs.length > 0 && { sinceMs: Math.min(...byStart.keys()) }),
  });
  if (isNew) return due.length > 0 ? due : dueWindows(rule, nowMs, () => false).slice(-1);
  const begun = runs
    .filter((run) => run.state !== "finished" && run.sha256 === sha256 && run.windowEnd !== null)
    .map((run) => ({ startMs: startOf(run), endMs: Date.parse(run.windowEnd ?? "") }))
    .filter(({ endMs }) => endMs >= nowMs - (keepMs ?? Infinity))
    .toSorted((one, other) => one.startMs - other.startMs);
  const isBegun = new Set(begun.map(({ startMs }) => startMs));
  return [...begun, ...due.filter(({ startMs }) => !isBegun.has(startMs))];
}

function startOf({ windowStart }: RunRecord): number {
  return Date.parse(windowStart ?? "");
}
