/**
 * The keys of a run, in blocks, lazily: from where the job has them, or, for a list that came over the network, from
 * the copy that the store keeps, so that a resumed run asks the same keys.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { InterruptedError } from "../../errors.ts";
import { Client } from "../../http/client.ts";
import { ExchangeError } from "../../http/exchange_error.ts";
import { hostOf } from "../../http/redirect_policy.ts";
import { retryDelayMs } from "../../http/retry_delay.ts";
import type { Job, KeySource, Window } from "../../job/job.ts";
import { readKeys } from "./key_reader.ts";
import { keyListRequest } from "../../job/request_builder.ts";
import { parsePath } from "../../json/path/path_parser.ts";
import { selectValues } from "../../json/tokenizer_stream.ts";
import { decodeText, ValueKind } from "../../json/value.ts";
import type { StoreWriter } from "../../store/database.ts";
import { meaningOf, reasonOfJson } from "../../rows/failure_reasons.ts";
import { checkRedirectHosts } from "../job_hosts.ts";
import type { RunChoice } from "../choose_run.ts";
import { keyRule } from "../../job/key_rule.ts";

type UrlSource = Extract<KeySource, { readonly kind: "url" }>;

/** The keys of a run, read lazily. */
export interface KeyList {
  /** Keys in the order of the list. */
  readonly blocks: AsyncIterable<readonly string[]>;
  /** Keys in the list, where the store knows; undefined until the list has been read to its end. */
  readonly count: number | undefined;
}

/**
 * Opens the key list of a run.
 *
 * @throws {UsageError} If they cannot be read.
 * @throws {InterruptedError} If a list must be asked for and does not come, or the run is stopped before.
 */
export async function openKeyList(
  job: Job,
  options: {
    readonly store: StoreWriter;
    readonly choice: RunChoice;
    readonly window: Window | undefined;
    /** Aborted when the run is to stop. */
    readonly signal: AbortSignal;
  },
): Promise<KeyList> {
  const { store, choice, window, signal } = options;
  if (job.keys.kind !== "url") return { blocks: readKeys(job.keys), count: undefined };
  let count = choice.keys;
  if (count === null) {
    count = await unlessStopped(
      signal,
      keepList(job, { store, run: choice.id, window, source: job.keys, signal }),
    );
    await store.setKeys(choice.id, count);
  }
  return { blocks: store.keptKeys(choice.id), count };
}

/** The keys that `source` lists, as they come over the network. */
export async function* askKeys(
  job: Job,
  source: UrlSource,
  window: Window | undefined,
  signal?: AbortSignal,
): AsyncGenerator<readonly string[]> {
  await checkRedirectHosts(job);
  const request = keyListRequest(source.url, window);
  const { timeout, bodyBytesMax } = job.request;
  using client = new Client({
    hosts: [hostOf(new URL(request.url))],
    redirectHosts: job.request.redirectHosts,
    timeouts: timeout,
    bodyBytesMax,
    connectionsMax: 1,
  });
  const drop = () => client.drop();
  signal?.addEventListener("abort", drop);
  using _listening = { [Symbol.dispose]: () => signal?.removeEventListener("abort", drop) };
  const answer = await client.send(request);
  if (answer.status !== 200) {
    throw new KeyListError(`http-${answer.status}`, answer.rateLimitInfo(Date.now()).retryAfterMs);
  }
  for await (const block of answer.stream().pipeThrough(selectValues(parsePath(source.path)))) {
    yield block.map(asKey);
  }
}

/** The list did not come, or is none; may be better the next time. */
class KeyListError extends Error {
  override readonly name = "KeyListError";
  readonly retryAfterMs: number | undefined;

  constructor(reason: string, retryAfterMs?: number) {
    super(reason);
    this.retryAfterMs = retryAfterMs;
  }
}

/** @throws {InterruptedError} If `work` failed as it was stopped. */
async function unlessStopped<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error !== signal.reason) throw error;
    throw new InterruptedError("Cannot read the key list as the run was stopped: run again to go on");
  }
}

async function keepList(
  job: Job,
  options: {
    readonly store: StoreWriter;
    readonly run: number;
    readonly window: Window | undefined;
    readonly source: UrlSource;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const { store, run, window, source, signal } = options;
  for (let attempts = 1;; attempts++) {
    try {
      let count = 0;
      const blocks = async function* () {
        for await (const block of askKeys(job, source, window, signal)) {
          count += block.length;
          yield block;
        }
        // A list without keys is a bad day of the server's.
        if (count === 0) throw new KeyListError("missing");
      };
      await store.keepKeys(run, blocks());
      return count;
    } catch (error) {
      signal.throwIfAborted();
      const reason = reasonOf(error);
      const retryAfterMs = error instanceof KeyListError ? error.retryAfterMs : undefined;
      const delayMs = retryDelayMs(
        { attempts, attemptsMax: job.retry.attempts, retryAfterMs },
        Math.random(),
      );
      if (delayMs === undefined) {
        const detail = error instanceof ExchangeError && error.detail !== undefined
          ? `, ${error.detail}`
          : "";
        throw new InterruptedError(
          `Cannot read the key list as ${meaningOf(reason)} (${reason}${detail}): ` +
            `${attempts} attempts; run again to try again`,
          { cause: error },
        );
      }
      await delay(delayMs, { signal });
    }
  }
}

/** A code as a fetch would have it. Errors that are no fault of the list's are passed on. */
function reasonOf(error: unknown): string {
  if (error instanceof ExchangeError) return error.reason;
  if (error instanceof KeyListError) return error.message;
  const reason = reasonOfJson(error);
  if (reason === undefined) throw error;
  return reason;
}

/**
 * The key that a selected value holds.
 *
 * @throws {KeyListError} If the value is not a string or number, or breaks the rule for keys.
 */
function asKey(raw: string): string {
  const key = raw.startsWith('"') ? String(decodeText(ValueKind.string, raw)) : raw;
  if (!/^["\d-]/.test(raw) || keyRule(key) !== undefined) throw new KeyListError("bad-value");
  return key;
}
