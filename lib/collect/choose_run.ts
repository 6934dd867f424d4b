/**
 * Chooses the run of a window: resumes an unfinished run, leaves a finished one alone, or starts a new run. Writes the
 * choice to the store; sends no request.
 *
 * @module
 */

import { StaleRunError } from "../errors.ts";
import type { Job, Window } from "../job/job.ts";
import { answeredOf, doneOf } from "../store/coverage.ts";
import type { StoreWriter } from "../store/database.ts";
import type { RunCounts, RunRecord } from "../store/records.ts";
import { changedFields, fieldFingerprints, identityOf } from "../job/identity.ts";
import { isoTime } from "../text/format.ts";

/** The chosen run. */
export interface RunChoice {
  readonly id: number;
  /** An earlier start began the run. */
  readonly isResumed: boolean;
  /** The sums so far. */
  readonly counts: RunCounts;
  /** Number of keys; null until the list has been read to its end. */
  readonly keys: number | null;
  /** The run before this one with the same window, or none. Undefined if there is none, or this run is resumed. */
  readonly follows: number | undefined;
  /** The unfinished run of the window that this one replaces. */
  readonly replaces?: ReplacedRun;
}

/** An unfinished run that is given up. */
export interface ReplacedRun {
  readonly id: number;
  /** Keys with a verdict. */
  readonly done: number;
  /** The fields that changed since it began, if that is why: the run had ended at `--limit`. */
  readonly changed: readonly string[];
}

/** There is nothing to ask: this run has finished. */
export interface FinishedChoice {
  readonly finished: RunRecord;
}

/** The user's wishes for a run. */
export interface RunRequest {
  /** Start a new run even if the window has one. */
  readonly isNew: boolean;
  /** Ask failed keys again. */
  readonly retryFailed: boolean;
}

/** Options of {@linkcode chooseRun}. */
export interface ChoiceOptions extends RunRequest {
  readonly window: Window | undefined;
  /** Ask keys again that failed for one of these reasons. */
  readonly retryReasons?: readonly string[] | undefined;
  /** Called before a run is started or resumed, with its number of keys with a verdict; may refuse by throwing. */
  readonly beforeStart?: (done: number) => Promise<void>;
}

/** The reason of a run that ended at `--limit`. */
export function limitedReason(limit: number | undefined): string {
  return `limited to the first ${limit} keys`;
}

/** Whether a run ended at `--limit`. */
export function isLimited({ state, reason }: RunRecord): boolean {
  return state === "interrupted" && reason !== null && /^limited to the first \d+ keys$/.test(reason);
}

/**
 * Starts or resumes the run of a window, or finds that the window is finished and no key is to be asked again.
 *
 * @throws {StaleRunError} If the unfinished run has another identity.
 */
export async function chooseRun(
  store: StoreWriter,
  job: Job,
  options: ChoiceOptions,
): Promise<RunChoice | FinishedChoice> {
  const { window, isNew, retryReasons } = options;
  const retryFailed = options.retryFailed || retryReasons !== undefined;
  const identity = await identityOf(job);
  const fields = await fieldFingerprints(job);
  const latest = await store.latestRun(job.name, window === undefined ? null : isoTime(window.startMs));
  if (latest !== undefined && !isNew) {
    const hasMore = latest.state !== "finished" || (retryFailed && latest.failed > 0);
    const isSame = latest.identity === identity;
    // A run that ended at --limit was a trial: after a change of the job, a new run starts.
    if (hasMore && !isSame && !isLimited(latest)) throw jobChanged(latest, changedSince(latest, fields));
    // The stored list of a finished run is deleted, and the server may list other keys by now.
    const restoreKeys = latest.state === "finished" && job.keys.kind === "url";
    if (hasMore && isSame) {
      await options.beforeStart?.(retryFailed ? answeredOf(latest) : doneOf(latest));
      return await resume(store, latest, { retryFailed, retryReasons, restoreKeys });
    }
    // Without windows each start is a new run, unless the one before was killed between the end of its run and its
    // summary: then the summary is missing, not a run.
    const isUnreported = isSame && latest.reported === null;
    if (!hasMore && (window !== undefined || retryFailed || isUnreported)) return { finished: latest };
  }
  await options.beforeStart?.(0);
  const unfinished = latest?.state === "finished" ? undefined : latest;
  if (unfinished !== undefined) {
    await store.endRun(unfinished.id, { state: "interrupted", reason: "given up for a new run" });
  }
  const id = await store.beginRun({
    job: job.name,
    text: job.text,
    identity,
    fields: JSON.stringify(fields),
    ...(window && { window: { start: isoTime(window.startMs), end: isoTime(window.endMs) } }),
  });
  const counts = { ok: 0, empty: 0, unchanged: 0, failed: 0, rows: 0, bytes: 0, attempts: 0 };
  const replaces = unfinished && {
    id: unfinished.id,
    done: doneOf(unfinished),
    changed: isNew ? [] : changedSince(unfinished, fields),
  };
  return { id, isResumed: false, counts, keys: null, follows: latest?.id, ...(replaces && { replaces }) };
}

/** The fields that differ from those of an earlier run. */
function changedSince({ fields }: RunRecord, now: Readonly<Record<string, string>>): string[] {
  const before: unknown = JSON.parse(fields ?? "{}");
  return typeof before === "object" && before !== null ? changedFields({ ...before }, now) : [];
}

/** `request.url has changed` and the like. */
export function changeText(changed: readonly string[]): string {
  const [first = "the job", ...others] = changed;
  return `${[first, ...others].join(" and ")} ${others.length === 0 ? "has" : "have"} changed since`;
}

async function resume(
  store: StoreWriter,
  run: RunRecord,
  options: Parameters<StoreWriter["resumeRun"]>[1],
): Promise<RunChoice> {
  await store.resumeRun(run.id, options);
  const counts = await store.countRun(run.id);
  return { id: run.id, isResumed: true, counts, keys: run.keys, follows: undefined };
}

function jobChanged(run: RunRecord, changed: readonly string[]): StaleRunError {
  const window = run.windowStart === null ? "" : ` for ${run.windowStart}`;
  return new StaleRunError(
    `Cannot resume run ${run.id} of "${run.job}"${window}: ${changeText(changed)}; ` +
      `finish the run with the old job, or start a new run with --new`,
  );
}
