/**
 * Asks a sample of a job's keys as a run does, Workers, pace and control keys included. Stores the answers in a
 * database in a temporary folder, measures them there, and removes the folder.
 *
 * @module
 */

import { InterruptedError, UsageError } from "../errors.ts";
import type { Job, Window } from "../job/job.ts";
import { readKeys } from "../collect/keys/key_reader.ts";
import { forecastLimits } from "./forecast_limits.ts";
import { isQuota } from "../pace/pace.ts";
import { runLimits } from "../limits.ts";
import { type Database, openDatabase, type StoreWriter } from "../store/database.ts";
import type { MeasuredFetch } from "../store/records.ts";
import { collect, type CollectResult } from "../collect/collect.ts";
import { jobHosts } from "../collect/job_hosts.ts";
import { openKeyList } from "../collect/keys/key_list.ts";
import { type KeySurvey, surveyKeys } from "../collect/keys/key_survey.ts";
import { stoppable } from "../collect/keys/stoppable.ts";
import { chooseRun, type RunChoice } from "../collect/choose_run.ts";
import type { Progress } from "../collect/progress.ts";
import { isEnough, type Probe } from "./forecast.ts";
import { firstKeys, type KeySample, sampleKeys, sampleRange } from "./sample.ts";
import { schemaOf } from "../rows/table_schema.ts";

/** What to probe. */
export interface ProbeTarget {
  readonly job: Job;
  readonly window: Window | undefined;
  /** Aborted to stop the probe. */
  readonly signal: AbortSignal;
  /** Folder of what runs share; undefined for a job without `limits.share`. */
  readonly stateFolder: string | undefined;
}

/** Which keys to sample. */
export interface SampleChoice {
  /** Keys in the sample, at most. */
  readonly size: number;
  /** Samples only the first `limit` keys of the list. */
  readonly limit: number | undefined;
  /** 0 ≤ random < 1. */
  readonly random: () => number;
}

/** How to ask the sample. */
export interface AskOptions {
  /** The probe ends once enough is known or its time is over, instead of at its last key. */
  readonly isBrief: boolean;
  /** The job's database: requests of earlier runs count against the job's quotas. */
  readonly database: Database;
  /** Called once, before the first request. */
  readonly started: (progress: Progress) => void;
}

/** The result of a probe, and how it ended. */
export interface ProbeResult {
  /** Has no fetches where no key got a verdict. */
  readonly probe: Probe;
  /** The job's limits, with the tuned values of those that are `auto`. */
  readonly limits: Pick<Job["limits"], "inFlight" | "rates">;
  /** There was time for control keys only; the probe consists of them. */
  readonly isControlOnly: boolean;
  /** How the run ended: `interrupted` also where enough was known. */
  readonly result: CollectResult;
  readonly isDown: boolean;
}

