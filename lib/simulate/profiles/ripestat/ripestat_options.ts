/**
 * The options of the profile `ripestat`, the same with defaults filled in and values checked, its faults, and the
 * command-line form of a size. Plain data. Does no I/O.
 *
 * @module
 */

import { UsageError } from "../../../errors.ts";
import { checkedWhole, seedOf } from "../../engine/engine_options.ts";

/** What the profile answers. Each field has a default. */
export interface RipestatOptions {
  /** ASNs in the list, 1 to 100,000. Default 2,000. */
  readonly asns?: number;
  /** Largest number of updates of an ASN in a UTC day, unless `sizes` names the ASN. Default 250,000. */
  readonly updatesMax?: number;
  /** Updates in every UTC day by ASN (`"3333"` or `"AS3333"`). These ASNs join the list. Default none. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Generation of the envelope: `a` is indented, `b` compact, `mixed` varies by key. Default `mixed`. */
  readonly envelope?: "a" | "b" | "mixed";
}

/** The options with defaults filled in, and the seed. */
export type RipestatSettings = Required<Omit<RipestatOptions, "sizes">> & {
  readonly seed: number;
  /** Updates in every UTC day by AS number. */
  readonly sizes: ReadonlyMap<number, number>;
};

/**
 * The faults of the profile.
 *
 * - `maintenance`: 200 with empty data and a maintenance status
 * - `empty`: a valid, empty list
 * - `missing`: no list
 * - `null-rows`: null in place of the list
 * - `wrong-count`: the declared count is one too high
 * - `other-key`: the answer says that it is about the next ASN
 */
export const ripestatFaultKinds = [
  "maintenance",
  "empty",
  "missing",
  "null-rows",
  "wrong-count",
  "other-key",
] as const;

const asnsMax = 100_000;

/** 2.7 TB compact, and the number of a record stays a 32-bit integer. */
const dayUpdatesMax = 2_000_000_000;

/** 70 MB compact: large enough to make a backtracking regular expression take minutes. */
const updatesMaxDefault = 250_000;

/** Bytes of one compact update, on average; converts a size in bytes to a number of updates. */
export const updateBytes = 275;

/**
 * Fills in the defaults and checks every value.
 *
 * @throws {UsageError} If a value is outside its range.
 */
export function ripestatSettings(
  options: RipestatOptions = {},
  { seed }: { readonly seed?: number } = {},
): RipestatSettings {
  const { asns = 2_000, updatesMax = updatesMaxDefault, sizes = {}, envelope = "mixed" } = options;
  return {
    seed: seedOf(seed === undefined ? {} : { seed }),
    asns: checkedWhole("asns", asns, { min: 1, max: asnsMax }),
    updatesMax: checkedWhole("updatesMax", updatesMax, { min: 1, max: dayUpdatesMax }),
    sizes: sizesOf(sizes),
    envelope,
  };
}

/** The AS number of `"3333"` or `"AS3333"`; undefined for any other text. */
export function asnOf(text: string): number | undefined {
  const digits = /^(?:AS)?(\d{1,10})$/i.exec(text)?.[1];
  const asn = Number(digits ?? NaN);
  return asn <= 0xffff_ffff ? asn : undefined;
}

/**
 * Reads `KEY=UPDATES` or `KEY=BYTES` for `sizes`: `3333=5000`, or `AS3333=1GiB` for about that many compact bytes.
 *
 * @throws {UsageError} If the text has neither form.
 */
export function parseSize(text: string): { readonly key: string; readonly updates: number } {
  const [, key = "", digits = "", unit = ""] = /^(\w+)=(\d+)(KiB|MiB|GiB)?$/.exec(text) ?? [];
  const asn = asnOf(key);
  if (asn === undefined) {
    throw new UsageError(
      `Cannot read the size: it must be KEY=UPDATES or KEY=BYTES such as 3333=5000 or AS3333=1GiB, got "${text}"`,
    );
  }
  const bytes = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }[unit];
  const updates = bytes === undefined ? Number(digits) : Math.ceil(Number(digits) * bytes / updateBytes);
  return { key: String(asn), updates: checkedWhole("size", updates, { min: 0, max: dayUpdatesMax }) };
}

function sizesOf(sizes: Readonly<Record<string, number>>): Map<number, number> {
  const byAsn = new Map<number, number>();
  for (const [key, updates] of Object.entries(sizes)) {
    const asn = asnOf(key);
    if (asn === undefined) {
      throw new UsageError(`Cannot set the size of "${key}": the key must be an AS number such as 3333`);
    }
    byAsn.set(asn, checkedWhole(`sizes.${key}`, updates, { min: 0, max: dayUpdatesMax }));
  }
  return byAsn;
}
