/**
 * Reports a run: its start, a stop request and its summary on standard error, and the summary as JSON on standard
 * output if asked. Levels tell the journal which summaries need attention.
 *
 * @module
 */

import { startText, stoppingText } from "../../view/run_text.ts";
import { finishedText, lateSummaryText, summaryJson, summaryText } from "../../view/summary.ts";
import type { MessageLevel, Platform } from "../context.ts";
import { exitCode } from "../exit_code.ts";
import type { ChosenRun, EndedRun, RunObserver } from "./run_observer.ts";

/** Where and what to report. */
export interface RunReportOptions extends Pick<Platform, "out" | "log"> {
  /** Reports neither start, stop nor summary. */
  readonly isQuiet: boolean;
  readonly isJson: boolean;
}

/** Reports each run. */
export class RunReport implements RunObserver {
  readonly #options: RunReportOptions;

  constructor(options: RunReportOptions) {
    this.#options = options;
  }

  chosen(run: ChosenRun): void {
    const { log, isQuiet } = this.#options;
    if (!isQuiet) log(`trawl: ${startText(run)}\n`);
  }

  stopping(): void {
    const { log, isQuiet } = this.#options;
    if (!isQuiet) log(`trawl: ${stoppingText}\n`);
  }

  finishedBefore(run: EndedRun, isReported: boolean): void {
    this.#report(run, isReported ? `${finishedText(run.summary)}\n` : lateSummaryText(run.summary));
  }

  ended(run: EndedRun): void {
    this.#report(run, summaryText(run.summary));
  }

  #report(run: EndedRun, text: string): void {
    const { out, log, isQuiet, isJson } = this.#options;
    if (isJson) out(`${summaryJson(run.summary)}\n`);
    if (!isQuiet) log(`trawl: ${text}`, levelOf(run));
  }
}

/** An interrupted run resumes by itself, and some failed keys can wait: both are warnings. */
function levelOf({ exit, summary }: EndedRun): MessageLevel {
  if (exit === exitCode.incomplete) return "error";
  return exit === exitCode.interrupted || summary.result.counts.failed > 0 ? "warning" : "info";
}
