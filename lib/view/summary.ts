/**
 * The summary of a run as text and as JSON. Pure. Sums come from the store and cover the whole run; measurements are
 * those of this process.
 *
 * @module
 */

import type { Bottleneck } from "../collect/bottleneck.ts";
import type { CollectResult } from "../collect/collect.ts";
import type { FailureCount } from "../store/records.ts";
import { formatBytes, formatCount, formatDuration, percent } from "../text/format.ts";
import { sanitizedJson, sanitizeLine } from "../text/sanitize.ts";
import { bottleneckText } from "./bottleneck_text.ts";
import { fact, failureText } from "./fact.ts";
import { foundTexts, rateText } from "./progress_text.ts";
import { windowSuffix } from "./run_text.ts";
import { sparkline } from "./sparkline.ts";

/** One of the keys with the most rows. */
export interface TopKey {
  readonly key: string;
  readonly rows: number;
  /** Rows in each part of the window; undefined for a job without a time column. */
  readonly series: readonly number[] | undefined;
}

/** A run at its end. */
export interface Summary {
  readonly run: number;
  readonly job: string;
  /** Such as `2026-11-20`. */
  readonly window: string | undefined;
  readonly database: string;
  readonly table: string;
  /** The table holds counts instead of rows. */
  readonly isCounted: boolean;
  readonly result: CollectResult;
  /** The share of keys that ended with an answer, 0 to 1. */
  readonly coverage: number;
  /** Requests of this process for keys with a verdict. */
  readonly requests: number;
  readonly elapsedMs: number;
  /** Decoded bytes read by this process. */
  readonly bytes: number;
  /** Peak of resident memory. */
  readonly peakBytes: number;
  readonly bottleneck: Bottleneck | undefined;
  /** Requests per second that automatic tuning found; undefined if the job sets them. */
  readonly foundRate: number | undefined;
  /** Requests in flight that automatic tuning found; undefined if the job sets them. */
  readonly foundInFlight: number | undefined;
  readonly failures: readonly FailureCount[];
  readonly top: readonly TopKey[];
}

/** The summary as lines of text. */
export function summaryText(summary: Summary): string {
  const { result, requests, elapsedMs, bytes } = summary;
  const { counts, keys, pending } = result;
  const seconds = Math.max(elapsedMs, 1) / 1_000;
  const sums = `${formatCount(counts.ok)} ok + ${formatCount(counts.empty)} empty + ` +
    `${formatCount(counts.unchanged)} unchanged + ${formatCount(counts.failed)} failed + ` +
    `${pending === undefined ? "an unknown number" : formatCount(pending)} pending`;
  const found = foundTexts(summary);
  const lines = [
    headline(summary),
    fact("coverage", keys === undefined ? "unknown" : `${percent(summary.coverage)} of the keys`),
    fact("keys", `${keys === undefined ? "" : `${formatCount(keys)} = `}${sums}`),
    fact(
      "rows",
      `${formatCount(counts.rows)} ${summary.isCounted ? "counted" : "stored"} in ${summary.table} of ${
        sanitizeLine(summary.database)
      }`,
    ),
    fact("requests", `${rateText(requests / seconds)}/s, ${formatCount(counts.attempts)} attempts in all`),
    fact("data", `${formatBytes(bytes)}, ${formatBytes(bytes / seconds)}/s`),
    fact("memory", `${formatBytes(summary.peakBytes)} at most`),
    ...(summary.bottleneck === undefined
      ? []
      : [fact("limited by", bottleneckText(summary.bottleneck, summary))]),
    ...(found.length === 0 ? [] : [fact("found", found.join(", "))]),
    ...summary.failures.map((failure) => fact("failed", failureText(failure))),
    ...topLines(summary.top),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** `run 3 of updates for 2026-11-20 finished in 3s`. */
function headline({ run, job, window, result, elapsedMs }: Summary): string {
  const about = `run ${run} of ${job}${windowSuffix({ window })}`;
  const time = formatDuration(elapsedMs);
  if (result.state === "finished") return `${about} finished in ${time}`;
  const reason = sanitizeLine(result.reason ?? "");
  return result.isLimited
    ? `${about} ended in ${time}, ${reason}: run it without --limit for the others`
    : `${about} interrupted (${reason}) in ${time}: run again to resume`;
}

/** The summary as one JSON object. */
export function summaryJson(summary: Summary): string {
  const { run, job, window, database, table, result, elapsedMs, bytes, peakBytes, failures, top } = summary;
  return sanitizedJson({
    run,
    job,
    window: window ?? null,
    database,
    table,
    state: result.state,
    reason: result.reason,
    coverage: summary.coverage,
    keys: result.keys ?? null,
    ok: result.counts.ok,
    empty: result.counts.empty,
    unchanged: result.counts.unchanged,
    failed: result.counts.failed,
    pending: result.pending ?? null,
    rows: result.counts.rows,
    attempts: result.counts.attempts,
    requests: summary.requests,
    elapsedMs: Math.round(elapsedMs),
    bytes,
    peakBytes,
    limit: summary.bottleneck ?? null,
    foundRate: summary.foundRate ?? null,
    foundInFlight: summary.foundInFlight ?? null,
    failures,
    top: top.map(({ key, rows }) => ({ key, rows })),
  });
}

function topLines(top: readonly TopKey[]): string[] {
  if (top.length === 0) return [];
  const keys = top.map(({ key }) => sanitizeLine(key, 40));
  const counts = top.map(({ rows }) => formatCount(rows));
  const keyWidth = Math.max(...keys.map((key) => key.length));
  const countWidth = Math.max(...counts.map((count) => count.length));
  return [
    "  most rows",
    ...top.map(({ series }, index) => {
      const line = `${(keys[index] ?? "").padEnd(keyWidth)}  ${(counts[index] ?? "").padStart(countWidth)}`;
      return `  ${String(index + 1).padStart(4)}  ${line}  ${series === undefined ? "" : sparkline(series)}`
        .trimEnd();
    }),
  ];
}
