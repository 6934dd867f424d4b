/**
 * The runs of a database as a table. Pure.
 *
 * @module
 */

import type { FailedFetch, FailureCount, RunRecord } from "../store/records.ts";
import { coverageOf, pendingOf } from "../store/coverage.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { exampleText } from "./fact.ts";
import { formatBytes, formatCount, percent } from "../text/format.ts";

const headings = [
  "run",
  "job",
  "window",
  "state",
  "coverage",
  "ok",
  "empty",
  "failed",
  "pending",
  "rows",
  "data",
  "started",
];

/** One line a run, newest first. */
export function statusTable(runs: readonly RunRecord[]): string[] {
  const cells = [headings, ...runs.map(cellsOf)];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
}

/** A failed key as a line of columns; with `isVerbose`, what the server said is the last one. */
export function failedKeyLine(
  { key, reason, status, attempts, detail }: FailedFetch,
  { isVerbose }: { readonly isVerbose: boolean },
): string {
  const columns = [sanitizeLine(key, Infinity), reason, status ?? "-", attempts];
  return [...columns, ...(isVerbose ? [sanitizeLine(detail ?? "-", Infinity)] : [])].join("\t");
}

/** Why a run ended, and its failures. */
export function runLines(run: RunRecord, failures: readonly FailureCount[]): string[] {
  return [
    ...(run.reason === null ? [] : [endText(run)]),
    ...failures.map((failure) =>
      `run ${run.id}: ${formatCount(failure.count)} failed with ${failure.reason}: ${exampleText(failure)}`
    ),
  ];
}

/** Why and, for a run that died, when a run ended: `run 7: the API is down`. */
export function endText({ id, state, ended, reason }: RunRecord): string {
  const why = sanitizeLine(reason ?? "");
  return state === "died"
    ? `run ${id} died, last write at ${ended}: ${why}; run again to resume`
    : `run ${id}: ${why}`;
}

function cellsOf(run: RunRecord): string[] {
  const pending = pendingOf(run);
  const coverage = coverageOf(run);
  return [
    String(run.id),
    sanitizeLine(run.job, 40),
    windowText(run),
    run.state,
    coverage === undefined ? "?" : percent(coverage),
    formatCount(run.ok),
    formatCount(run.empty),
    formatCount(run.failed),
    pending === undefined ? "?" : formatCount(pending),
    formatCount(run.rows),
    formatBytes(run.bytes),
    run.started,
  ];
}

/** The window of a run, a UTC day as its date; "-" for a job without windows. */
export function windowText({ windowStart, windowEnd }: RunRecord): string {
  if (windowStart === null || windowEnd === null) return "-";
  const isDay = windowStart.endsWith("T00:00:00Z") &&
    Date.parse(windowEnd) - Date.parse(windowStart) === 86_400_000;
  return isDay ? windowStart.slice(0, 10) : `${windowStart}/${windowEnd}`;
}
