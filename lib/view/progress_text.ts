/**
 * The progress of a run as one line: for a terminal the bar and the facts that fit, for a log all facts. Pure.
 *
 * @module
 */

import type { Bottleneck } from "../collect/bottleneck.ts";
import type { Progress } from "../collect/progress.ts";
import { formatBytes, formatCount, formatDuration } from "../text/format.ts";

/** Cells of the bar; the smaller bar leaves the time left and the limit their place in 80 columns. */
const barCellsOf = (columns: number) => columns < 100 ? 10 : 20;

/** A rate of fewer keys than this says nothing about the time that the others take. */
const estimateKeysMin = 20;

/**
 * The bar and as many facts as fit into a line of `columns` characters. Facts are dropped whole, from the right, except
 * the limit: it is the last to go, as it says what to change.
 */
export function progressLine(
  progress: ProgressFacts,
  bottleneck: Bottleneck | undefined,
  columns: number,
): string {
  const bar = barOf(progress, barCellsOf(columns));
  const { facts, limit } = factsOf(progress, bottleneck);
  for (let count = facts.length; count > 0; count--) {
    const line = bar + [...facts.slice(0, count), ...limit].join(separator);
    if (line.length <= columns) return line;
  }
  const done = bar + facts.slice(0, 1).join("");
  return done.length <= columns ? done : "";
}

/** All facts as one line without a bar, for logs. */
export function progressText(progress: ProgressFacts, bottleneck: Bottleneck | undefined): string {
  const { facts, limit } = factsOf(progress, bottleneck);
  return [...facts, ...limit].join(separator);
}

/** ` 45 % █████████░░░░░░░░░░░ `, or nothing while the number of keys is unknown. */
function barOf({ done, total }: Pick<Progress, "done" | "total">, barCells: number): string {
  if (total === undefined || total === 0) return "";
  const share = Math.min(1, done / total);
  const filled = Math.round(share * barCells);
  const percent = `${Math.floor(share * 100)}`.padStart(3);
  return `${percent} % ${"█".repeat(filled)}${"░".repeat(barCells - filled)} `;
}

const separator = " · ";

/** What {@linkcode progressText} needs of a {@linkcode Progress}. */
export type ProgressFacts = Pick<
  Progress,
  | "done"
  | "doneBefore"
  | "total"
  | "elapsedMs"
  | "bytes"
  | "inFlight"
  | "verdicts"
  | "foundRate"
  | "foundInFlight"
>;

/** The facts, most important first, and the limit. */
function factsOf(
  progress: ProgressFacts,
  bottleneck: Bottleneck | undefined,
): { readonly facts: readonly string[]; readonly limit: readonly string[] } {
  const { done, doneBefore, total, elapsedMs, bytes, inFlight, verdicts } = progress;
  const seconds = Math.max(elapsedMs, 1) / 1_000;
  const doneNow = done - doneBefore;
  const perSecond = doneNow / seconds;
  const isEstimable = total !== undefined && doneNow >= estimateKeysMin;
  return {
    facts: [
      `${formatCount(done)}${total === undefined ? "" : `/${formatCount(total)}`}`,
      `${rateText(perSecond)}/s`,
      ...(isEstimable ? [`${formatDuration(Math.max(0, total - done) / perSecond * 1_000)} left`] : []),
      `${formatCount(verdicts.failed)} failed`,
      `${formatBytes(bytes / seconds)}/s`,
      `${inFlight} in flight`,
      ...foundTexts(progress),
    ],
    limit: bottleneck === undefined ? [] : [`limit: ${bottleneck}`],
  };
}

/** What automatic tuning has found: `97.0/s (auto)`, `24 in flight (auto)`. */
export function foundTexts(
  { foundRate, foundInFlight }: Pick<Progress, "foundRate" | "foundInFlight">,
): string[] {
  return [
    ...(foundRate === undefined ? [] : [`${rateText(foundRate)}/s (auto)`]),
    ...(foundInFlight === undefined ? [] : [`${formatCount(foundInFlight)} in flight (auto)`]),
  ];
}

/** Requests per second, with one decimal below 100. */
export function rateText(perSecond: number): string {
  return perSecond < 100 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond));
}
