/**
 * Shows how far a run is: a bar that is drawn anew on a terminal, a line every 30 s elsewhere; and to a service
 * manager, if there is one. Watches the peak of the process's memory meanwhile.
 *
 * @module
 */

import type { Progress } from "../../collect/progress.ts";
import { serviceLimits } from "../../limits.ts";
import { bottleneckOf, type Waits, waitsOf } from "../../collect/bottleneck.ts";

import { barOf, factsOf } from "../../view/progress_text.ts";

/** Milliseconds between two drawings of the bar, between two lines, and between two looks at the memory. */
const barMs = 250;
const lineMs = 30_000;
const memoryMs = 250;

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
      this.#timers.push(setInterval(() => status(facts()), serviceLimits.statusMs));
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
    const limit = bottleneckOf(progress, last);
    last = waitsOf(progress);
    return factsOf(progress, limit);
  };
}