/** The temporary folder of one probe; `await using` removes it. */
export class ProbeFolder implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static async make(): Promise<ProbeFolder> {
    return new ProbeFolder(await Deno.makeTempDir({ prefix: "trawl-plan-" }));
  }

  /**
   * Samples the job's keys, without control keys, and counts them.
   *
   * @throws {UsageError} If the key list cannot be read, or holds control keys only.
   * @throws {InterruptedError} If the key list cannot be fetched, or the probe is stopped.
   */
  async sample(target: ProbeTarget, { size, limit = Infinity, random }: SampleChoice): Promise<KeySample> {
    const { job, signal } = target;
    const how = { size, random, without: new Set(job.control) };
    const { keys } = job;
    const range = keys.kind === "range" &&
      sampleRange({ ...keys, last: Math.min(keys.last, keys.first + limit - 1) }, how);
    if (range) return range;
    await using list = await this.#list(target);
    const sample = await sampleKeys(unlessStopped(firstKeys(list.blocks, limit), signal), how);
    if (sample.count > 0) return sample;
    throw new UsageError("Cannot sample the keys: the list must hold more than the control keys");
  }

  /**
   * Asks the control keys, then the keys of the sample in order.
   *
   * @throws {UsageError} If the temporary database cannot be written.
   */
  async ask(keys: readonly string[], target: ProbeTarget, options: AskOptions): Promise<ProbeResult> {
    const { window } = target;
    const job = await this.#jobFor(keys, target.job);
    const tables = job.tables.map(schemaOf);
    const database = await openDatabase(`${this.#path}/probe.db`);
    await using store = await database.openWriter(job.name, tables);
    await copyStarts(store, { job, window }, options);
    const survey = await surveyKeys(job);
    const choice = await begin(store, job, { window, survey });
    await using reader = await database.openReader();
    const controls = new Set(job.control).size;
    const fetches = () => reader.measuredFetches(choice.id, { first: controls, tables });
    await using ending = new Ending(async (progress) =>
      options.isBrief && isEnough(await fetches(), limitsOf(job, progress))
    );
    const result = await collect({
      job,
      window,
      store,
      choice,
      limit: undefined,
      survey,
      signal: AbortSignal.any([target.signal, ending.signal]),
      stateFolder: target.stateFolder,
      onStart: (progress) => {
        ending.observe(progress, options.isBrief ? forecastLimits.probeMs : undefined);
        options.started(progress);
      },
    });
    const control = await reader.measuredFetches(choice.id, { first: 0, end: controls, tables });
    const sampled = await fetches();
    const isControlOnly = sampled.length === 0 && control.length > 0;
    return {
      result,
      limits: limitsOf(job, ending.progress),
      isDown: ending.progress?.isDown ?? false,
      isControlOnly,
      probe: {
        ...timesOf(ending.progress, isControlOnly ? [] : control),
        fetches: isControlOnly ? control : sampled,
        unfinished: ending.unfinished,
        storageSize: await reader.storageSize(tables),
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#path, { recursive: true });
  }

  /** The job's key list. A list over the network is retried as in a run. */
  async #list(
    { job, window, signal }: ProbeTarget,
  ): Promise<{ readonly blocks: AsyncIterable<readonly string[]> } & AsyncDisposable> {
    if (job.keys.kind !== "url") return { blocks: readKeys(job.keys), async [Symbol.asyncDispose]() {} };
    const survey = await surveyKeys(job);
    const database = await openDatabase(`${this.#path}/keys.db`);
    const store = await database.openWriter(job.name, job.tables.map(schemaOf));
    try {
      const choice = await begin(store, job, { window, survey });
      const { blocks } = await openKeyList(job, {
        store,
        choice,
        survey,
        window,
        signal,
        storage: { freeBytes: () => database.freeBytes() },
      });
      return { blocks, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
    } catch (error) {
      await store[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #jobFor(keys: readonly string[], job: Job): Promise<Job> {
    const file = `${this.#path}/keys.txt`;
    await Deno.writeTextFile(file, keys.map((key) => `${key}\n`).join(""));
    const { attempts, outageMs, failedWindows } = job.retry;
    return {
      ...job,
      keys: { kind: "file", file },
      retry: {
        attempts: Math.min(attempts, forecastLimits.attemptsMax),
        outageMs: Math.min(outageMs, forecastLimits.outageMs),
        failedWindows,
      },
    };
  }
}

/** Ends a probe once enough is known or its time is over. */
class Ending implements AsyncDisposable {
  /** Requests without an answer when they were aborted. */
  unfinished = 0;
  progress: Progress | undefined;
  readonly #isEnough: (progress: Progress | undefined) => Promise<boolean>;
  readonly #ending = new AbortController();
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  #checking: Promise<void> = Promise.resolve();
  #isDisposed = false;

  constructor(isEnough: (progress: Progress | undefined) => Promise<boolean>) {
    this.#isEnough = isEnough;
  }

  /** Aborted at the end of the probe. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Called before the first request. Without `timeMs` the probe ends at its last key. */
  observe(progress: Progress, timeMs: number | undefined): void {
    this.progress = progress;
    if (timeMs === undefined) return;
    this.#timers.push(
      setTimeout(() => this.#end(), timeMs),
      setTimeout(() => this.#checking = this.#check(), forecastLimits.checkMs),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#timers.forEach(clearTimeout);
    await this.#checking;
  }

  async #check(): Promise<void> {
    const isEnough = await this.#isEnough(this.progress);
    if (this.#isDisposed) return;
    if (isEnough) this.#end();
    else this.#timers.push(setTimeout(() => this.#checking = this.#check(), forecastLimits.checkMs));
  }

  #end(): void {
    if (this.signal.aborted) return;
    this.#ending.abort();
    // Counts just before the hanging requests are aborted; without any, the probe is over by then.
    const count = () => this.unfinished = this.progress?.inFlight ?? 0;
    this.#timers.push(setTimeout(count, runLimits.graceMs - forecastLimits.checkMs));
  }
}

/** The limits of a run: the job's, and the tuned ones as far as the probe found them. */
function limitsOf({ limits }: Job, progress: Progress | undefined): ProbeResult["limits"] {
  const { foundInFlight = limits.inFlight, foundRate } = progress ?? {};
  const second = 1_000;
  const found = foundRate === undefined ? [] : [{ count: foundRate, perMs: second }];
  return { inFlight: foundInFlight, rates: [...limits.rates, ...found] };
}

/** The times of a probe, without those of its control keys. */
function timesOf(
  progress: Progress | undefined,
  control: readonly MeasuredFetch[],
): Pick<Probe, "requestMs" | "elapsedMs" | "isHeldBack"> {
  const elapsedMs = progress?.elapsedMs ?? 0;
  const controlMs = control.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return {
    // This also subtracts a control key's waits between attempts: some tenths of a second, once.
    requestMs: Math.max(0, (progress?.waitedMs("answer") ?? 0) - controlMs),
    elapsedMs: Math.max(0, elapsedMs - controlMs),
    isHeldBack: (progress?.waitedMs("server") ?? 0) > forecastLimits.heldBackShare * elapsedMs,
  };
}

/** Starts a run in an empty database. */
async function begin(
  store: StoreWriter,
  job: Job,
  { window, survey }: { readonly window: Window | undefined; readonly survey: KeySurvey },
): Promise<RunChoice> {
  const choice = await chooseRun(store, job, { window, survey, isNew: true, retryFailed: false });
  if ("finished" in choice) throw new Error("An empty database has no run to start");
  return choice;
}

/** Quotas hold for runs and probes together. */
async function copyStarts(
  store: StoreWriter,
  { job, window }: Pick<ProbeTarget, "job" | "window">,
  { database }: AskOptions,
): Promise<void> {
  const budgets = job.limits.rates.filter(isQuota);
  if (budgets.length === 0 || !await database.exists()) return;
  await using reader = await database.openReader();
  const host = jobHosts(job, window).join();
  for (const { perMs } of budgets) {
    await store.keepStarts({ host, perMs }, await reader.starts({ host, perMs }));
  }
}

/** @throws {InterruptedError} Once the signal is aborted, even while the source is waited for. */
async function* unlessStopped<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  try {
    yield* stoppable(source, signal);
  } catch (error) {
    if (error !== signal.reason) throw error;
    throw new InterruptedError("The probe was stopped while it counted the keys: run again");
  }
}
