/**
 * Which run a start belongs to: an unfinished one to go on with, a finished one to leave alone, or a new one.
 *
 * @module
 */

import { StaleRunError } from "../errors.ts";
import type { Job, Window } from "../job/job.ts";
import { answeredOf, doneOf } from "../store/coverage.ts";
import type { StoreWriter } from "../store/database.ts";
import type { RunCounts, RunRecord } from "../store/records.ts";
import { sha256Of } from "../text/sha256.ts";
import { isoTime } from "../text/format.ts";

/** The run that a start belongs to. */
export interface RunChoice {
  readonly id: number;
  /** The run had been begun before. */
  readonly isResumed: boolean;
  /** Its sums so far. */
  readonly counts: RunCounts;
  /** How many keys it has, if its list has been read to the end before. */
  readonly keys: number | null;
}

/** What the user asks for. */
export interface RunRequest {
  /** Begin anew, whatever there is. */
  readonly isNew: boolean;
  /** Ask failed keys again. */
  readonly retryFailed: boolean;
}

/** Which run is to be chosen. */
export interface ChoiceOptions extends RunRequest {
  readonly window: Window | undefined;
  /** Called before a run is begun or resumed, with how many keys have their verdict; it may throw. */
  readonly willAsk?: (done: number) => Promise<void>;
}

/** Why a run that was to ask only the first keys is not finished. */
export function limitedReason(limit: number | undefined): string {
  return `limited to the first ${limit} keys`;
}

/** Whether a run ended because it was to ask only the first keys. */
export function isLimited({ state, reason }: RunRecord): boolean {
  return state === "interrupted" && reason !== null && /^limited to the first \d+ keys$/.test(reason);
}

/**
 * Begins or resumes the run for a window. Undefined if that window is finished and nothing is to be asked again.
 *
 * @throws {StaleRunError} If the unfinished run belongs to another text of the job.
 */
export async function chooseRun(
  store: StoreWriter,
  job: Job,
  options: ChoiceOptions,
): Promise<RunChoice | undefined> {
  const { window, isNew, retryFailed } = options;
  const sha256 = await sha256Of(job.text);
  const latest = await store.latestRun(job.name, window === undefined ? null : isoTime(window.startMs));
  if (latest !== undefined && !isNew) {
    const goesOn = latest.state !== "finished" || (retryFailed && latest.failed > 0);
    const isSame = latest.sha256 === sha256;
    // A run of the first keys was a trial: a job that has changed since is begun anew.
    if (goesOn && !isSame && !isLimited(latest)) throw jobChanged(latest);
    // The list of a finished run is not kept, and may be another by now.
    const restoreKeys = latest.state === "finished" && job.keys.kind === "url";
    if (goesOn && isSame) {
      await options.willAsk?.(retryFailed ? answeredOf(latest) : doneOf(latest));
      return await resume(store, latest, { retryFailed, restoreKeys });
    }
    if (!goesOn && (window !== undefined || retryFailed)) return undefined;
  }
  await options.willAsk?.(0);
  if (latest !== undefined && latest.state !== "finished") {
    await store.endRun(latest.id, "interrupted", "given up for a new run");
  }
  const id = await store.beginRun({
    job: job.name,
    text: job.text,
    sha256,
    ...(window && { window: { start: isoTime(window.startMs), end: isoTime(window.endMs) } }),
  });
  const counts = { ok: 0, empty: 0, unchanged: 0, failed: 0, rows: 0, bytes: 0, attempts: 0 };
  return { id, isResumed: false, counts, keys: null };
}

async function resume(
  store: StoreWriter,
  run: RunRecord,
  options: { readonly retryFailed: boolean; readonly restoreKeys: boolean },
): Promise<RunChoice> {
  await store.resumeRun(run.id, options);
  return { id: run.id, isResumed: true, counts: await store.countRun(run.id), keys: run.keys };
}

function jobChanged(run: RunRecord): StaleRunError {
  const window = run.windowStart === null ? "" : ` for ${run.windowStart}`;
  return new StaleRunError(
    `Cannot go on with run ${run.id} of "${run.job}"${window} as the job has changed since it began: ` +
      `finish it with the old job file, or begin anew with --new`,
  );
}
