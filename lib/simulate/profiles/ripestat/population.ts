/**
 * The list of ASNs, and the number of updates of each ASN in a UTC day. As in reality, few ASNs have most of the
 * updates. Everything follows from the seed. 100,000 ASNs take 20 MB.
 *
 * @module
 */

import { mix, Random, unitOf } from "../../engine/random.ts";
import type { RipestatSettings } from "./ripestat_options.ts";

/** The control key: the beacons of RIPE's route collectors. It is always in the list and never quiet. */
export const controlAsn = 12_654;

/** The shape of the list and its sizes. */
export const population = {
  /** Share of ASNs without an update on any day. */
  quietShare: 0.115,
  /** Share of the other ASNs without an update on a given day. */
  flickerShare: 0.005,
  /** Updates of the median ASN that is not quiet, on an ordinary day. */
  medianUpdates: 105,
  /** The fall of sizes with rank: the size at share q from the top is median · (2q)^-slope. */
  slope: 1.33,
  /** The size of a day is the ordinary size times 0.8 to 1.2. */
  dayFactorMin: 0.8,
  dayFactorMax: 1.2,
  /** Share of days on which a small ASN has 5 to 25 times its ordinary updates, for a report to find. */
  surgeShare: 0.004,
  surgeBelowUpdates: 1_000,
  /** Updates of the control key on an ordinary day. */
  controlUpdates: 4_000,
  /** Updates of the default list in a day, for any seed: about 700 MB compact. */
  demoUpdatesMin: 2_000_000,
  demoUpdatesMax: 3_000_000,
} as const;

const asnSalt = 0x0a51;
const rankSalt = 0x4a2c;
const daySalt = 0xda11;
const surgeSalt = 0x5049;

/** The ASNs of one seed and their sizes. */
export class Population {
  /** The list, in ascending order. */
  readonly asns: readonly number[];
  readonly #seed: number;
  readonly #updatesMax: number;
  readonly #sizes: ReadonlyMap<number, number>;
  /** Updates on an ordinary day. */
  readonly #ordinary: ReadonlyMap<number, number>;

  /** Draws the list and the rank of each ASN. */
  constructor({ seed, asns, sizes, updatesMax }: Omit<RipestatSettings, "envelope">) {
    this.#seed = seed;
    this.#updatesMax = updatesMax;
    this.#sizes = sizes;
    const list = drawAsns(seed, asns);
    this.#ordinary = rank(list, seed);
    for (const asn of sizes.keys()) list.add(asn);
    this.asns = [...list].sort((a, b) => a - b);
  }

  /** The hash that all data of an ASN follows from. */
  hashOf(asn: number): number {
    return mix(mix(this.#seed, asnSalt), asn);
  }

  /** Updates of an ASN in a UTC day, given as days since 1970; 0 for an ASN outside the list. */
  updatesOn(asn: number, day: number): number {
    const size = this.#sizes.get(asn);
    if (size !== undefined) return size;
    const ordinary = this.#ordinary.get(asn) ?? 0;
    if (ordinary === 0) return 0;
    const hash = mix(mix(this.hashOf(asn), daySalt), day);
    const luck = unitOf(mix(hash, surgeSalt));
    if (luck < population.flickerShare && asn !== controlAsn) return 0;
    const surges = luck > 1 - population.surgeShare && ordinary < population.surgeBelowUpdates;
    const surge = surges ? 5 + (hash % 21) : 1;
    const { dayFactorMin, dayFactorMax } = population;
    const factor = dayFactorMin + (dayFactorMax - dayFactorMin) * unitOf(hash);
    return Math.min(this.#updatesMax, Math.max(1, Math.round(ordinary * factor * surge)));
  }

  /** Updates of an ASN on an ordinary day, or its size in `sizes`. */
  ordinaryUpdates(asn: number): number {
    return this.#sizes.get(asn) ?? this.#ordinary.get(asn) ?? 0;
  }
}

/** `count` different AS numbers from the assigned ranges: 16-bit, 32-bit, and 1 % private. */
function drawAsns(seed: number, count: number): Set<number> {
  const random = new Random(mix(seed, asnSalt));
  const asns = new Set([controlAsn]);
  while (asns.size < count) {
    const kind = random.below(100);
    if (kind === 0) asns.add(4_200_000_000 + random.below(94_967_295));
    else if (kind < 50) asns.add(1 + random.below(64_495));
    else asns.add(131_072 + random.below(270_000));
  }
  return asns;
}

/** Sizes follow from ranks, so that their sum is the same for any seed. Ranks are random. */
function rank(asns: ReadonlySet<number>, seed: number): Map<number, number> {
  const salt = mix(seed, rankSalt);
  const ranked = [...asns].map((asn) => ({ asn, luck: mix(salt, asn) })).sort((a, b) => a.luck - b.luck);
  const active = Math.round(ranked.length * (1 - population.quietShare));
  const ordinary = new Map<number, number>();
  for (const [index, { asn }] of ranked.entries()) {
    if (index >= active) break;
    const share = (index + 0.5) / active;
    ordinary.set(asn, Math.ceil(population.medianUpdates * (2 * share) ** -population.slope));
  }
  return ordinary.set(controlAsn, population.controlUpdates);
}
