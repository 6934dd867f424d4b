/**
 * Runs one schedule: starts the simulator, starts tortured trawl processes until the run is finished, and checks the
 * database. Kills a process that does not end, and counts it as hanging.
 *
 * @module
 */

import { startSimulator } from "../../lib/simulate/simulator.ts";
import { delay } from "@std/async/delay";
import { query } from "../support/database.ts";
import { day, updatesJob } from "../support/ripestat_job.ts";
import { TempFolder } from "../support/temp.ts";
import { type Ended, startTrawl } from "../support/trawl.ts";
import { timeouts } from "./api_faults.ts";
import { checkRun, type Findings } from "./check.ts";
import { holdLock } from "./lock.ts";
import { calm, type Schedule, type StartPlan } from "./schedule.ts";
import type { Torn } from "./torn.ts";

const preload = new URL("./entry.ts", import.meta.url).pathname;

/** Milliseconds that a process may take: ten times the longest on an idle machine. */
const processMsMax = 180_000;

/** A timer this late, milliseconds, shows a machine so busy that it meets the job's timeouts by itself. */
const lateMsMax = 1_500;

/** Undisturbed processes that a run may need after the disturbed ones. */
const calmStartsMax = 5;

/** Outcome of a schedule. */
export interface Outcome extends Findings {
  readonly seed: number;
  /** Faults that the API injected, by kind, and what was done to processes. */
  readonly injected: Readonly<Record<string, number>>;
  readonly hangs: number;
  /** The machine had no time for a while, so timeouts were not held against trawl. */
  readonly isBusy: boolean;
}

/** One process and how it ended. */
interface Process {
  readonly plan: StartPlan;
  readonly ended: Ended;
  readonly hangs: boolean;
}

/** Runs a schedule. @throws The reason of `signal` once it is aborted. */
export async function runSchedule(schedule: Schedule, signal?: AbortSignal): Promise<Outcome> {
  using folder = new TempFolder();
  const simulator = await startSimulator(schedule.api);
  try {
    const db = folder.file("a.db");
    const args = [
      "run",
      folder.file("job.toml", jobText(schedule, simulator.url)),
      "--db",
      db,
      "--window",
      day,
    ];
    const injected: Record<string, number> = {};
    const problems: string[] = [];
    using lateness = new Lateness();
    const jumps = schedule.jumps.map(({ afterMs, byMs }) => ({ atMs: Date.now() + afterMs, byMs }));
    for (let start = 0; start < schedule.starts.length + calmStartsMax; start++) {
      const plan = schedule.starts[start] ?? calm;
      const torn = { jumps, ill: plan.ill };
      const process = await runProcess(args, { db, plan, torn, signal });
      countInto(injected, injectedBy(process, schedule));
      if (process.hangs) {
        return failed(schedule, { injected, hangs: 1, problems: [`start ${start + 1} hangs`] });
      }
      problems.push(...wrongEnd(process, schedule).map((what) => `start ${start + 1}: ${what}`));
      if (process.ended.signal === null && [0, 3].includes(process.ended.code)) {
        const keys: unknown = await (await fetch(`${simulator.url}/simulator/keys`)).json();
        const isBusy = lateness.maxMs > lateMsMax;
        const found = checkRun(db, schedule, { keys: Array.isArray(keys) ? keys.map(String) : [], isBusy });
        countInto(injected, simulator.stats().faults);
        problems.push(...wrongExit(process.ended, db), ...found.problems);
        return { seed: schedule.seed, injected, hangs: 0, isBusy, ...found, problems };
      }
    }
    return failed(schedule, { injected, hangs: 0, problems: [...problems, "it never finishes"] });
  } finally {
    await simulator.close();
  }
}

function failed(
  { seed }: Schedule,
  how: Pick<Outcome, "injected" | "hangs" | "problems">,
): Outcome {
  return { seed, keys: 0, rows: 0, lost: 0, doubled: 0, isBusy: false, ...how };
}

/** The job file of a schedule. */
export function jobText({ job }: Schedule, url: string): string {
  const { connect, firstByte, idle, total } = timeouts;
  const count = '[rows.count]\nby = "ts"\nevery = "1m"\n';
  return updatesJob(url, {
    request: `timeout = { connect = "${connect}ms", first_byte = "${firstByte}ms", idle = "${idle}ms", ` +
      `total = "${total}ms" }`,
    end: `${job.isCounted ? count : ""}
[limits]
in_flight = ${job.inFlight}
${job.batch === undefined ? "" : `batch = ${job.batch}`}
${job.rates.length === 0 ? "" : `rate = ${JSON.stringify(job.rates)}`}
[retry]
attempts = ${job.attempts}
`,
  }).replace("[rows]\n", "min_coverage = 1\n[rows]\n");
}

