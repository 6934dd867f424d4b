/**
 * One run, from its keys to its end: plans batches, has them asked, and sees to it that the sums come out. The
 * control keys come first and alone: if one of them is broken, so is the API, and nothing else is asked.
 *
 * @module
 */

import { messageOf } from "../errors.ts";
import type { Job, Window } from "../job/job.ts";
import { controlFirst } from "./keys/key_reader.ts";
import { Redactor } from "../job/secret.ts";
import { httpLimits, runLimits } from "../limits.ts";
import type { RunCounts } from "../store/records.ts";
import type { Failure, StoreWriter } from "../store/sqlite/writer.ts";
import { isDamage } from "../store/sqlite/sqlite_error.ts";
import { meaningOf } from "../rows/failure_reasons.ts";
import { feedersMaxOf, WorkerPool } from "./workers/worker_pool.ts";
import { Batches, BatchSizes } from "./keys/batches.ts";
import { checkRedirectHosts, jobHosts } from "./job_hosts.ts";
import { keysOf } from "./keys/key_list.ts";
import { limitedReason, type RunChoice } from "./choose_run.ts";
import { Tuning } from "./tuning/tuning.ts";
import { Quotas } from "./tuning/quotas.ts";
import { nowUs } from "../pace/clock.ts";
import { SharedState } from "../pace/shared_state.ts";
import { Progress } from "./progress.ts";
import { Supervisor } from "./supervisor.ts";

/** What a run needs. */
export interface CollectOptions {
  readonly job: Job;
  readonly window: Window | undefined;
  readonly store: StoreWriter;
  readonly choice: RunChoice;
  /** Only so many keys, the control keys not counted. */
  readonly limit: number | undefined;
  /** How many keys the list has, where that is known before it is read. */
  readonly listSize: number | undefined;
  /** Aborted when the run is to stop: what is in flight then has `runLimits.graceMs` to finish. */
  readonly signal: AbortSignal;
  /** How much room the disk has, where the run is to end before it is full. */
  readonly freeBytes?: (() => number | undefined) | undefined;
  /** Told once, before the first request. */
  readonly started: (progress: Progress) => void;
}

/** How a run ended. keys = ok + empty + unchanged + failed + pending. */
export interface CollectResult {
  readonly state: "finished" | "interrupted";
  /** Why it was interrupted. */
  readonly reason: string | null;
  /** A control key has failed. */
  readonly isControlBroken: boolean;
  /** It was to ask only so many keys, and did; a start without the limit asks the others. */
  readonly isLimited: boolean;
  readonly counts: RunCounts;
  /** How many keys there are; undefined where the list was not read to its end. */
  readonly keys: number | undefined;
  readonly pending: number | undefined;
}

/**
 * Collects until every key has its verdict, or until stopped.
 *
 * @throws {UsageError} If the key list is not the one that the run began with, or cannot be read.
 * @throws {InterruptedError} If the key list does not come over the network.
 */
export async function collect(options: CollectOptions): Promise<CollectResult> {
  const { job, window, store, choice, signal } = options;
  try {
    await checkRedirectHosts(job);
    const list = await keysOf(job, { store, choice, window, signal });
    const memory = SharedState.create(job.limits.inFlight, job.limits.rates, nowUs());
    const shared = new SharedState(memory);
    const progress = new Progress(choice.counts, { shared, auto: job.limits.auto });
    const controls = new Set(job.control).size;
    const listSize = list.count ?? options.listSize;
    const limit = options.limit === undefined ? undefined : controls + options.limit;
    progress.answeredKey = await store.answeredKey(choice.id, httpLimits.smallBodyBytesMax);
    progress.total = listSize === undefined ? undefined : Math.min(listSize, limit ?? Infinity);
    const sizes = new BatchSizes(feedersMaxOf(job.limits.inFlight), job.limits.inFlight);
    const batches = new Batches({
      store,
      run: choice.id,
      keys: controlFirst(list.blocks, job.control),
      limit,
      size: (number, planned) => {
        if (number === 0 && controls > 0) return controls;
        return job.limits.batch ??
          sizes.next(progress.total === undefined ? undefined : progress.total - planned);
      },
    });
    const workers = new WorkerPool({
      prepare: { job, window, shared: memory, hosts: jobHosts(job, window) },
      shared,
      store,
      run: choice.id,
      progress,
      drained: (batch) => sizes.drained(batch),
    });
    options.started(progress);
    const asked = await askWatched({ options, controls, batches, workers, progress, shared });
    return await end(options, { ...asked, batches, expected: progress.total });
  } catch (error) {
    const cause = store.explain(error);
    // Where the disk is full this fails as well; the run stays as it is, to be resumed all the same.
    const reason = Redactor.of(job).hide(messageOf(cause));
    if (!isDamage(error)) await store.endRun(choice.id, "interrupted", reason).catch(() => {});
    throw cause;
  }
}

