/**
 * Shows the progress of a run on standard error: a bar that is redrawn four times a second on a terminal, else a line
 * every 30 s. Writes no more than the width of the terminal.
 *
 * @module
 */

import type { Bottleneck } from "../../collect/bottleneck.ts";
import type { Progress } from "../../collect/progress.ts";
import { progressLine, progressText } from "../../view/progress_text.ts";
import type { Platform } from "../context.ts";
import { bottleneckReader } from "./bottleneck_reader.ts";
import type { RunObserver } from "./run_observer.ts";

const barMs = 250;
const lineMs = 30_000;

/** Returns to the first column and clears the line. */
const clearLine = "\r\x1b[K";

/** Where progress is shown. */
export interface ProgressLineOptions extends Pick<Platform, "columns"> {
  readonly draw: (text: string) => void;
  /** Shows no progress. */
  readonly isQuiet: boolean;
}

/** Shows one run at a time. */
export class ProgressLine implements RunObserver {
  readonly #options: ProgressLineOptions;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: ProgressLineOptions) {
    this.#options = options;
  }

  started(progress: Progress): void {
    const { columns, isQuiet } = this.#options;
    if (isQuiet) return;
    const bottleneck = bottleneckReader(progress);
    const periodMs = columns() === undefined ? lineMs : barMs;
    this.#timer = setInterval(() => this.#show(progress, bottleneck()), periodMs);
  }

  /** Clears the bar, and the ^C that a terminal echoes. */
  stopping(): void {
    this.#clear();
  }

  ended(): void {
    this.#stop();
  }

  failed(): void {
    this.#stop();
  }

  #stop(): void {
    clearInterval(this.#timer);
    if (this.#timer !== undefined) this.#clear();
    this.#timer = undefined;
  }

  #clear(): void {
    const { columns, draw } = this.#options;
    if (columns() !== undefined) draw(clearLine);
  }

  #show(progress: Progress, bottleneck: Bottleneck | undefined): void {
    const { columns, draw } = this.#options;
    const width = columns();
    if (width === undefined) draw(`trawl: ${progressText(progress, bottleneck)}\n`);
    else draw(`\r${progressLine(progress, bottleneck, width - 1)}\x1b[K`);
  }
}
