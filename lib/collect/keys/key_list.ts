/**
 * The key list of a run, read lazily in blocks. A list over HTTP is fetched once and kept in the store until the run is
 * finished, so that a resumed run asks the same keys.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { InterruptedError } from "../../errors.ts";
import { ExchangeError } from "../../http/exchange_error.ts";
import { retryDelayMs } from "../../http/retry_delay.ts";
import type { Job, UrlKeySource, Window } from "../../job/job.ts";
import { meaningOf, reasonOfJson } from "../../rows/failure_reasons.ts";
import type { StoreWriter } from "../../store/database.ts";
import type { RunChoice } from "../choose_run.ts";
import { fullDiskReason, requireFiles, type StorageChecks } from "../storage_guard.ts";
import { fetchKeys, KeyListError } from "./fetch_keys.ts";
import { readKeys } from "./key_reader.ts";

/** The keys of a run, read lazily. */
export interface KeyList {
  /** Keys in the order of the list. */
  readonly blocks: AsyncIterable<readonly string[]>;
  /** Keys in the list, where the store knows; undefined until the list has been read to its end. */
  readonly count: number | undefined;
}

/** The run that a key list is for. */
export interface KeyListOptions {
  readonly store: StoreWriter;
  readonly choice: RunChoice;
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
  const { store, choice, signal } = options;
  if (job.keys.kind !== "url") return { blocks: readKeys(job.keys), count: undefined };
  let count = choice.keys;
  if (count === null) {
    count = await unlessStopped(signal, keepList(job, job.keys, options));
    await store.setKeys(choice.id, count);
  }
  return { blocks: store.keptKeys(choice.id), count };
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

/** Fetches the list into the store, with retries. Returns the number of its keys. */
async function keepList(job: Job, source: UrlKeySource, options: KeyListOptions): Promise<number> {
  const { store, choice, window, signal, storage } = options;
  for (let attempts = 1;; attempts++) {
    try {
      let count = 0;
      const blocks = async function* () {
        for await (const block of fetchKeys(job, source, { window, signal })) {
          count += block.length;
          await requireStorage(storage);
          yield block;
        }
        // An empty list is a fault of the server.
        if (count === 0) throw new KeyListError("missing");
      };
      await store.keepKeys(choice.id, blocks());
      return count;
    } catch (error) {
      // A part of a list is of no use, and would take the space that the next start needs.
      await store.dropKeys(choice.id).catch(() => {});
      signal.throwIfAborted();
      const delayMs = retryDelay(error, { attempts, attemptsMax: job.retry.attempts });
      await delay(delayMs, { signal });
    }
  }
}

/** @throws {InterruptedError} If the disk is full, or a file of the database is gone. */
async function requireStorage(storage: StorageChecks): Promise<void> {
  await requireFiles(storage);
  const reason = await fullDiskReason(storage);
  if (reason === undefined) return;
  throw new InterruptedError(`The key list cannot be stored: ${reason}; free some space, then run again`);
}

/**
 * The milliseconds until the next attempt.
 *
 * @throws {InterruptedError} If no attempt is left.
 * @throws The error itself, if it is not about the list.
 */
function retryDelay(
  error: unknown,
  { attempts, attemptsMax }: { readonly attempts: number; readonly attemptsMax: number },
): number {
  const reason = reasonOf(error);
  const retryAfterMs = error instanceof KeyListError ? error.retryAfterMs : undefined;
  const delayMs = retryDelayMs({ attempts, attemptsMax, retryAfterMs }, Math.random());
  if (delayMs !== undefined) return delayMs;
  const detail = error instanceof ExchangeError && error.detail !== undefined ? `, ${error.detail}` : "";
  throw new InterruptedError(
    `The key list could not be read after ${attempts} attempt${attempts === 1 ? "" : "s"}: ${
      meaningOf(reason)
    } ` +
      `(${reason}${detail}); run again to retry`,
    { cause: error },
  );
}

/** The reason that a fetch with this error would have. */
function reasonOf(error: unknown): string {
  if (error instanceof ExchangeError) return error.reason;
  if (error instanceof KeyListError) return error.message;
  const reason = reasonOfJson(error);
  if (reason === undefined) throw error;
  return reason;
}
