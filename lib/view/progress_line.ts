/**
 * Shows how far a run is: a bar that is drawn anew on a terminal, a line every 30 s elsewhere; and to a service
 * manager, if there is one. Watches the peak of the process's memory meanwhile.
 *
 * @module
 */

import type { Progress } from "../collect/progress.ts";
import { formatBytes, formatCount, formatDuration } from "../job/units.ts";
import { service } from "../limits.ts";
import { limitOf, type limits, type Waits, waitsOf } from "./limit.ts";

/** Milliseconds between two drawings of the bar, between two lines, and between two looks at the memory. */
const barMs = 250;
const lineMs = 30_000;
const memoryMs = 250;

const barCells = 20;

/** Where and how progress is shown. */
export interface ProgressOptions {
  readonly write: (text: string) => void;
  /** The columns that a bar may take now; undefined where there is no terminal. */
  readonly columns: () => number | undefined;
  readonly isQuiet: boolean;
  /** Told the same every few seconds, quiet or not. */
  readonly status?: ((facts: string) => void) | undefined;
}

/** Started before the first request, stopped after the last. */
export class ProgressLine {
  readonly #progress: Progress;
  readonly #options: ProgressOptions;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #peakBytes = 0;

  constructor(progress: Progress, options: ProgressOptions) {
    this.#progress = progress;
    this.#options = options;
    this.#timers.push(setInterval(() => this.#look(), memoryMs));
    if (!options.isQuiet) {
      const facts = factsSince(progress);
      const everyMs = options.columns() === undefined ? lineMs : barMs;
      this.#timers.push(setInterval(() => this.#show(facts()), everyMs));
    }
    if (options.status !== undefined) {
      const { status } = options;
      const facts = factsSince(progress);
      this.#timers.push(setInterval(() => status(facts()), service.statusMs));
    }
  }

  /** Clears the bar. Returns the peak of resident memory seen, bytes. */
  stop(): { readonly peakBytes: number } {
    this.#look();
    this.#timers.forEach(clearInterval);
    if (this.#options.columns() !== undefined && !this.#options.isQuiet) this.#options.write("\r\x1b[K");
    return { peakBytes: this.#peakBytes };
  }

  #look(): void {
    this.#peakBytes = Math.max(this.#peakBytes, Deno.memoryUsage().rss);
  }

  #show(facts: string): void {
    const { write } = this.#options;
    const columns = this.#options.columns();
    if (columns === undefined) {
      write(`trawl: ${facts}\n`);
    } else {
      const line = `${barOf(this.#progress)}${facts}`;
      write(`\r${line.slice(0, Math.max(0, columns - 1))}\x1b[K`);
    }
  }
}

/** The facts at each call, with what was the limit since the call before. */
function factsSince(progress: Progress): () => string {
  let last: Waits | undefined;
  return () => {
    const limit = limitOf(progress, last);
    last = waitsOf(progress);
    return factsOf(progress, limit);
  };
}

/** ` 43 % ████████▌            ` */
function barOf({ done, total }: Progress): string {
  if (total === undefined || total === 0) return "";
  const share = Math.min(1, done / total);
  const filled = Math.round(share * barCells);
  const percent = `${Math.floor(share * 100)}`.padStart(3);
  return `${percent} % ${"█".repeat(filled)}${"░".repeat(barCells - filled)} `;
}

/** The first things first: a narrow terminal cuts off the end. */
function factsOf(progress: Progress, limit: keyof typeof limits | undefined): string {
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
    ...(limit === undefined ? [] : [`limit: ${limit}`]),
    ...foundTexts(progress),
  ].join(" · ");
}

/** What was found until now: `97.0/s (auto)`, `24 in flight (auto)`. */
export function foundTexts(
  { foundRate, foundInFlight }: Pick<Progress, "foundRate" | "foundInFlight">,
): string[] {
  return [
    ...(foundRate === undefined ? [] : [`${rateText(foundRate)}/s (auto)`]),
    ...(foundInFlight === undefined ? [] : [`${formatCount(foundInFlight)} in flight (auto)`]),
  ];
}

/** Requests per second, with a decimal where there are few. */
export function rateText(perSecond: number): string {
  return perSecond < 100 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond));
}
