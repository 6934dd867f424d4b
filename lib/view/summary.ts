/**
 * What a run came to, in words and as JSON. The sums are those of the store; what was measured is this process's.
 *
 * @module
 */

import type { CollectResult } from "../collect/collect.ts";
import type { FailureCount } from "../store/records.ts";
import { coverageOf } from "../store/coverage.ts";
import { fact, failureText } from "./fact.ts";
import { type limits, limitText } from "../collect/bottleneck.ts";
import { sanitizedJson, sanitizeLine } from "../text/sanitize.ts";
import { foundTexts, rateText } from "./progress_text.ts";
import { sparkline } from "./sparkline.ts";
import { formatBytes, formatCount, formatDuration, percent } from "../text/format.ts";

/** One of the keys with the most rows. */
export interface TopKey {
  readonly key: string;
  readonly rows: number;
  /** Rows in each part of the window, where the job has a time column. */
  readonly series: readonly number[] | undefined;
}

/** What is known of a run at its end. */
export interface Summary {
  readonly run: number;
  readonly job: string;
  /** Such as `2026-11-20`. */
  readonly window: string | undefined;
  readonly database: string;
  readonly table: string;
  /** The table holds counts of rows instead of the rows. */
  readonly isCounted: boolean;
  readonly result: CollectResult;
  /** Of this process: requests for keys with a verdict, milliseconds, decoded bytes, peak of resident memory. */
  readonly requests: number;
  readonly elapsedMs: number;
  readonly bytes: number;
  readonly peakBytes: number;
  readonly limit: keyof typeof limits | undefined;
  /** What was found to be best: requests a second, and requests in flight; undefined where the job says them. */
  readonly foundRate: number | undefined;
  readonly foundInFlight: number | undefined;
  readonly failures: readonly FailureCount[];
  readonly top: readonly TopKey[];
}

/** The share of keys of a run that ended with an answer, 0 to 1; 0 where nobody knows how many there are. */
export function shareAnswered({ counts, keys }: CollectResult): number {
  return coverageOf({ ...counts, keys }) ?? 0;
}

/** The summary as lines. */
export function summaryText(summary: Summary): string {
  const { result, requests, elapsedMs, bytes } = summary;
  const { counts, keys, pending } = result;
  const seconds = Math.max(elapsedMs, 1) / 1_000;
  const about = `run ${summary.run} of ${summary.job}${
    summary.window === undefined ? "" : ` for ${summary.window}`
  }`;
  const isFinished = result.state === "finished";
  const how = isFinished
    ? "finished"
    : result.isLimited
    ? "ended"
    : `interrupted (${sanitizeLine(result.reason ?? "")})`;
  const next = isFinished
    ? ""
    : result.isLimited
    ? `, ${result.reason}: run it without --limit to go on`
    : ": run again to go on";
  const sums = `${formatCount(counts.ok)} ok + ${formatCount(counts.empty)} empty + ` +
    `${formatCount(counts.unchanged)} unchanged + ${formatCount(counts.failed)} failed + ` +
    `${pending === undefined ? "an unknown number" : formatCount(pending)} pending`;
  const found = foundTexts(summary);
  const lines = [
    `trawl: ${about} ${how} in ${formatDuration(elapsedMs)}${next}`,
    fact("coverage", keys === undefined ? "unknown" : `${percent(shareAnswered(result))} of the keys`),
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
    ...(summary.limit === undefined ? [] : [fact("limited by", limitText(summary.limit, summary))]),
    ...(found.length === 0 ? [] : [fact("found", found.join(", "))]),
    ...summary.failures.map((failure) => fact("failed", failureText(failure))),
    ...topLines(summary.top),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** The summary for machines: one JSON object. */
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
    coverage: shareAnswered(result),
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
    limit: summary.limit ?? null,
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
