/**
 * Windows to collect when the user names none: unfinished ones and those that are due. Pure: earlier runs and the time
 * are arguments.
 *
 * @module
 */

import type { Window, WindowRule } from "../job/job.ts";
import { dueWindows } from "../job/window.ts";
import type { RunRecord } from "../store/records.ts";
import type { RunRequest } from "./choose_run.ts";

/** Options of {@linkcode windowsToAsk}. */
export interface DueOptions extends RunRequest {
  readonly rule: WindowRule;
  /** Age of a window's end at which its rows are deleted; undefined: rows are kept. */
  readonly keepMs: number | undefined;
  /** SHA-256 of the job's text. */
  readonly identity: string;
  /** The newest run of each window. */
  readonly runs: readonly RunRecord[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * The windows to collect, in order: first those of unfinished runs that retention keeps, then due windows without a
 * finished run, both oldest first. An unfinished run of another identity counts only while its window is due.
 * With `isNew` and nothing due: the newest closed window.
 */
export function windowsToAsk(
  { rule, keepMs, identity, runs, nowMs, isNew, retryFailed }: DueOptions,
): Window[] {
  const byStart = new Map(runs.map((run) => [startOf(run), run]));
  // A run of a shorter or longer window with the same start says nothing about this one.
  const isDone = (run: RunRecord | undefined, { endMs }: Window) =>
    run?.state === "finished" && Date.parse(run.windowEnd ?? "") === endMs &&
    !(retryFailed && run.failed > 0);
  const due = dueWindows(rule, nowMs, (window) => isDone(byStart.get(window.startMs), window), {
    ...(runs.length > 0 && { sinceMs: Math.min(...byStart.keys()) }),
  });
  if (isNew) return due.length > 0 ? due : dueWindows(rule, nowMs, () => false).slice(-1);
  const begun = runs
    .filter((run) => run.state !== "finished" && run.identity === identity && run.windowEnd !== null)
    .map((run) => ({ startMs: startOf(run), endMs: Date.parse(run.windowEnd ?? "") }))
    .filter(({ endMs }) => endMs >= nowMs - (keepMs ?? Infinity))
    .toSorted((one, other) => one.startMs - other.startMs);
  const isBegun = new Set(begun.map(({ startMs }) => startMs));
  return [...begun, ...due.filter(({ startMs }) => !isBegun.has(startMs))];
}

/** What {@linkcode windowsToRetry} chooses from. */
export interface RetryOptions extends Pick<DueOptions, "identity" | "runs" | "keepMs" | "nowMs"> {
  /** Newest finished windows to look at. */
  readonly count: number;
}

/** The runs of the newest finished windows that have failed keys, oldest window first. */
export function windowsToRetry({ identity, runs, keepMs, nowMs, count }: RetryOptions): RunRecord[] {
  return runs
    .filter(({ state, windowEnd }) => state === "finished" && windowEnd !== null)
    .toSorted((one, other) => startOf(one) - startOf(other))
    .slice(count === 0 ? Infinity : -count)
    .filter((run) => run.failed > 0 && run.identity === identity)
    .filter(({ windowEnd }) => Date.parse(windowEnd ?? "") >= nowMs - (keepMs ?? Infinity));
}

function startOf({ windowStart }: RunRecord): number {
  return Date.parse(windowStart ?? "");
}
