/**
 * Who may start a request when: the turns of a shared pace, planned a second ahead. Turns are one interval apart, each
 * belongs to one holder, and a planned turn is never taken back, so a rate holds over all holders in every sliding span
 * whatever each of them does. Pure: the clock is passed in.
 *
 * @module
 */

import { supervisorTickMs } from "../../pace/clock.ts";
import { patternTurns, type TurnLease } from "../../pace/turn_leases.ts";
import { type Claim, fairShares } from "./fair_shares.ts";

/** Turns of one pattern. Turn `n`, from 0, is at `startUs + n × intervalUs`. */
export interface TurnSpan {
  readonly startUs: number;
  /** The pattern goes on over all spans: turn `n` belongs to `pattern[(phase + n) % patternTurns]`. */
  readonly phase: number;
  readonly intervalUs: number;
  readonly lateUs: number;
  readonly count: number;
  /** Ids of holders. */
  readonly pattern: readonly string[];
}

/** Turns are planned this far ahead, so that a busy main thread delays no request. */
const aheadUs = 4 * supervisorTickMs * 1_000;

/** The first turn of all comes one interval after now, as if another request had just started; but no later. */
const firstWaitUsMax = 1e6;

/** A turn planned further ahead shows that the clock was set back. */
const aheadUsMax = aheadUs + 1e6;

/** Plans the turns of the next second. Keeps the spans that are not over, and the last one. */
export function planTurns(
  spans: readonly TurnSpan[],
  { intervalUs, lateUs, claims, nowUs }: {
    readonly intervalUs: number;
    readonly lateUs: number;
    readonly claims: readonly Claim[];
    readonly nowUs: number;
  },
): TurnSpan[] {
  const last = spans.at(-1);
  const nextUs = last === undefined ? undefined : endOf(last);
  const isSetBack = last !== undefined && nextUs !== undefined &&
    nextUs - nowUs > aheadUsMax + last.intervalUs;
  const isFirst = nextUs === undefined || isSetBack;
  const startUs = isFirst
    ? Math.ceil(nowUs) + Math.min(intervalUs, firstWaitUsMax)
    : Math.max(nextUs, Math.ceil(nowUs));
  const kept = isSetBack ? [] : spans.filter((span) => endOf(span) > nowUs || span === last);
  // The first turn may be more than a second ahead; unplanned, it would move away with the clock.
  const count = Math.max(isFirst ? 1 : 0, Math.ceil((nowUs + aheadUs - startUs) / intervalUs));
  if (count <= 0) return kept;
  const pattern = patternOf(claims);
  const isSame = last !== undefined && startUs === nextUs && last.intervalUs === intervalUs &&
    last.lateUs === lateUs &&
    String(last.pattern) === String(pattern);
  const phase = last === undefined ? 0 : (last.phase + last.count) % patternTurns;
  const span = { startUs, phase, intervalUs, lateUs, count, pattern };
  return isSame ? [...kept.slice(0, -1), { ...last, count: last.count + count }] : [...kept, span];
}

/** The turns of one holder. */
export function leasesOf(spans: readonly TurnSpan[], { id, nowUs }: {
  readonly id: string;
  readonly nowUs: number;
}): TurnLease[] {
  return spans.filter((span) => endOf(span) > nowUs && span.pattern.includes(id)).map((span) => {
    const { startUs, intervalUs, lateUs, count, phase } = span;
    const bitOf = (n: number) => 1 << (n - phase + patternTurns) % patternTurns;
    const mask = span.pattern.reduce((bits, owner, n) => owner === id ? bits | bitOf(n) : bits, 0);
    return { startUs, intervalUs, count, mask, lateUs };
  });
}

/** The turns of one holder from `sinceUs` until `untilUs`. */
export function turnsBetween(leases: readonly TurnLease[], sinceUs: number, untilUs: number): number {
  return leases.reduce((sum, { startUs, intervalUs, count, mask }) => {
    const turnsAt = (us: number) => Math.min(count, Math.max(0, Math.ceil((us - startUs) / intervalUs)));
    const own = mask.toString(2).replaceAll("0", "").length / patternTurns;
    return sum + own * Math.max(0, turnsAt(untilUs) - turnsAt(sinceUs));
  }, 0);
}

/** When the turn after the last one is due. */
function endOf({ startUs, intervalUs, count }: TurnSpan): number {
  return startUs + count * intervalUs;
}

/** Deals the turns of a pattern, each holder's spread evenly. */
function patternOf(claims: readonly Claim[]): string[] {
  const shares = fairShares(patternTurns, claims);
  const owed = new Map([...shares].map(([id]) => [id, 0]));
  return Array.from({ length: patternTurns }, () => {
    let next = "";
    for (const [id, share] of shares) {
      owed.set(id, (owed.get(id) ?? 0) + share);
      if ((owed.get(id) ?? 0) > (owed.get(next) ?? -Infinity)) next = id;
    }
    owed.set(next, (owed.get(next) ?? 0) - patternTurns);
    return next;
  });
}
