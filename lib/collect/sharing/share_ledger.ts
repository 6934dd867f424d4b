/**
 * What the holders of a shared limit have agreed on: their limits, slots, turns and starts. One holder at a time reads
 * the ledger, advances it and writes it back. A slot counts until it is really free, a turn belongs to one holder, and
 * a start is counted before it is granted. Pure: the clock is passed in.
 *
 * @module
 */

import { z } from "zod";
import type { Rate } from "../../job/job.ts";
import { httpLimits } from "../../limits.ts";
import { supervisorTickMs } from "../../pace/clock.ts";
import { intervalUsOf, isQuota, paceTuning } from "../../pace/pace.ts";
import type { TurnLease } from "../../pace/turn_leases.ts";
import { Quota } from "../tuning/quota.ts";
import { fairShares } from "./fair_shares.ts";
import { leasesOf, planTurns, type TurnSpan } from "./turn_plan.ts";

/** Slots that cannot be divided evenly go to another holder after this time, milliseconds. */
const rotateMs = 30_000;

/** The share of a pace's margin that a late turn may use up. */
const lateShare = 0.6;

/** A grant lasts this many ticks at the current pace, as those of a job's own quotas. */
const ticksGranted = 4;

const whole = z.number().int().min(0);
const time = z.number().int().min(0);
const rate = z.object({ count: z.number().min(0), perMs: z.number().min(1) });

const holder = z.object({
  /** The limits of its job. */
  inFlight: z.number().int().min(1),
  rates: z.array(rate),
  /** Slots that it holds, and how many it can use. */
  slots: whole,
  wantSlots: whole,
  /** Turns of a pattern that it can use. */
  wantTurns: whole,
  /** It starts requests at leased turns only. */
  isPaced: z.boolean(),
  /** Starts that the quotas have granted and that it has not reported. */
  reserved: whole,
});

const span = z.object({
  startUs: time,
  phase: whole,
  intervalUs: z.number().int().min(1),
  lateUs: whole,
  count: whole,
  pattern: z.array(z.string()).readonly(),
});

const ledgerSchema = z.object({
  holders: z.record(z.string(), holder),
  spans: z.array(span),
  /** Starts of each quota by its `perMs`: see {@linkcode Quota}. */
  starts: z.record(z.string(), z.array(z.tuple([z.number(), whole]))),
  /** The server has asked a holder to wait until then; 0 if it has not. */
  pausedUntilUs: time,
});

/** The agreement, as it is written. */
export type Ledger = Readonly<z.infer<typeof ledgerSchema>>;

type Holder = Ledger["holders"][string];

/** A ledger without holders. */
export const emptyLedger: Ledger = { holders: {}, spans: [], starts: {}, pausedUntilUs: 0 };

