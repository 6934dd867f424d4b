/**
 * The interface of everything that follows a run: progress line, report, metrics file, systemd. `run.ts` and
 * `run_window.ts` tell the observers what happens; an observer never changes a run.
 *
 * @module
 */

import type { Progress } from "../../collect/progress.ts";
import type { Summary } from "../../view/summary.ts";
import type { RunTitle } from "../../view/run_text.ts";
import type { ExitCode } from "../exit_code.ts";

/** A run that was chosen to be started or resumed. */
export interface ChosenRun extends RunTitle {
  /** The program that writes the keys decides when the next one comes, so a silent run need not hang. */
  readonly readsStdin: boolean;
}

/** How a run ended. */
export interface EndedRun {
  readonly summary: Summary;
  readonly exit: ExitCode;
}

/** Follows the runs of one start. An observer implements what it needs. */
export interface RunObserver {
  /** A run was chosen. Nothing is asked yet, and its key list may still fail. */
  chosen?(run: ChosenRun): void;
  /** The first request of the chosen run comes next. */
  started?(progress: Progress): void;
  /** A signal asked the program to stop. Requests in flight have some seconds to finish. */
  stopping?(): void;
  /** Nothing was asked, as this run had finished before. It may not have been reported: the process was killed. */
  finishedBefore?(run: EndedRun, isReported: boolean): void;
  /** The chosen run has ended by itself or was interrupted. */
  ended?(run: EndedRun): void;
  /** The chosen run ended with an error, which the caller reports. */
  failed?(): void;
  /** All runs of this start are over. */
  closed?(exit: ExitCode): Promise<void>;
}

/** Passes each call to several observers, in their order. */
export class RunObservers implements Required<RunObserver> {
  readonly #observers: readonly RunObserver[];

  constructor(observers: readonly RunObserver[]) {
    this.#observers = observers;
  }

  chosen(run: ChosenRun): void {
    for (const observer of this.#observers) observer.chosen?.(run);
  }

  started(progress: Progress): void {
    for (const observer of this.#observers) observer.started?.(progress);
  }

  stopping(): void {
    for (const observer of this.#observers) observer.stopping?.();
  }

  finishedBefore(run: EndedRun, isReported: boolean): void {
    for (const observer of this.#observers) observer.finishedBefore?.(run, isReported);
  }

  ended(run: EndedRun): void {
    for (const observer of this.#observers) observer.ended?.(run);
  }

  failed(): void {
    for (const observer of this.#observers) observer.failed?.();
  }

  async closed(exit: ExitCode): Promise<void> {
    for (const observer of this.#observers) await observer.closed?.(exit);
  }
}
