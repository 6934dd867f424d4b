/**
 * The history of an ASN: the time of each update, and whether it announces or withdraws. Any update is computed from
 * its number, so a window of gigabytes takes no more memory than an empty one. The updates of a day are sorted by time,
 * come in bursts within one second, and have one peak.
 *
 * @module
 */

import type { Population } from "./population.ts";
import { mix, Random, unitOf } from "../../engine/random.ts";

/** Seconds in a UTC day. */
export const dayS = 86_400;

/** Distinct updates of an ASN; its records repeat them with other times and numbers. A power of two. */
export const patternsMax = 256;

/** Updates within the same second; each day has one of these sizes. */
const burstSizes = [1, 1, 2, 3, 4, 6, 9, 14, 25] as const;

/** Share of ASNs and days with an update exactly at midnight, which tests an inclusive window end. */
const midnightShare = 0.03;

/** One in this many patterns is a withdrawal. */
const withdrawalEvery = 9;

const typeSalt = 0x7e9e;

/** Consecutive updates of one ASN's day. */
export interface Stretch {
  /** Their day. */
  readonly day: Day;
  /** The number of the first update. */
  readonly first: number;
  /** The number after the last update. */
  readonly end: number;
}

/** One ASN's UTC day. */
export class Day {
  /** Start of the day in unix seconds. */
  readonly startS: number;
  /** Number of updates. */
  readonly count: number;
  /** A hash of ASN and day. */
  readonly hash: number;
  readonly #burst: number;
  readonly #bursts: number;
  readonly #startsSharp: boolean;
  /** The peak: its start and length as shares of the day, and its share of the updates. */
  readonly #peakAt: number;
  readonly #peakLength: number;
  readonly #peakShare: number;
  /** Cache of the last burst, because consecutive updates share it. */
  #lastBurst = -1;
  #lastSecond = 0;

  /** A day, counted from 1970, of the ASN with hash `asnHash`; `sharp` puts its first update at midnight. */
  constructor(asnHash: number, { day, count, sharp }: { day: number; count: number; sharp: boolean }) {
    this.startS = day * dayS;
    this.count = count;
    this.hash = mix(asnHash, day);
    const random = new Random(this.hash);
    this.#burst = random.pick(burstSizes);
    this.#bursts = Math.ceil(count / this.#burst);
    this.#startsSharp = random.next() < midnightShare * 2 ** 32 || sharp;
    this.#peakLength = (60 + random.below(1_740)) / dayS;
    this.#peakAt = random.unit() * (1 - this.#peakLength);
    this.#peakShare = 0.6 * random.unit() ** 3;
  }

  /** The time of an update in unix seconds; `number` is below `count`. Monotonic. */
  secondOf(number: number): number {
    if (number === 0 && this.#startsSharp) return this.startS;
    const burst = Math.floor(number / this.#burst);
    if (burst !== this.#lastBurst) {
      const share = (burst + unitOf(mix(this.hash, burst))) / this.#bursts;
      this.#lastBurst = burst;
      this.#lastSecond = this.startS + Math.min(dayS - 1, Math.floor(dayS * this.#timeAt(share)));
    }
    return this.#lastSecond;
  }

  /** The number of the first update at or after a unix second; `count` if there is none. */
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

  /** The pattern of an update, out of `patterns`, a power of two. */
  patternOf(number: number, patterns: number): number {
    return (number + this.hash) & (patterns - 1);
  }

  /** The inverse of the day's distribution: the share of the day after which `share` of its updates has happened. */
  #timeAt(share: number): number {
    const pace = (1 - this.#peakLength) / (1 - this.#peakShare);
    const before = this.#peakAt / pace;
    // Rounding must not exceed the start of the peak.
    if (share < before) return Math.min(this.#peakAt, share * pace);
    const within = share - before;
    if (within < this.#peakShare) return this.#peakAt + this.#peakLength * within / this.#peakShare;
    return this.#peakAt + this.#peakLength + (within - this.#peakShare) * pace;
  }
}

/** The history of one ASN. */
export class History {
  /** The AS number. */
  readonly asn: number;
  /** A hash of seed and ASN. */
  readonly hash: number;
  /** Distinct updates: a power of two, at most `patternsMax`. */
  readonly patterns: number;
  readonly #population: Population;
  readonly #sharp: boolean;
  readonly #withdrawals: Uint8Array;

  /** `sharp` puts an update at midnight of every day, instead of a few days. */
  constructor(population: Population, { asn, sharp }: { asn: number; sharp: boolean }) {
    this.asn = asn;
    this.hash = population.hashOf(asn);
    this.#population = population;
    this.#sharp = sharp;
    const ordinary = Math.max(1, Math.min(patternsMax, population.ordinaryUpdates(asn)));
    this.patterns = 2 ** Math.ceil(Math.log2(ordinary));
    const salt = mix(this.hash, typeSalt);
    this.#withdrawals = Uint8Array.from(
      { length: this.patterns },
      (_, pattern) => mix(salt, pattern) % withdrawalEvery === 0 ? 1 : 0,
    );
  }

  /** Whether a pattern is a withdrawal. */
  withdraws(pattern: number): boolean {
    return this.#withdrawals[pattern] === 1;
  }

  /** The updates for startS ≤ t < endS, in unix seconds, day by day without empty days. */
  *stretches(startS: number, endS: number): Generator<Stretch> {
    for (let day = Math.floor(startS / dayS); day * dayS < endS; day++) {
      const count = this.#population.updatesOn(this.asn, day);
      if (count === 0) continue;
      const times = new Day(this.hash, { day, count, sharp: this.#sharp });
      const first = startS <= times.startS ? 0 : times.firstFrom(startS);
      const end = endS >= times.startS + dayS ? count : times.firstFrom(endS);
      if (first < end) yield { day: times, first, end };
    }
  }

  /** Announcements in a stretch. Takes time proportional to the patterns, not to the updates. */
  announcementsIn({ day, first, end }: Stretch): number {
    const rounds = Math.floor((end - first) / this.patterns);
    let announcements = rounds * (this.patterns - this.#withdrawals.reduce((sum, one) => sum + one, 0));
    for (let number = first + rounds * this.patterns; number < end; number++) {
      if (!this.withdraws(day.patternOf(number, this.patterns))) announcements++;
    }
    return announcements;
  }
}