interface Work {
  readonly options: CollectOptions;
  /** How many control keys there are: the first batch, if there is one. */
  readonly controls: number;
  readonly batches: Batches;
  readonly workers: WorkerPool;
  readonly progress: Progress;
  readonly shared: SharedState;
}

/** How asking came to its end. */
interface Asked {
  /** The control key that is broken. */
  readonly broken: Failure | undefined;
  /** Why not all keys were asked. */
  readonly stopped: string | undefined;
}

/** Has all keys asked, and watches over it. */
async function askWatched(work: Work): Promise<Asked> {
  const { options, shared, workers } = work;
  const { job, window, store } = options;
  const host = jobHosts(job, window).join();
  const quotas = await Quotas.open(job.limits.rates, { pace: shared.pace, store, host });
  const tuning = await Tuning.open(job.limits, { shared, store, host });
  const { outageMs } = job.retry;
  const { freeBytes } = options;
  await using supervisor = await Supervisor.start({ workers, quotas, tuning, shared, outageMs, freeBytes });
  const signal = AbortSignal.any([options.signal, supervisor.signal]);
  using _stopping = stopOn(signal, workers);
  const broken = await askInOrder({ ...work, options: { ...options, signal } });
  if (supervisor.reason === undefined) supervisor.signal.throwIfAborted();
  return { broken, stopped: supervisor.reason ?? (signal.aborted ? "stopped" : undefined) };
}

/** Has the control keys asked, and if they are well, all others. Returns the control key that is not. */
async function askInOrder(
  { options, controls, batches, workers, progress }: Work,
): Promise<Failure | undefined> {
  const { store, choice } = options;
  // A control key that failed the last time is asked again: it tells whether the API is well now.
  for (const { sequence } of await store.failures(choice.id, 0, controls)) {
    await store.forget(choice.id, sequence);
  }
  let batch = await batches.next();
  if (controls > 0 && batch?.number === 0) {
    const only = [batch];
    await workers.run(() => Promise.resolve(only.shift()));
    batch = undefined;
  }
  const [broken] = await store.failures(choice.id, 0, controls);
  if (broken !== undefined || options.signal.aborted) return broken;
  await workers.run(async () => {
    const next = batch ?? await batches.next();
    batch = undefined;
    progress.total = batches.keyCount ?? progress.total;
    return next;
  }, () => progress.total === undefined || batches.planned < progress.total);
  return undefined;
}

async function end(
  options: CollectOptions,
  found: Asked & {
    readonly batches: Batches;
    readonly expected: number | undefined;
  },
): Promise<CollectResult> {
  const { store, choice, limit } = options;
  const { keyCount, isCut, planned } = found.batches;
  const counts = await store.countRun(choice.id);
  const done = counts.ok + counts.empty + counts.unchanged + counts.failed;
  if (keyCount !== undefined) await store.setKeys(choice.id, keyCount);
  const isFinished = found.broken === undefined && done === keyCount;
  const isLimited = found.broken === undefined && found.stopped === undefined && isCut && done >= planned;
  const keys = keyCount ?? (isLimited ? done : found.expected);
  const reason = found.broken !== undefined
    ? `control key ${found.broken.key}: ${meaningOf(found.broken.reason)} (${found.broken.reason})`
    : isFinished
    ? null
    : isLimited
    ? limitedReason(limit)
    : found.stopped;
  if (reason === undefined) {
    throw new Error(`Cannot end the run as its sums do not come out: ${done} verdicts on ${keyCount} keys`);
  }
  const state = isFinished ? "finished" : "interrupted";
  await store.endRun(choice.id, state, reason);
  const pending = keys === undefined ? undefined : Math.max(0, keys - done);
  return { state, reason, isControlBroken: found.broken !== undefined, isLimited, counts, keys, pending };
}

/** Once the signal comes, stops the workers; what is in flight gets its time, what hangs then is ended. */
function stopOn(signal: AbortSignal, workers: WorkerPool): Disposable {
  const timers: ReturnType<typeof setTimeout>[] = [];
  const stop = () => {
    workers.stop();
    timers.push(setTimeout(() => workers.drop(), runLimits.graceMs));
    timers.push(setTimeout(() => workers.terminate(), runLimits.graceMs + runLimits.dropMs));
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  return {
    [Symbol.dispose]: () => {
      signal.removeEventListener("abort", stop);
      timers.forEach(clearTimeout);
    },
  };
}
