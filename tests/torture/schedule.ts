/**
 * The schedule of one run in a campaign: a job, an API with its faults, and the disturbances of each process. Plain
 * data that follows from the seed. Pure.
 *
 * @module
 */

import { mix } from "../../lib/simulate/engine/random.ts";
import { createProfile, type Fault, type SimulateOptions } from "../../lib/simulate/simulate_options.ts";
import { Dice } from "../support/dice.ts";
import { burstOf, type LastingFault, lastingFaults, passingFaults } from "./api_faults.ts";
import { illnesses } from "./torn.ts";

/** The varying fields of the job. */
export interface JobPlan {
  readonly inFlight: number;
  /** Keys a batch; undefined leaves it to trawl. */
  readonly batch: number | undefined;
  readonly rates: readonly string[];
  /** Rows are counted by type and minute instead of kept. */
  readonly isCounted: boolean;
  /** Of a key. */
  readonly attempts: number;
}

/** The disturbances of one process. Times are milliseconds after its start. */
export interface StartPlan {
  readonly kill: { readonly signal: "SIGKILL" | "SIGTERM"; readonly afterMs: number } | undefined;
  /** Another connection reads, or holds the lock for writing. */
  readonly lock:
    | { readonly how: "read" | "write"; readonly afterMs: number; readonly forMs: number }
    | undefined;
  /** KiB of a file at which the disk is full. */
  readonly fileKiBMax: number | undefined;
  readonly ill: readonly {
    readonly worker: number;
    readonly how: typeof illnesses[number];
    readonly afterMs: number;
  }[];
}

/** The schedule of one run. */
export interface Schedule {
  readonly seed: number;
  readonly job: JobPlan;
  /** What the API is like, all its faults included. */
  readonly api: SimulateOptions;
  /** Keys whose every answer is bad, and how. */
  readonly lasting: readonly LastingFault[];
  /** The clock is set, milliseconds after the first start. */
  readonly jumps: readonly { readonly afterMs: number; readonly byMs: number }[];
  /** One process after the other; where they do not suffice, others follow to which nothing is done. */
  readonly starts: readonly StartPlan[];
}

/** Largest clock jump, milliseconds: two hours. */
const jumpMsMax = 7_200_000;

/** Bounds of moments within a process, milliseconds: it needs 400 to start and a few seconds in all. */
const momentMsMin = 300;
const momentMsMax = 3_500;

/** An undisturbed start. */
export const calm: StartPlan = { kill: undefined, lock: undefined, fileKiBMax: undefined, ill: [] };

/** The schedule of a seed. */
export function scheduleOf(seed: number): Schedule {
  const dice = new Dice(mix(0x70a7, seed));
  const job = jobOf(dice);
  const whole = apiOf(dice, seed);
  const keys = createProfile(whole).keys.map(String);
  const lasting = lastingFaults(dice, keys);
  const burst = dice.chance(0.3) ? burstOf(dice) : undefined;
  const faults: Fault[] = [
    ...lasting.map(({ fault }) => fault),
    ...(burst === undefined ? [] : [burst]),
    ...passingFaults(dice, job.attempts - 1),
  ];
  return {
    seed,
    job,
    api: { ...whole, faults },
    lasting,
    jumps: dice.chance(0.25) ? dice.times(1 + dice.below(2), () => jumpOf(dice)) : [],
    starts: dice.times(dice.below(4), () => startOf(dice)),
  };
}

function jobOf(dice: Dice): JobPlan {
  return {
    inFlight: dice.pick([1, 2, 4, 8, 16, 40]),
    batch: dice.pick([undefined, 5, 13, 40, 100]),
    rates: dice.pick([[], [], [], ["60/s"], ["200/s"], ["100/s", "3000/min"]]),
    isCounted: dice.chance(0.3),
    attempts: dice.pick([2, 3, 4]),
  };
}

function apiOf(dice: Dice, seed: number): SimulateOptions {
  const giants = dice.times(
    dice.below(4),
    () => [String(1 + dice.below(60_000)), 3_000 + dice.below(50_000)],
  );
  return {
    seed,
    ripestat: {
      asns: 20 + dice.below(100),
      updatesMax: dice.pick([20, 200, 800]),
      sizes: Object.fromEntries(giants),
    },
    latency: dice.pick([
      { kind: "none" },
      { kind: "uniform", minMs: 0, maxMs: 60 },
      { kind: "exponential", meanMs: 30 },
    ]),
    framing: dice.pick(["auto", "length", "chunked"]),
    pieces: dice.pick([65_536, 65_536, 16_384, 1_501]),
  };
}

function jumpOf(dice: Dice) {
  const byMs = 1_000 + dice.below(jumpMsMax);
  return { afterMs: dice.below(2 * momentMsMax), byMs: dice.chance(0.5) ? byMs : -byMs };
}

function startOf(dice: Dice): StartPlan {
  const what = dice.pick(["kill", "kill", "kill", "term", "term", "disk", "ill", "ill"]);
  const afterMs = momentOf(dice);
  const illness = () => ({ worker: dice.below(3), how: dice.pick(illnesses), afterMs: dice.below(600) });
  return {
    kill: what === "kill"
      ? { signal: "SIGKILL", afterMs }
      : what === "term"
      ? { signal: "SIGTERM", afterMs }
      : undefined,
    lock: dice.chance(0.3)
      ? { how: dice.pick(["read", "write"]), afterMs: momentOf(dice), forMs: dice.below(5_000) }
      : undefined,
    fileKiBMax: what === "disk" ? 100 + dice.below(500) : undefined,
    ill: what === "ill" ? dice.times(1 + dice.below(2), illness) : [],
  };
}

/** A time within a process, milliseconds. */
function momentOf(dice: Dice): number {
  return momentMsMin + dice.below(momentMsMax - momentMsMin);
}