/** Reads a ledger; undefined if the text is none. */
export function parseLedger(text: string): Ledger | undefined {
  try {
    return ledgerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** What a holder says of itself. */
export interface HolderFacts {
  readonly id: string;
  readonly inFlight: number;
  readonly rates: readonly Rate[];
  readonly wantSlots: number;
  readonly wantTurns: number;
  /** Requests started since its last advance. */
  readonly started: number;
  /** The server has asked it to wait until then; 0 if it has not. */
  readonly pausedUntilUs: number;
  /**
   * Lets it use `slots` from now on if that is fewer than before.
   *
   * @returns The slots still in use.
   */
  readonly shrink: (slots: number) => number;
  /** Has it start requests at leased turns only, if it does not yet. */
  readonly pace: () => void;
}

/** What a holder may do until its next advance. */
export interface Allowance {
  readonly slots: number;
  /** Undefined where no live holder has a rate. */
  readonly leases: readonly TurnLease[] | undefined;
  /** Starts that the quotas grant; undefined where no live holder has a quota. */
  readonly granted: number | undefined;
  /** The server has asked a holder to wait until then; 0 if it has not. */
  readonly pausedUntilUs: number;
}

/** When, and which holders are alive: the advancing one among them. */
export interface Moment {
  readonly nowUs: number;
  readonly alive: ReadonlySet<string>;
}

/** Advances the ledger for one holder. The allowance holds once the returned ledger is written. */
export function advance(
  ledger: Ledger,
  facts: HolderFacts,
  moment: Moment,
): { readonly ledger: Ledger; readonly allowance: Allowance } {
  const { id, inFlight, rates, wantSlots, wantTurns } = facts;
  const scene = new Scene(ledger, facts, moment);
  const slots = scene.slots();
  const held = Math.max(slots, facts.shrink(slots));
  const { intervalUs } = scene;
  const isPaced = intervalUs > 0;
  if (isPaced) facts.pace();
  const spans = isPaced ? scene.spans() : ledger.spans;
  const { granted, starts } = scene.starts();
  const pausedUntilUs = scene.pausedUntilUs();
  const entry = { inFlight, rates: [...rates], slots: held, wantSlots, wantTurns, isPaced };
  return {
    ledger: {
      holders: { ...Object.fromEntries(scene.others), [id]: { ...entry, reserved: granted ?? 0 } },
      spans: [...spans],
      starts,
      pausedUntilUs,
    },
    allowance: {
      slots,
      leases: isPaced ? leasesOf(spans, { id, nowUs: moment.nowUs }) : undefined,
      granted,
      pausedUntilUs,
    },
  };
}

/** One holder among the others, at one moment. */
class Scene {
  /** The other live holders. */
  readonly others: readonly (readonly [id: string, Holder])[];
  /** Microseconds between two turns, by the strictest rate; 0 without rates. */
  readonly intervalUs: number;
  readonly #ledger: Ledger;
  readonly #facts: HolderFacts;
  readonly #moment: Moment;
  readonly #limits: readonly Pick<Holder, "inFlight" | "rates" | "wantSlots" | "wantTurns">[];
  readonly #ids: readonly string[];
  /** A live holder has no entry, since the ledger was lost: nothing is granted until it has entered itself again. */
  readonly #isBlind: boolean;
  /** Every live holder keeps to the turns. A holder that does not know the rate yet starts requests at any time. */
  readonly #isAgreed: boolean;

  constructor(ledger: Ledger, facts: HolderFacts, moment: Moment) {
    this.#ledger = ledger;
    this.#facts = facts;
    this.#moment = moment;
    this.others = Object.entries(ledger.holders).filter(([id]) => id !== facts.id && moment.alive.has(id));
    this.#ids = [...this.others.map(([id]) => id), facts.id];
    this.#limits = [...this.others.map(([, other]) => other), { ...facts, rates: [...facts.rates] }];
    this.#isBlind = [...moment.alive].some((id) => id !== facts.id && !(id in ledger.holders));
    this.#isAgreed = !this.#isBlind && this.others.every(([, { isPaced }]) => isPaced);
    this.intervalUs = Math.max(...this.#limits.map(({ rates }) => intervalUsOf(rates)));
  }

  /** The slots that are left to the holder, at most its fair share. */
  slots(): number {
    const total = Math.min(...this.#limits.map(({ inFlight }) => inFlight));
    const claims = this.#limits.map(({ wantSlots }, index) => ({
      id: this.#ids[index] ?? "",
      want: wantSlots,
    }));
    const fair = fairShares(total, claims, Math.floor(this.#moment.nowUs / (rotateMs * 1_000)));
    const free = this.#isBlind
      ? this.#ledger.holders[this.#facts.id]?.slots ?? 0
      : total - sumOf(this.others.map(([, { slots }]) => slots));
    return Math.max(0, Math.min(fair.get(this.#facts.id) ?? 0, free));
  }

  /** A pause that the server asked one holder for holds for all. One too long to wait for ends only that run. */
  pausedUntilUs(): number {
    const lastUs = this.#moment.nowUs + httpLimits.retryAfterMaxMs * 1_000;
    const untilUs = [this.#ledger.pausedUntilUs, this.#facts.pausedUntilUs];
    return Math.max(0, ...untilUs.filter((us) => us > this.#moment.nowUs && us <= lastUs));
  }

  /** The turns of all holders. */
  spans(): readonly TurnSpan[] {
    if (!this.#isAgreed) return this.#ledger.spans;
    return planTurns(this.#ledger.spans, {
      intervalUs: this.intervalUs,
      lateUs: lateUsOf(this.#limits.flatMap(({ rates }) => rates)),
      claims: this.#limits.map(({ wantTurns }, index) => ({
        id: this.#ids[index] ?? "",
        want: Math.max(1, wantTurns),
      })),
      nowUs: this.#moment.nowUs,
    });
  }

  /** Counts the holder's starts, and grants those of the next ticks. */
  starts(): { readonly granted: number | undefined; readonly starts: Ledger["starts"] } {
    const nowMs = this.#moment.nowUs / 1_000;
    const quotas = quotasOf(this.#ledger, this.#limits);
    const dead = Object.entries(this.#ledger.holders).filter(([id]) => !this.#moment.alive.has(id));
    // A dead holder may have started all that was granted to it.
    const unknown = sumOf(dead.map(([, { reserved }]) => reserved));
    for (const quota of quotas.values()) quota.add(nowMs, this.#facts.started + unknown);
    const held = sumOf(this.others.map(([, { reserved }]) => reserved));
    const wanted = this.#limits.flatMap(({ rates }) => rates.filter(isQuota).map(({ perMs }) => perMs));
    const room = Math.min(...wanted.map((perMs) => (quotas.get(perMs)?.room(nowMs) ?? 0) - held));
    const most = Math.ceil(ticksGranted * supervisorTickMs * 1_000 / this.intervalUs);
    const granted = this.#isAgreed ? Math.max(0, Math.min(room, most)) : 0;
    return { granted: wanted.length === 0 ? undefined : granted, starts: startsOf(quotas, nowMs) };
  }
}

/** The ledger after a holder has left, which started `started` requests since its last advance. */
export function withoutHolder(
  ledger: Ledger,
  { id, started, nowUs }: { readonly id: string; readonly started: number; readonly nowUs: number },
): Ledger {
  const { [id]: _left, ...holders } = ledger.holders;
  const quotas = quotasOf(ledger, Object.values(ledger.holders));
  for (const quota of quotas.values()) quota.add(nowUs / 1_000, started);
  return { ...ledger, holders, starts: startsOf(quotas, nowUs / 1_000) };
}

/**
 * How late a turn may be taken: with n turns in 101 % of a span (`paceTuning.margin`), a delay of up to 1 % of the span
 * brings no more than n starts into it. A part of that is left to the network.
 */
function lateUsOf(rates: readonly Rate[]): number {
  const spanMs = Math.min(...rates.map(({ perMs }) => perMs));
  return Math.round(1_000 * Math.max(paceTuning.lateMsMax, lateShare * (paceTuning.margin - 1) * spanMs));
}

/** All quotas that are counted, by `perMs`, each with the smallest count of the limits. */
function quotasOf(
  ledger: Ledger,
  limits: readonly { readonly rates: readonly Rate[] }[],
): ReadonlyMap<number, Quota> {
  const counts = new Map(Object.keys(ledger.starts).map((perMs) => [Number(perMs), Infinity]));
  for (const { count, perMs } of limits.flatMap(({ rates }) => rates.filter(isQuota))) {
    counts.set(perMs, Math.min(count, counts.get(perMs) ?? Infinity));
  }
  const starts = (perMs: number) => new Map(ledger.starts[String(perMs)] ?? []);
  return new Map([...counts].map(([perMs, count]) => [perMs, new Quota({ count, perMs }, starts(perMs))]));
}

/** The starts to write. The starts of a quota without a holder are dropped with their window. */
function startsOf(quotas: ReadonlyMap<number, Quota>, nowMs: number): Ledger["starts"] {
  const starts = [...quotas].map(([perMs, quota]) => [String(perMs), [...quota.with(nowMs, 0)]] as const);
  return Object.fromEntries(
    starts.filter(([, counts]) => counts.length > 0).map(([perMs, counts]) => [perMs, [...counts]]),
  );
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
