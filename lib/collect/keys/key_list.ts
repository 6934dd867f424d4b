/**
 * The key list of a run, read lazily in blocks. A list that cannot be read a second time, over HTTP or from a pipe, is
 * kept in the store until the run is finished, so that a resumed run asks the same keys.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { InterruptedError } from "../../errors.ts";
import { retryDelayMs } from "../../http/retry_delay.ts";
import type { Job, Window } from "../../job/job.ts";
import type { StoreWriter } from "../../store/database.ts";
import type { RunChoice } from "../choose_run.ts";
import { fullDiskReason, requireFiles, type StorageChecks } from "../storage_guard.ts";
import { DuplicateCounter } from "./duplicate_counter.ts";
import { fetchKeys } from "./fetch_keys.ts";
import { KeyListError } from "./key_list_error.ts";
import { readKeys } from "./key_reader.ts";
import type { KeySurvey } from "./key_survey.ts";
import { isKept, type ListRecord, recordOf } from "./list_record.ts";
import { stoppable } from "./stoppable.ts";

/** The keys of a run, read lazily. */
export interface KeyList {
  /** Keys in the order of the list. */
  readonly blocks: AsyncIterable<readonly string[]>;
  /** Keys to be asked, control keys included; undefined until the list has been read to its end. */
  readonly count: number | undefined;
  /** Keys that occur before in the list, as far as it has been read; undefined if they were not counted. */
  readonly duplicates: () => number | undefined;
}

/** The run that a key list is for. */
export interface KeyListOptions {
  readonly store: StoreWriter;
  readonly choice: RunChoice;
  readonly survey: KeySurvey;
  readonly window: Window | undefined;
  /** Aborted to stop the run. */
  readonly signal: AbortSignal;
  /** Checked with each block that is stored: a server may list keys without end. */
  readonly storage: StorageChecks;
}

/**
 * Opens the key list of a run.
 *
 * @throws {UsageError} If the list cannot be read.
 * @throws {InterruptedError} If the list cannot be fetched, or the run is stopped before.
 */
export async function openKeyList(job: Job, options: KeyListOptions): Promise<KeyList> {
  const { store, choice: { id, list }, survey, signal } = options;
  if (isKept(list) || survey.isOnce) {
    const { keys, duplicates } = isKept(list) ? list : await unlessStopped(signal, keepList(job, options));
    return { blocks: store.keptKeys(id), count: keys, duplicates: () => duplicates ?? undefined };
  }
  // A run that is interrupted then has a coverage and pending keys.
  if (survey.keys !== undefined) await store.setKeys(id, survey.keys);
  const record = recordOf(survey);
  if (survey.file !== undefined && record !== undefined) {
    if (list === undefined) await store.setList(id, JSON.stringify(record));
    return { blocks: survey.file.blocks(), count: survey.keys, duplicates: () => survey.duplicates };
  }
  const counts = new ListCounts(job);
  return {
    blocks: job.keys.kind === "range" ? readKeys(job.keys) : counts.of(sourceOf(job, options)),
    count: survey.keys,
    duplicates: () => survey.duplicates ?? counts.duplicates,
  };
}

/** The keys of a source that is no range. */
function sourceOf(job: Job, { window, signal }: KeyListOptions): AsyncIterable<readonly string[]> {
  return job.keys.kind === "url" ? fetchKeys(job, job.keys, { window, signal }) : readKeys(job.keys);
}

/** Counts the keys of a list while it is read. */
class ListCounts {
  readonly #control: ReadonlySet<string>;
  readonly #counter = new DuplicateCounter();
  #others = 0;

  constructor({ control }: Job) {
    this.#control = new Set(control);
  }

  /** Keys to be asked, control keys included. */
  get keys(): number {
    return this.#control.size + this.#others;
  }

  get duplicates(): number | undefined {
    return this.#counter.duplicates;
  }

  async *of(blocks: AsyncIterable<readonly string[]>): AsyncGenerator<readonly string[]> {
    for await (const block of blocks) {
      const others = this.#control.size === 0 ? block : block.filter((key) => !this.#control.has(key));
      this.#others += others.length;
      this.#counter.add(others);
      yield block;
    }
  }
}

/** @throws {InterruptedError} If `work` failed because it was stopped. */
async function unlessStopped<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error !== signal.reason) throw error;
    throw new InterruptedError("The run was stopped while it read the key list: run again to resume it");
  }
}

/** Reads the whole list into the store; a list over HTTP is fetched with retries. */
async function keepList(job: Job, options: KeyListOptions): Promise<ListRecord> {
  const { store, choice: { id }, signal, storage } = options;
  for (let attempts = 1;; attempts++) {
    const counts = new ListCounts(job);
    try {
      await store.keepKeys(id, counts.of(guarded(stoppable(sourceOf(job, options), signal), storage)));
    } catch (error) {
      // An incomplete list is useless, and would take the space that the next start needs.
      await store.dropKeys(id).catch(() => {});
      signal.throwIfAborted();
      if (!(error instanceof KeyListError)) throw error;
      await delay(delayAfter(error, { attempts, attemptsMax: job.retry.attempts }), { signal });
      continue;
    }
    const record = { keys: counts.keys, duplicates: counts.duplicates ?? null };
    await store.setList(id, JSON.stringify(record));
    await store.setKeys(id, record.keys);
    return record;
  }
}

/** @throws {InterruptedError} If the disk is full, or a file of the database is gone. */
async function* guarded<T>(blocks: AsyncIterable<T>, storage: StorageChecks): AsyncGenerator<T> {
  for await (const block of blocks) {
    await requireFiles(storage);
    const reason = await fullDiskReason(storage);
    if (reason !== undefined) {
      throw new InterruptedError(`The key list cannot be stored: ${reason}; free some space, then run again`);
    }
    yield block;
  }
}

/**
 * The milliseconds until the next attempt.
 *
 * @throws {UsageError | InterruptedError} If no attempt is left, or another one would get the same answer.
 */
function delayAfter(
  error: KeyListError,
  { attempts, attemptsMax }: { readonly attempts: number; readonly attemptsMax: number },
): number {
  const { refusal: { retryAfterMs }, isTransient } = error;
  const delayMs = retryDelayMs({ attempts, attemptsMax, retryAfterMs }, Math.random());
  if (!isTransient || delayMs === undefined) throw error.ending(attempts);
  return delayMs;
}
