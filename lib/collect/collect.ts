/**
 * One run, from its keys to its sums: plans batches, has Workers ask them, stores the answers, and checks that the sums
 * add up. Control keys come first and alone: if one of them fails, no other key is asked.
 *
 * @module
 */

import { InterruptedError, messageOf, StaleRunError, UsageError } from "../errors.ts";
import type { Job, Window } from "../job/job.ts";
import { Redactor } from "../job/secret.ts";
import { httpLimits, runLimits } from "../limits.ts";
import { nowUs } from "../pace/clock.ts";
import { type SharedMemory, SharedState } from "../pace/shared_state.ts";
import { isTransient, meaningOf } from "../rows/failure_reasons.ts";
import { coverageOf, doneOf, pendingOf } from "../store/coverage.ts";
import type { StoreWriter } from "../store/database.ts";
import type { FailedFetch, RunCounts } from "../store/records.ts";
import { limitedReason, type RunChoice } from "./choose_run.ts";
import { checkRedirectHosts, jobHosts } from "./job_hosts.ts";
import { BatchPlanner } from "./keys/batch_planner.ts";
import { BatchSizes } from "./keys/batch_sizes.ts";
import { controlFirst } from "./keys/control_keys.ts";
import { type KeyList, openKeyList } from "./keys/key_list.ts";
import type { KeySurvey } from "./keys/key_survey.ts";
import { isKept } from "./keys/list_record.ts";
import { Progress } from "./progress.ts";
import { requireFiles, type StorageChecks } from "./storage_guard.ts";
import { SharedLimits } from "./sharing/shared_limits.ts";
import { Supervisor } from "./supervisor.ts";
import { Quotas } from "./tuning/quotas.ts";
import { Tuning } from "./tuning/tuning.ts";
import type { PlannedBatch } from "./workers/batch_source.ts";
import { feedersMaxOf, WorkerPool } from "./workers/worker_pool.ts";

/** What a run needs. */
export interface CollectOptions {
  readonly job: Job;
  readonly window: Window | undefined;
  readonly store: StoreWriter;
  readonly choice: RunChoice;
  /** Asks only this many keys, control keys not counted. */
  readonly limit: number | undefined;
  readonly survey: KeySurvey;
  /** Aborted to stop the run: requests in flight get `runLimits.graceMs` to finish. */
  readonly signal: AbortSignal;
  /** What to check while the run writes. Default: nothing. */
  readonly storage?: StorageChecks;
  /** Folder of what the runs of one user on one machine share; needed by a job with `limits.share`. */
  readonly stateFolder?: string | undefined;
  /** Called once, before the first request of a Worker. */
  readonly onStart: (progress: Progress) => void;
}

/** How a run ended. keys = ok + empty + unchanged + failed + pending. */
export interface CollectResult {
  readonly state: "finished" | "interrupted";
  /** Why the run was interrupted; null otherwise. */
  readonly reason: string | null;
  /** Why a control key failed: a passing or a lasting cause; null if none failed. */
  readonly controlFailure: "passing" | "lasting" | null;
  /** The server refuses access: a person must change the credentials before the same command goes on. */
  readonly isRefused?: boolean;
  /** The run reached its `limit`; a start without the limit asks the other keys. */
  readonly isLimited: boolean;
  readonly counts: RunCounts;
  /** Keys in the list; undefined where the list was not read to its end. */
  readonly keys: number | undefined;
  /** Keys without a verdict; undefined where `keys` is. */
  readonly pending: number | undefined;
  /** Keys that occur before in the list; undefined where they were not counted, as beyond a million keys. */
  readonly duplicates: number | undefined;
}

/** The parts of a run under way. */
interface RunParts {
  readonly options: CollectOptions;
  readonly list: KeyList;
  /** Number of control keys; if there are any, they are the first batch. */
  readonly controls: number;
  readonly planner: BatchPlanner;
  readonly workers: WorkerPool;
  readonly progress: Progress;
  readonly limits: RunLimits;
}

/** The limits of a run, and what enforces them. */
interface RunLimits {
  readonly memory: SharedMemory;
  readonly shared: SharedState;
  readonly quotas: Quotas;
  /** Absent where the job shares its limits with no other process. */
  readonly sharing: SharedLimits | undefined;
}

