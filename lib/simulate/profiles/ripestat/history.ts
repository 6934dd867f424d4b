/**
 * What is true: when each update of an ASN happened, and whether it announced or withdrew. Any update is computed
 * from its number, in no order and with nothing held, so that a window of gigabytes costs as much memory as an empty
 * one. Updates of a day are sorted by time, come in bursts that share a second, and crowd into one peak.
 *
 * @module
 */

import type { Population } from "./population.ts";
import { mix, Random, unitOf } from "../../engine/random.ts";

/** Seconds in a UTC day. */
export const DAY_S = 86_400;

/** Different updates an ASN has at most; its records repeat them with other times and numbers. A power of two. */
export const PATTERNS_MAX = 256;

/** Updates that come at the same second, on a day of bursts. */
const BURSTS = [1, 1, 2, 3, 4, 6, 9, 14, 25] as const;

/** Share of ASNs and days that begin with an update at midnight sharp: where an inclusive window end shows. */
const MIDNIGHT_SHARE = 0.03;

/** One in so many updates is a withdrawal. */
const WITHDRAWAL_EVERY = 9;

const TYPE_SALT = 0x7e9e;

/** Updates `first` to `end` (not included) of one ASN's day. */
export interface Stretch {
  /** The day they are of. */
  readonly day: Day;
  /** The number of the first of them. */
  readonly first: number;
  /** The number after the last of them. */
  readonly end: number;
}

/** One ASN's UTC day. */
export class Day {
  /** Unix seconds at which the day begins. */
  readonly startS: number;
  /** How many updates it has. */
  readonly count: number;
  /** A hash of ASN and day. */
  readonly hash: number;
  readonly #burst: number;
  readonly #bursts: number;
  readonly #startsSharp: boolean;
  /** The peak: where in the day it starts and how much of the day it lasts, and its share of the updates. */
  readonly #peakAt: number;
  readonly #peakLength: number;
  readonly #peakShare: number;
  /** The burst whose second was computed last: neighbours ask for the same one. */
  #lastBurst = -1;
  #lastSecond = 0;

  /** The day of an ASN with hash `asnHash`; `sharp` makes it begin with an update at midnight. */
  constructor(asnHash: number, { day, count, sharp }: { day: number; count: number; sharp: boolean }) {
    this.startS = day * DAY_S;
    this.count = count;
    this.hash = mix(asnHash, day);
    const random = new Random(this.hash);
    this.#burst = random.pick(BURSTS);
    this.#bursts = Math.ceil(count / this.#burst);
    this.#startsSharp = random.next() < MIDNIGHT_SHARE * 2 ** 32 || sharp;
    this.#peakLength = (60 + random.below(1_740)) / DAY_S;
    this.#peakAt = random.unit() * (1 - this.#peakLength);
    this.#peakShare = 0.6 * random.unit() ** 3;
  }

  /** Unix seconds of the update with a number below `count`. Never falls from one number to the next. */
  secondOf(number: number): number {
    if (number === 0 && this.#startsSharp) return this.startS;
    const burst = Math.floor(number / this.#burst);
    if (burst !== this.#lastBurst) {
      const share = (burst + unitOf(mix(this.hash, burst))) / this.#bursts;
      this.#lastBurst = burst;
      this.#lastSecond = this.startS + Math.min(DAY_S - 1, Math.floor(DAY_S * this.#timeAt(share)));
    }
    return this.#lastSecond;
  }

  /** The number of the first update at or after a unix second; `count` where there is none. */
  firstFrom(second: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.secondOf(middle) < second) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Which of `patterns` (a power of two) an update repeats. */
  patternOf(number: number, patterns: number): number {
    return (number + this.hash) & (patterns - 1);
  }

  /** When, as a share of the day, the given share of its updates has happened: steep in the peak, never falling. */
  #timeAt(share: number): number {
    const pace = (1 - this.#peakLength) / (1 - this.#peakShare);
    const before = this.#peakAt / pace;
    // Rounding must not carry it past where the peak begins.
    if (share < before) return Math.min(this.#peakAt, share * pace);
    const within = share - before;
    if (within < this.#peakShare) return this.#peakAt + this.#peakLength * within / this.#peakShare;
    return this.#peakAt + this.#peakLength + (within - this.#peakShare) * pace;
  }
}

/** All that is true of one ASN. */
export class History {
  /** The AS number. */
  readonly asn: number;
  /** A hash of seed and ASN. */
  readonly hash: number;
  /** The different updates that its records repeat: a power of two, at most `PATTERNS_MAX`. */
  readonly patterns: number;
  readonly #population: Population;
  readonly #sharp: boolean;
  readonly #withdrawals: Uint8Array;

  /** `sharp`: each day begins with an update at midnight, rather than a few of them. */
  constructor(population: Population, { asn, sharp }: { asn: number; sharp: boolean }) {
    this.asn = asn;
    this.hash = population.hashOf(asn);
    this.#population = population;
    this.#sharp = sharp;
    const ordinary = Math.max(1, Math.min(PATTERNS_MAX, population.ordinaryUpdates(asn)));
    this.patterns = 2 ** Math.ceil(Math.log2(ordinary));
    const salt = mix(this.hash, TYPE_SALT);
    this.#withdrawals = Uint8Array.from(
      { length: this.patterns },
      (_, pattern) => mix(salt, pattern) % WITHDRAWAL_EVERY === 0 ? 1 : 0,
    );
  }

  /** Whether the updates of a pattern are withdrawals. */
  withdraws(pattern: number): boolean {
    return this.#withdrawals[pattern] === 1;
  }

  /** What happened from one unix second up to but not including another, day by day; empty days are left out. */
  *stretches(startS: number, endS: number): Generator<Stretch> {
    for (let day = Math.floor(startS / DAY_S); day * DAY_S < endS; day++) {
      const count = this.#population.updatesOn(this.asn, day);
      if (count === 0) continue;
      const times = new Day(this.hash, { day, count, sharp: this.#sharp });
      const first = startS <= times.startS ? 0 : times.firstFrom(startS);
      const end = endS >= times.startS + DAY_S ? count : times.firstFrom(endS);
      if (first < end) yield { day: times, first, end };
    }
  }

  /** How many of a stretch's updates are announcements. In time that depends on the patterns only. */
  announcementsIn({ day, first, end }: Stretch): number {
    const rounds = Math.floor((end - first) / this.patterns);
    let announcements = rounds * (this.patterns - this.#withdrawals.reduce((sum, one) => sum + one, 0));
    for (let number = first + rounds * this.patterns; number < end; number++) {
      if (!this.withdraws(day.patternOf(number, this.patterns))) announcements++;
    }
    return announcements;
  }
}