/** Starts trawl, disturbs it as planned, and waits for its end. */
async function runProcess(
  args: readonly string[],
  { db, plan, torn, signal }: {
    readonly db: string;
    readonly plan: StartPlan;
    readonly torn: Torn;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Process> {
  const running = startTrawl(args, {
    preload,
    env: { TRAWL_TORTURE: JSON.stringify(torn) },
    ...(plan.fileKiBMax !== undefined && { fileKiBMax: plan.fileKiBMax }),
  });
  const over = new AbortController();
  const stop = () => running.kill("SIGKILL");
  signal?.addEventListener("abort", stop);
  let hangs = false;
  const { kill, lock } = plan;
  const timers = [
    setTimeout(() => {
      hangs = true;
      stop();
    }, processMsMax),
    ...(kill === undefined ? [] : [setTimeout(() => running.kill(kill.signal), kill.afterMs)]),
  ];
  const locking = lock === undefined
    ? undefined
    : after(lock.afterMs, over.signal, () => holdLock(db, lock, over.signal));
  try {
    const ended = await running.ended;
    signal?.throwIfAborted();
    return { plan, ended, hangs };
  } finally {
    signal?.removeEventListener("abort", stop);
    over.abort();
    timers.forEach(clearTimeout);
    await locking;
  }
}

async function after(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  // Rejects if the process ended first, which is not a failure.
  await delay(ms, { signal }).catch(() => {});
  if (!signal.aborted) await work();
}

/** Counts the disturbances that a process lived to see. */
function injectedBy({ plan, ended }: Process, { jumps }: Schedule): Record<string, number> {
  const { kill, lock, fileKiBMax, ill } = plan;
  const counts: Record<string, number> = { starts: 1 };
  if (kill?.signal === "SIGKILL" && ended.signal === "SIGKILL") counts["kill -9"] = 1;
  if (kill?.signal === "SIGTERM" && (ended.code === 75 || ended.signal !== null)) counts["SIGTERM"] = 1;
  if (lock !== undefined) counts[`lock for ${lock.how}ing`.replace("eing", "ing")] = 1;
  if (fileKiBMax !== undefined && ended.code === 75) counts["full disk"] = 1;
  for (const { how } of ill) counts[`Worker ${how}`] = (counts[`Worker ${how}`] ?? 0) + 1;
  if (jumps.length > 0) counts["clock jumps"] = jumps.length;
  return counts;
}

function countInto(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
}

/** Measures how late timers are, which is how long the machine was too busy. */
class Lateness implements Disposable {
  maxMs = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor() {
    const everyMs = 100;
    let dueMs = performance.now() + everyMs;
    this.#timer = setInterval(() => {
      this.maxMs = Math.max(this.maxMs, performance.now() - dueMs);
      dueMs = performance.now() + everyMs;
    }, everyMs);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Problems with how a process ended, given its disturbances. */
function wrongEnd({ plan, ended }: Process, { jumps }: Schedule): string[] {
  const { code, signal, stderr } = ended;
  const told = `${signal ?? `exit code ${code}`}: ${stderr.trim().split("\n").slice(-4).join(" | ")}`;
  // Before the run starts, the signal ends the process.
  if (signal !== null) return signal === plan.kill?.signal ? [] : [told];
  const allowed = new Set([0, 3]);
  // Outages and pauses end at a time on the clock, so a jump may exceed their limits.
  if (plan.kill?.signal === "SIGTERM" || jumps.length > 0) allowed.add(75);
  // On a busy machine the lock may be held for longer than trawl waits.
  if (plan.lock?.how === "write" && /locked/.test(stderr)) allowed.add(75).add(1);
  if (plan.fileKiBMax !== undefined) allowed.add(75);
  return allowed.has(code) ? [] : [told];
}

/** Problems with the exit code of a finished run, given its failures. */
function wrongExit({ code }: Ended, db: string): string[] {
  const [[failures] = []] = query(db, "SELECT count(*) FROM fetches WHERE verdict = 'failed'");
  const wanted = failures === 0 ? 0 : 3;
  return code === wanted ? [] : [`the exit code is ${code}, with ${failures} failures`];
}