/** How asking the keys ended. */
interface Ending {
  /** The control key that failed. */
  readonly broken: FailedFetch | undefined;
  /** Why not every key was asked. */
  readonly stopped: string | undefined;
  /** The server refuses access. */
  readonly isRefused: boolean;
}

/**
 * Collects until every key has a verdict, or until stopped.
 *
 * @throws {UsageError} If the key list cannot be read, or is not the one that the run began with.
 * @throws {InterruptedError} If the key list cannot be fetched, the disk is full, or a file of the database is gone.
 */
export async function collect(options: CollectOptions): Promise<CollectResult> {
  const { job, store, choice } = options;
  try {
    await checkRedirectHosts(job);
    const memory = SharedState.create(job.limits.inFlight, job.limits.rates, nowUs());
    const shared = new SharedState(memory);
    await using sharing = await sharingOf(options, shared);
    const quotas = await quotasOf(options, shared);
    const parts = await prepare(options, { memory, shared, quotas, sharing });
    options.onStart(parts.progress);
    const ending = await askSupervised(parts);
    await requireFiles(options.storage ?? {});
    return await end(parts, ending);
  } catch (error) {
    const cause = store.explain(error);
    const reason = Redactor.of(job).hide(messageOf(cause));
    // On a full disk this write fails too. The run stays as it is and can be resumed.
    if (!store.isDamage(error)) {
      await store.endRun(choice.id, { state: "interrupted", reason }).catch(() => {});
    }
    throw cause;
  }
}

/** @throws {UsageError} If the folder of the shared limits cannot be written. */
async function sharingOf(
  { job, stateFolder }: CollectOptions,
  shared: SharedState,
): Promise<SharedLimits | undefined> {
  const { share } = job.limits;
  if (share === undefined || stateFolder === undefined) return undefined;
  return await SharedLimits.open(share, job.limits, { shared, folder: `${stateFolder}/share` });
}

async function quotasOf({ job, window, store }: CollectOptions, { pace }: SharedState): Promise<Quotas> {
  return await Quotas.open(job.limits.rates, { pace, store, host: jobHosts(job, window).join() });
}

async function prepare(options: CollectOptions, limits: RunLimits): Promise<RunParts> {
  const { job, store, choice, signal, storage = {} } = options;
  const { inFlight, auto } = job.limits;
  const { memory, shared, quotas, sharing } = limits;
  const open = () => openKeyList(job, { ...options, storage });
  // A list that the API serves is a request as any other.
  const isAsked = job.keys.kind === "url" && !isKept(choice.list);
  const list = await (isAsked && sharing !== undefined ? sharing.during(open, { signal, quotas }) : open());
  const progress = new Progress(choice.counts, { shared, auto });
  const controls = new Set(job.control).size;
  const limit = options.limit === undefined ? undefined : controls + options.limit;
  progress.total = list.count === undefined ? undefined : Math.min(list.count, limit ?? Infinity);
  const sizes = new BatchSizes(feedersMaxOf(inFlight), inFlight);
  const sizeOf = (number: number, planned: number) => {
    if (number === 0 && controls > 0) return controls;
    return job.limits.batch ??
      sizes.next(progress.total === undefined ? undefined : progress.total - planned);
  };
  const keys = controlFirst(list.blocks, job.control);
  const planner = new BatchPlanner({ store, run: choice.id, keys, limit, size: sizeOf });
  const workers = new WorkerPool({
    prepare: { job, window: options.window, shared: memory, hosts: jobHosts(job, options.window) },
    shared,
    store,
    run: choice.id,
    progress,
    answeredKey: await store.answeredKey(choice.id, httpLimits.smallBodyBytesMax),
    onDrained: (batch) => sizes.drained(batch),
  });
  return { options, list, controls, planner, workers, progress, limits };
}

/** Asks all keys while a supervisor watches. */
async function askSupervised(parts: RunParts): Promise<Ending> {
  const { options, workers, limits: { shared, quotas, sharing } } = parts;
  const { job, window, store, storage = {} } = options;
  const { outageMs } = job.retry;
  const tuning = await Tuning.open(job.limits, { shared, store, host: jobHosts(job, window).join() });
  const watched = { workers, quotas, tuning, sharing, shared };
  await using supervisor = await Supervisor.start({ ...watched, outageMs, storage });
  const failing = new AbortController();
  const signal = AbortSignal.any([options.signal, supervisor.signal, failing.signal]);
  using _stopping = stopOn(signal, workers);
  const broken = await askInOrder(parts, { signal, fail: (error) => failing.abort(error) });
  failing.signal.throwIfAborted();
  if (supervisor.reason === undefined) supervisor.signal.throwIfAborted();
  const { reason, isRefused } = supervisor;
  return { broken, stopped: reason ?? (signal.aborted ? "stopped" : undefined), isRefused };
}

