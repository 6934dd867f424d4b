/**
 * What goes wrong at the API: for the first attempts on a key, for a while, or for a key for good; and the reason
 * that must be stored where it does not pass. Pure.
 *
 * @module
 */

import type { Aim } from "../../lib/simulate/engine/fault.ts";
import type { Fault } from "../../lib/simulate/simulate_options.ts";
import type { Dice } from "../support/dice.ts";

/** A key whose every answer is bad. */
export interface LastingFault {
  readonly key: string;
  readonly fault: Fault;
}

/** All that may go wrong but for the aim; a stall is longer than the job's idle timeout, or is not. */
function faultsOf(aim: Aim): readonly Fault[] {
  return [
    { ...aim, kind: "status", status: 500 },
    { ...aim, kind: "status", status: 502 },
    { ...aim, kind: "status", status: 503, retryAfterS: 0 },
    { ...aim, kind: "status", status: 429, retryAfterS: 0 },
    { ...aim, kind: "html" },
    { ...aim, kind: "maintenance" },
    { ...aim, kind: "missing" },
    { ...aim, kind: "wrong-count" },
    { ...aim, kind: "malformed" },
    { ...aim, kind: "truncate-json" },
    { ...aim, kind: "bad-gzip" },
    { ...aim, kind: "reset" },
    { ...aim, kind: "reset-body" },
    { ...aim, kind: "cut" },
    { ...aim, kind: "stall", ms: "forever" },
    { ...aim, kind: "slow-headers", ms: 60_000 },
  ];
}

/** The timeouts of the job, milliseconds: so long that a busy machine does not meet them by itself. */
export const timeouts = { connect: 3_000, firstByte: 8_000, idle: 6_000, total: 120_000 } as const;

/** Some faults that strike some of the first attempts on a key, `attemptsMax` at most, and then no more. */
export function passingFaults(dice: Dice, attemptsMax: number): Fault[] {
  const faults = dice.times(dice.below(6), (): Fault => {
    const aim = { attempts: 1 + dice.below(attemptsMax), probability: dice.pick([0.03, 0.1, 0.3]) };
    const fault = dice.pick(faultsOf(aim));
    // Whoever waits for one of these waits for seconds.
    return fault.kind === "stall" || fault.kind === "slow-headers"
      ? dice.pick<Fault>([
        { ...fault, ms: dice.below(700) },
        { ...fault, probability: 0.01, attempts: 1 },
      ])
      : fault;
  });
  // What is no fault, but has to be gone along with.
  if (dice.chance(0.3)) faults.push({ kind: "gzip", probability: 0.5 });
  if (dice.chance(0.2)) faults.push({ kind: "redirect", probability: 0.2 });
  return faults;
}

/** Nothing works for a while, or little does. */
export function burstOf(dice: Dice): Fault {
  const aim = {
    afterMs: dice.below(2_000),
    forMs: 500 + dice.below(2_500),
    probability: dice.pick([1, 1, 0.6]),
  };
  return dice.pick<Fault>([
    { ...aim, kind: "status", status: 429, retryAfterS: 1 },
    { ...aim, kind: "status", status: 503, retryAfterS: 1 },
    { ...aim, kind: "status", status: 500 },
    { ...aim, kind: "reset" },
    { ...aim, kind: "maintenance" },
  ]);
}

/** Up to three keys whose every answer is bad. */
export function lastingFaults(dice: Dice, keys: readonly string[]): LastingFault[] {
  const bad = new Set(dice.times(dice.below(4), () => dice.pick(keys)));
  return [...bad].map((key) => {
    const aim = { keys: [key] };
    return { key, fault: dice.pick<Fault>([...faultsOf(aim), { ...aim, kind: "status", status: 404 }]) };
  });
}

const reasons = {
  "html": "bad-json",
  "maintenance": "refused",
  "missing": "missing",
  "wrong-count": "wrong-count",
  "malformed": "bad-json",
  "truncate-json": "cut",
  "bad-gzip": "cut",
  "reset": "reset",
  "reset-body": "cut",
  "cut": "cut",
  "stall": "idle-timeout",
  "slow-headers": "first-byte-timeout",
} as const;

/** The reason for which a key fails whose answers are bad in this way. */
export function reasonOf(fault: Fault): string {
  if (fault.kind === "status") return `http-${fault.status}`;
  const reason = Object.entries(reasons).find(([kind]) => kind === fault.kind)?.[1];
  if (reason === undefined) {
    throw new RangeError(`Cannot tell a reason as nothing fails of it: ${fault.kind}`);
  }
  return reason;
}
