/**
 * The progress of a run as one line: the bar and the facts after it. Pure.
 *
 * @module
 */

import type { Bottleneck } from "../collect/bottleneck.ts";
import type { Progress } from "../collect/progress.ts";
import { formatBytes, formatCount, formatDuration } from "../text/format.ts";

const barCells = 20;

/** ` 45 % █████████░░░░░░░░░░░ `, or nothing while the number of keys is unknown. */
export function barOf({ done, total }: Pick<Progress, "done" | "total">): string {
  if (total === undefined || total === 0) return "";
  const share = Math.min(1, done / total);
  const filled = Math.round(share * barCells);
  const percent = `${Math.floor(share * 100)}`.padStart(3);
  return `${percent} % ${"█".repeat(filled)}${"░".repeat(barCells - filled)} `;
}

/** What {@linkcode factsOf} needs of a {@linkcode Progress}. */
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

/** The facts, most important first: a narrow terminal cuts off the end. */
export function factsOf(progress: ProgressFacts, bottleneck: Bottleneck | undefined): string {
  const { done, total, elapsedMs, bytes, inFlight, verdicts } = progress;
  const seconds = Math.max(elapsedMs, 1) / 1_000;
  const perSecond = (done - progress.doneBefore) / seconds;
  const isEstimable = total !== undefined && perSecond > 0;
  return [
    `${formatCount(done)}${total === undefined ? "" : `/${formatCount(total)}`}`,
    `${rateText(perSecond)}/s`,
    ...(isEstimable ? [`${formatDuration(Math.max(0, total - done) / perSecond * 1_000)} left`] : []),
    `${formatCount(verdicts.failed)} failed`,
    `${formatBytes(bytes / seconds)}/s`,
    `${inFlight} in flight`,
    ...(bottleneck === undefined ? [] : [`limit: ${bottleneck}`]),
    ...foundTexts(progress),
  ].join(" · ");
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