/** How the asking is stopped. */
interface Stopping {
  readonly signal: AbortSignal;
  /** Called when the key list cannot be read on. Requests in flight are finished: their keys were in the list. */
  readonly fail: (error: Error) => void;
}

/** Asks the control keys and, if they are well, all others. Returns the control key that failed. */
async function askInOrder(parts: RunParts, { signal, fail }: Stopping): Promise<FailedFetch | undefined> {
  const { options: { store, choice }, controls, planner, workers, progress } = parts;
  // A control key that failed at an earlier start is asked again: it tells whether the API is well now.
  for (const { sequence } of await store.failures(choice.id, 0, controls)) {
    await store.forget(choice.id, sequence);
  }
  let first = await planner.next();
  const source = (next: () => Promise<PlannedBatch | undefined>) => ({
    next,
    done: (batch: PlannedBatch) => planner.done(batch),
    lost: (batch: PlannedBatch) => planner.lost(batch),
  });
  const takeFirst = () => {
    const batch = first;
    first = undefined;
    return batch;
  };
  if (controls > 0 && first?.number === 0) {
    await workers.run(source(() => Promise.resolve(takeFirst())));
  }
  const [broken] = await store.failures(choice.id, 0, controls);
  if (broken !== undefined || signal.aborted) return broken;
  const next = async () => {
    const batch = takeFirst() ?? await nextOrFail(planner, fail);
    progress.total = planner.keyCount ?? progress.total;
    return batch;
  };
  await workers.run(source(next), () => progress.total === undefined || planner.planned < progress.total);
  return undefined;
}

/** The next batch, after others were asked; undefined if the list has a mistake. */
async function nextOrFail(planner: BatchPlanner, fail: Stopping["fail"]): Promise<PlannedBatch | undefined> {
  try {
    return await planner.next();
  } catch (error) {
    if (error instanceof InterruptedError || error instanceof StaleRunError) fail(error);
    else if (error instanceof UsageError) {
      const remedy = "keys before it were asked: correct the list, and run again to resume";
      fail(new UsageError(`${error.message}; ${remedy}`, { cause: error }));
    } else throw error;
    return undefined;
  }
}

/** Counts the sums from the fetches, and ends the run in the store. */
async function end(parts: RunParts, { broken, stopped, isRefused }: Ending): Promise<CollectResult> {
  const { options: { store, choice, limit }, list, planner, progress } = parts;
  const { keyCount, isCut, planned } = planner;
  const counts = await store.countRun(choice.id);
  const done = doneOf(counts);
  if (keyCount !== undefined) await store.setKeys(choice.id, keyCount);
  const isFinished = broken === undefined && done === keyCount;
  const isLimited = broken === undefined && stopped === undefined && isCut && done >= planned;
  const keys = keyCount ?? (isLimited ? done : progress.total);
  const reason = broken !== undefined
    ? `control key ${broken.key}: ${meaningOf(broken.reason)} (${broken.reason})`
    : isFinished
    ? null
    : isLimited
    ? limitedReason(limit)
    : stopped;
  if (reason === undefined) {
    throw new Error(`The sums of the run do not add up: ${done} verdicts on ${keyCount} keys`);
  }
  const isCovered = (coverageOf({ ...counts, keys }) ?? 0) >= parts.options.job.accept.minCoverage;
  const state = reason === null ? "finished" : "interrupted";
  await store.endRun(
    choice.id,
    reason === null ? { state: "finished", isCovered } : { state: "interrupted", reason },
  );
  const pending = pendingOf({ ...counts, keys });
  const controlFailure = broken === undefined ? null : isTransient(broken.reason) ? "passing" : "lasting";
  const duplicates = list.duplicates();
  return { state, reason, controlFailure, isRefused, isLimited, counts, keys, pending, duplicates };
}

/** Stops the Workers on a signal. Requests in flight get `runLimits.graceMs`; what hangs after that is ended. */
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
