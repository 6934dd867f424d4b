/**
 * The summary of a run as text and as JSON. Pure. Sums come from the store and cover the whole run; measurements are
 * those of this start, and a resumed run's are labelled so.
 *
 * @module
 */

import type { Bottleneck } from "../collect/bottleneck.ts";
import type { CollectResult } from "../collect/collect.ts";
import type { FailureCount } from "../store/records.ts";
import { formatBytes, formatCount, formatDuration, percent } from "../text/format.ts";
import { sanitizedJson, sanitizeLine } from "../text/sanitize.ts";
import { bottleneckText } from "./bottleneck_text.ts";
import { duplicatesText } from "./duplicates_text.ts";
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

/** A table of the job. */
export interface SummaryTable {
  readonly name: string;
  /** It holds counts instead of rows. */
  readonly isCounted: boolean;
}

/** A run at its end. */
export interface Summary {
  readonly run: number;
  readonly job: string;
  /** Such as `2026-11-20`. */
  readonly window: string | undefined;
  readonly database: string;
  readonly tables: readonly SummaryTable[];
  /** An earlier start began the run. */
  readonly isResumed: boolean;
  readonly result: CollectResult;
  /** The share of keys that ended with an answer, 0 to 1, and the smallest that is enough. */
  readonly coverage: number;
  readonly minCoverage: number;
  /** Requests of this start for keys with a verdict. */
  readonly requests: number;
  /** Duration of this start. */
  readonly elapsedMs: number;
  /** Decoded bytes read by this start. */
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
  const { result, requests, elapsedMs, bytes, isResumed } = summary;
  const { counts } = result;
  const seconds = Math.max(elapsedMs, 1) / 1_000;
  const found = foundTexts(summary);
  const perSecond = `${rateText(requests / seconds)}/s`;
  const attempts = `${formatCount(counts.attempts)} attempts in`;
  const inThisStart = isResumed ? " in this start" : "";
  const lines = [
    headline(summary),
    ...sumLines(summary),
    fact(
      "requests",
      isResumed
        ? `${formatCount(requests)}${inThisStart} at ${perSecond}, ${attempts} the whole run`
        : `${perSecond}, ${attempts} all`,
    ),
    fact("data", `${formatBytes(bytes)}${inThisStart}, ${formatBytes(bytes / seconds)}/s`),
    fact("memory", `${formatBytes(summary.peakBytes)} at most${inThisStart}`),
    ...(summary.bottleneck === undefined
      ? []
      : [fact("limited by", bottleneckText(summary.bottleneck, summary))]),
    ...(found.length === 0 ? [] : [fact("found", found.join(", "))]),
    ...keyLines(summary),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** The summary of a run that an earlier start finished without reporting it: what the store knows. */
export function lateSummaryText(summary: Summary): string {
  const { run, job, window } = summary;
  const headline = `run ${run} of ${job}${
    windowSuffix({ window })
  } had finished before, and was not reported`;
  const lines = [headline, ...sumLines(summary), ...keyLines(summary)];
  return lines.map((line) => `${line}\n`).join("");
}

/** What came out, from the store. */
function sumLines(summary: Summary): string[] {
  const { counts, keys, pending } = summary.result;
  const sums = `${formatCount(counts.ok)} ok + ${formatCount(counts.empty)} empty + ` +
    `${formatCount(counts.unchanged)} unchanged + ${formatCount(counts.failed)} failed + ` +
    `${pending === undefined ? "an unknown number" : formatCount(pending)} pending`;
  return [
    fact("coverage", coverageText(summary)),
    fact("keys", `${keys === undefined ? "" : `${formatCount(keys)} = `}${sums}`),
    ...duplicatesLines(summary.result),
    fact("rows", `${formatCount(counts.rows)} ${placeText(summary)}`),
  ];
}

/** The keys that failed, and those with the most rows. */
function keyLines({ failures, top, result }: Summary): string[] {
  return [
    ...failures.map((failure) => fact("failed", failureText(failure))),
    ...(result.counts.failed > 0 && isOver(result)
      ? [fact("next", "add --retry-failed to ask the failed keys again")]
      : []),
    ...topLines(top),
  ];
}

/** Reports duplicate keys of the list, or that they were not counted. */
function duplicatesLines({ duplicates, keys = 0 }: CollectResult): string[] {
  const text = duplicatesText(duplicates, keys);
  return text === undefined ? [] : [fact("duplicates", text)];
}

/** In place of a summary: the run had finished before this start, which asked nothing. */
export function finishedText(summary: Summary): string {
  const { window, result: { counts: { failed }, keys } } = summary;
  const about = `nothing to do${windowSuffix({ window })}: already finished`;
  if (failed === 0) return `${about}; --new asks again`;
  const share = keys === undefined ? formatCount(failed) : `${formatCount(failed)} of ${formatCount(keys)}`;
  return `${about}, but ${share} keys failed, coverage ${
    coverageText(summary)
  }; --retry-failed asks them again`;
}

/** Whether the same command would ask no more keys: an interrupted run comes to its end first. */
function isOver({ state, isLimited }: CollectResult): boolean {
  return state === "finished" || isLimited;
}

/** `99.67 % of the keys`, with the bound where it is not reached in the end. */
function coverageText({ coverage, minCoverage, result }: Summary): string {
  if (result.keys === undefined) return "unknown";
  const bound = coverage < minCoverage && isOver(result)
    ? `, less than the ${percent(minCoverage)} of min_coverage`
    : "";
  return `${percent(coverage)} of the keys${bound}`;
}

/** `stored in items and counted in updates of a.db`. */
function placeText({ tables, database }: Summary): string {
  const named = (word: string, isCounted: boolean) => {
    const names = tables.filter((table) => table.isCounted === isCounted).map(({ name }) => name);
    return names.length === 0 ? [] : [`${word} ${names.join(", ")}`];
  };
  return `${[...named("stored in", false), ...named("counted in", true)].join(" and ")} of ${
    sanitizeLine(database)
  }`;
}

/** `run 3 of updates for 2026-11-20 finished in 3s`. */
function headline({ run, job, window, result, elapsedMs, isResumed }: Summary): string {
  const about = `run ${run} of ${job}${windowSuffix({ window })}`;
  const time = formatDuration(elapsedMs);
  const when = isResumed ? `${time} after it was resumed` : `in ${time}`;
  if (result.state === "finished") return `${about} finished ${when}`;
  const reason = sanitizeLine(result.reason ?? "");
  return result.isLimited
    ? `${about} ended ${when}, ${reason}: run it without --limit for the others`
    : `${about} interrupted (${reason}) ${when}: run again to resume`;
}

/** The summary as one JSON object. All fields cover the whole run, except those of `thisStart`. */
export function summaryJson(summary: Summary): string {
  const { run, job, window, database, tables, result, failures, top } = summary;
  return sanitizedJson({
    run,
    job,
    window: window ?? null,
    database,
    tables: tables.map(({ name }) => name),
    state: result.state,
    reason: result.reason,
    coverage: summary.coverage,
    minCoverage: summary.minCoverage,
    keys: result.keys ?? null,
    ok: result.counts.ok,
    empty: result.counts.empty,
    unchanged: result.counts.unchanged,
    failed: result.counts.failed,
    pending: result.pending ?? null,
    duplicates: result.duplicates ?? null,
    rows: result.counts.rows,
    attempts: result.counts.attempts,
    bytes: result.counts.bytes,
    thisStart: {
      isResumed: summary.isResumed,
      elapsedMs: Math.round(summary.elapsedMs),
      requests: summary.requests,
      bytes: summary.bytes,
      peakBytes: summary.peakBytes,
      limit: summary.bottleneck ?? null,
      foundRate: summary.foundRate ?? null,
      foundInFlight: summary.foundInFlight ?? null,
    },
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
  const parts = top.find(({ series }) => series !== undefined)?.series?.length;
  const bars = parts === undefined
    ? ""
    : fact("most rows", `bars: the window in ${parts} parts, each line by its own peak`);
  return [
    bars === "" ? "  most rows" : bars,
    ...top.map(({ series }, index) => {
      const line = `${(keys[index] ?? "").padEnd(keyWidth)}  ${(counts[index] ?? "").padStart(countWidth)}`;
      return `  ${String(index + 1).padStart(4)}  ${line}  ${series === undefined ? "" : sparkline(series)}`
        .trimEnd();
    }),
  ];
}
