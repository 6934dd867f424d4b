/**
 * Who is on the practice Internet: the list of ASNs, and how many updates each makes in a UTC day. Few make most of
 * the updates, as in reality. Everything follows from the seed; memory is some 20 MB for 100,000 ASNs.
 *
 * @module
 */

import type { Settings } from "../../engine/options.ts";
import { mix, Random, unitOf } from "../../engine/random.ts";

/** The control key, the beacons of RIPE's route collectors: always in the list and never quiet. */
export const CONTROL_ASN = 12_654;

/** What the list and its sizes look like. */
export const population = {
  /** Share of ASNs without any update, day after day. */
  quietShare: 0.115,
  /** Share of the other ASNs that are quiet on one day. */
  flickerShare: 0.005,
  /** Updates of the ASN in the middle of those that are not quiet, on an ordinary day. */
  medianUpdates: 105,
  /** How fast sizes fall from rank to rank: the size at share q from the top is median · (2q)^-slope. */
  slope: 1.33,
  /** A day's size is the ordinary one times 0.8 to 1.2. */
  dayFactorMin: 0.8,
  dayFactorMax: 1.2,
  /** Share of days on which a small ASN makes 5 to 25 times its updates: what a report should find. */
  surgeShare: 0.004,
  surgeBelowUpdates: 1_000,
  /** Updates of the control key on an ordinary day. */
  controlUpdates: 4_000,
  /** What all 2,000 ASNs of the default list make in a day, whatever the seed: some 700 MB compact. */
  demoUpdatesMin: 2_000_000,
  demoUpdatesMax: 3_000_000,
} as const;

const ASN_SALT = 0x0a51;
const RANK_SALT = 0x4a2c;
const DAY_SALT = 0xda11;
const SURGE_SALT = 0x5049;

/** The ASNs of one seed and their sizes. */
export class Population {
  /** The list, in rising order. */
  readonly asns: readonly number[];
  readonly #seed: number;
  readonly #updatesMax: number;
  readonly #sizes: ReadonlyMap<number, number>;
  /** Updates on an ordinary day. */
  readonly #ordinary: ReadonlyMap<number, number>;

  /** Draws the list and the rank of each ASN in it. */
  constructor({ seed, asns, sizes, updatesMax }: Pick<Settings, "seed" | "asns" | "sizes" | "updatesMax">) {
    this.#seed = seed;
    this.#updatesMax = updatesMax;
    this.#sizes = sizes;
    const list = drawAsns(seed, asns);
    this.#ordinary = rank(list, seed);
    for (const asn of sizes.keys()) list.add(asn);
    this.asns = [...list].sort((a, b) => a - b);
  }

  /** The hash that everything about an ASN is drawn from. */
  hashOf(asn: number): number {
    return mix(mix(this.#seed, ASN_SALT), asn);
  }

  /** Updates of an ASN in a UTC day, counted from 1970; 0 for an ASN that is not in the list. */
  updatesOn(asn: number, day: number): number {
    const size = this.#sizes.get(asn);
    if (size !== undefined) return size;
    const ordinary = this.#ordinary.get(asn) ?? 0;
    if (ordinary === 0) return 0;
    const hash = mix(mix(this.hashOf(asn), DAY_SALT), day);
    const luck = unitOf(mix(hash, SURGE_SALT));
    if (luck < population.flickerShare && asn !== CONTROL_ASN) return 0;
    const surges = luck > 1 - population.surgeShare && ordinary < population.surgeBelowUpdates;
    const surge = surges ? 5 + (hash % 21) : 1;
    const { dayFactorMin, dayFactorMax } = population;
    const factor = dayFactorMin + (dayFactorMax - dayFactorMin) * unitOf(hash);
    return Math.min(this.#updatesMax, Math.max(1, Math.round(ordinary * factor * surge)));
  }

  /** Updates of an ASN on an ordinary day, or what `sizes` says. */
  ordinaryUpdates(asn: number): number {
    return this.#sizes.get(asn) ?? this.#ordinary.get(asn) ?? 0;
  }
}

/** `count` different AS numbers as they are given out: 16 bits, 32 bits, and one in a hundred private. */
function drawAsns(seed: number, count: number): Set<number> {
  const random = new Random(mix(seed, ASN_SALT));
  const asns = new Set([CONTROL_ASN]);
  while (asns.size < count) {
    const kind = random.below(100);
    if (kind === 0) asns.add(4_200_000_000 + random.below(94_967_295));
    else if (kind < 50) asns.add(1 + random.below(64_495));
    else asns.add(131_072 + random.below(270_000));
  }
  return asns;
}

/** Sizes by rank, so that they add up to the same whatever the seed; who has which rank is chance. */
function rank(asns: ReadonlySet<number>, seed: number): Map<number, number> {
  const salt = mix(seed, RANK_SALT);
  const ranked = [...asns].map((asn) => ({ asn, luck: mix(salt, asn) })).sort((a, b) => a.luck - b.luck);
  const active = Math.round(ranked.length * (1 - population.quietShare));
  const ordinary = new Map<number, number>();
  for (const [index, { asn }] of ranked.entries()) {
    if (index >= active) break;
    const share = (index + 0.5) / active;
    ordinary.set(asn, Math.ceil(population.medianUpdates * (2 * share) ** -population.slope));
  }
  return ordinary.set(CONTROL_ASN, population.controlUpdates);
}
