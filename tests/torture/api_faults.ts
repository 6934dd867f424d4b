/**
 * Faults of the API: in the first attempts on a key, for a span of time, or in every answer of a key; and the reason
 * that the run must store for the last kind. Pure.
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

/** Every fault with the same aim. Stalls exceed the job's idle timeout or stay below it. */
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
    { ...aim, kind: "null-rows" },
    { ...aim, kind: "other-key" },
    { ...aim, kind: "status", status: 202 },
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

/** Timeouts of the job, milliseconds: long enough that a busy machine alone does not meet them. */
export const timeouts = { connect: 3_000, firstByte: 8_000, idle: 6_000, total: 120_000 } as const;

/** Up to five faults of the first `attemptsMax` attempts on a key. */
export function passingFaults(dice: Dice, attemptsMax: number): Fault[] {
  const faults = dice.times(dice.below(6), (): Fault => {
    const aim = { attempts: 1 + dice.below(attemptsMax), probability: dice.pick([0.03, 0.1, 0.3]) };
    const fault = dice.pick(faultsOf(aim));
    // Each of these costs seconds, so they are short or rare.
    return fault.kind === "stall" || fault.kind === "slow-headers"
      ? dice.pick<Fault>([
        { ...fault, ms: dice.below(700) },
        { ...fault, probability: 0.01, attempts: 1 },
      ])
      : fault;
  });
  // Not faults, but answers that a client must handle.
  if (dice.chance(0.3)) faults.push({ kind: "gzip", probability: 0.5 });
  if (dice.chance(0.2)) faults.push({ kind: "redirect", probability: 0.2 });
  return faults;
}

/** A fault of most answers for 0.5 to 3 s. */
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
  "null-rows": "missing",
  "other-key": "wrong-answer",
  "malformed": "bad-json",
  "truncate-json": "cut",
  "bad-gzip": "cut",
  "reset": "reset",
  "reset-body": "cut",
  "cut": "cut",
  "stall": "idle-timeout",
  "slow-headers": "first-byte-timeout",
} as const;

/** The failure reason of a key whose every answer has this fault. */
export function reasonOf(fault: Fault): string {
  if (fault.kind === "status") return `http-${fault.status}`;
  const reason = Object.entries(reasons).find(([kind]) => kind === fault.kind)?.[1];
  if (reason === undefined) {
    throw new RangeError(`Cannot tell a reason as nothing fails of it: ${fault.kind}`);
  }
  return reason;
}
