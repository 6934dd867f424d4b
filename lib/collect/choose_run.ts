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
import type { KeySurvey } from "./keys/key_survey.ts";
import { differenceOf, isKept, type ListRecord, parseRecord } from "./keys/list_record.ts";

/** The chosen run. */
export interface RunChoice {
  readonly id: number;
  /** An earlier start began the run. */
  readonly isResumed: boolean;
  /** The sums so far. */
  readonly counts: RunCounts;
  /** What the run remembers of its key list; undefined before the list is known. */
  readonly list: ListRecord | undefined;
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
  /** The key list as it is now. Default: it is not compared with that of an unfinished run. */
  readonly survey?: KeySurvey | undefined;
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
 * @throws {StaleRunError} If the unfinished run has another identity, or another key list.
 */
export async function chooseRun(
  store: StoreWriter,
  job: Job,
  options: ChoiceOptions,
): Promise<RunChoice | FinishedChoice> {
  const { window, survey, isNew, retryReasons } = options;
  const retryFailed = options.retryFailed || retryReasons !== undefined;
  const identity = await identityOf(job);
  const fields = await fieldFingerprints(job);
  const span = window && { start: isoTime(window.startMs), end: isoTime(window.endMs) };
  const latest = await store.latestRun(job.name, span?.start ?? null);
  if (span !== undefined && latest?.windowEnd !== span.end) await refuseOverlap(store, job, span);
  if (latest !== undefined && !isNew) {
    const isFinished = latest.state === "finished";
    const hasMore = !isFinished || (retryFailed && latest.failed > 0);
    const isSame = latest.identity === identity;
    const list = parseRecord(latest.list);
    const difference = survey && differenceOf(list, survey);
    // A run that ended at --limit was a trial: after a change of the job or its list, a new run starts.
    if (hasMore && !isLimited(latest)) {
      if (!isSame) throw jobChanged(latest, changedSince(latest, fields));
      if (!isFinished && difference !== undefined) throw listChanged(latest, difference);
    }
    if (hasMore && isSame && (isFinished || difference === undefined)) {
      await options.beforeStart?.(retryFailed ? answeredOf(latest) : doneOf(latest));
      const restoreKeys = isFinished &&
        (isKept(list) || difference !== undefined || !isReadable(job, survey));
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
    ...(span && { window: span }),
  });
  const counts = { ok: 0, empty: 0, unchanged: 0, failed: 0, rows: 0, bytes: 0, attempts: 0 };
  const replaces = unfinished && {
    id: unfinished.id,
    done: doneOf(unfinished),
    changed: isNew ? [] : [
      ...changedSince(unfinished, fields),
      ...(survey && differenceOf(parseRecord(unfinished.list), survey) ? ["the key list"] : []),
    ],
  };
  return {
    id,
    isResumed: false,
    counts,
    list: undefined,
    follows: latest?.id,
    ...(replaces && { replaces }),
  };
}

/**
 * Refuses a window of which another one holds a part: readers would see the rows of both.
 *
 * @throws {StaleRunError} If there is a run of such a window.
 */
async function refuseOverlap(
  store: StoreWriter,
  job: Job,
  window: { readonly start: string; readonly end: string },
): Promise<void> {
  const other = await store.overlappingRun(job.name, window);
  if (other === undefined) return;
  throw new StaleRunError(
    `Cannot collect the window ${window.start}/${window.end} of "${job.name}": it overlaps with ` +
      `${other.windowStart}/${other.windowEnd} of run ${other.id}, as window.every has changed since; ` +
      `use another database with --db`,
  );
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

/** Whether the list can be read once more. The keys of a finished run are those of its fetches where it cannot. */
function isReadable({ keys }: Job, survey: KeySurvey | undefined): boolean {
  return keys.kind === "range" || survey?.file !== undefined;
}

async function resume(
  store: StoreWriter,
  run: RunRecord,
  options: {
    readonly retryFailed: boolean;
    readonly retryReasons: readonly string[] | undefined;
    readonly restoreKeys: boolean;
  },
): Promise<RunChoice> {
  const { restoreKeys, ...retries } = options;
  const known = parseRecord(run.list);
  const list = restoreKeys ? { keys: run.keys ?? 0, duplicates: known?.duplicates ?? null } : known;
  await store.resumeRun(run.id, { ...retries, ...(restoreKeys && { restoredList: JSON.stringify(list) }) });
  const counts = await store.countRun(run.id);
  return { id: run.id, isResumed: true, counts, list, follows: undefined };
}

function listChanged(run: RunRecord, difference: string): StaleRunError {
  return new StaleRunError(
    `Cannot resume ${nameOf(run)}: its key list has changed, ${difference}; ` +
      `restore the old list, or start a new run with --new`,
  );
}

function jobChanged(run: RunRecord, changed: readonly string[]): StaleRunError {
  return new StaleRunError(
    `Cannot resume ${nameOf(run)}: ${changeText(changed)}; ` +
      `finish the run with the old job, or start a new run with --new`,
  );
}

function nameOf({ id, job, windowStart }: RunRecord): string {
  return `run ${id} of "${job}"${windowStart === null ? "" : ` for ${windowStart}`}`;
}
