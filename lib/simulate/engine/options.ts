/**
 * What the practice API can be told: the options as a caller writes them, and the same with every default filled in
 * and every value checked. Plain data that passes to a Worker as it is. Does no I/O.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { Rate } from "../../job/job.ts";
import { type Fault, type FaultKind, needsRipestat } from "./fault.ts";
import type { Latency } from "./latency.ts";

/** How the practice API is to behave. Every field has a default. */
export interface SimulateOptions {
  /** What it answers like: RIPEstat, or `/hello/<key>` with some 70 bytes. Default `ripestat`. */
  readonly profile?: "ripestat" | "hello";
  /** All that is made up follows from it: a whole number, of which the lowest 32 bits count. Default 1. */
  readonly seed?: number;
  /** TCP port on 127.0.0.1; 0 takes any free one. Default 0. */
  readonly port?: number;
  /** The pause before an answer. Default none; for `hello` uniform, 0 to 3,000 ms. */
  readonly latency?: Latency;
  /** Frame of a body. Default `auto`: `Content-Length` below 64 KiB, else chunked. */
  readonly framing?: "auto" | "length" | "chunked";
  /** Bodies go out in writes (and chunks) of so many bytes, 1 to 65,536. Default: as large as they come. */
  readonly pieces?: number;
  /** What goes wrong. Default nothing. */
  readonly faults?: readonly Fault[];
  /** More requests than this are answered by 429 with `Retry-After`. Default: no limit. */
  readonly rate?: Rate;
  /** ASNs in the list, 1 to 100,000. Default 2,000. For `ripestat`, as are the fields below. */
  readonly asns?: number;
  /** The largest number of updates an ASN has in a UTC day, other than by `sizes`. Default 250,000. */
  readonly updatesMax?: number;
  /** Updates in every UTC day by ASN (`"3333"` or `"AS3333"`); such an ASN is in the list. Default none. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Generation of the envelope: pretty, compact, or either, by key. Default `mixed`. */
  readonly envelope?: "a" | "b" | "mixed";
}

/** Bounds and defaults of the options. */
export const simulate = {
  asnsDefault: 2_000,
  asnsMax: 100_000,
  /** Some 70 MB compact: an ASN that takes the study's regular expression minutes. */
  updatesMaxDefault: 250_000,
  /** Compact some 2.7 TB: more than anybody waits for, and a record's number stays a 32-bit integer. */
  sizeMax: 2_000_000_000,
  piecesMax: 65_536,
  /** The limit holds a time for each: some 8 MB. */
  rateCountMax: 1_000_000,
  /** The delay of the hundred-million-requests study. */
  helloLatency: { kind: "uniform", minMs: 0, maxMs: 3_000 },
  /** What one update takes compact, roughly: turns a size in bytes into a number of updates. */
  updateBytes: 275,
} as const;

/** The options with every default filled in. */
export type Settings = Required<Omit<SimulateOptions, "rate" | "sizes">> & {
  /** Undefined for no limit. */
  readonly rate: Rate | undefined;
  /** Updates in every UTC day by AS number. */
  readonly sizes: ReadonlyMap<number, number>;
};

/**
 * Fills in the defaults and checks every value.
 *
 * @throws {UsageError} If a value is outside its range or does not fit the profile.
 */
export function settingsOf(options: SimulateOptions): Settings {
  const profile = options.profile ?? "ripestat";
  const faults = options.faults ?? [];
  if (profile === "hello") refuseForHello(faults);
  return {
    profile,
    seed: whole("seed", options.seed ?? 1, { min: -(2 ** 31), max: 2 ** 32 - 1 }) >>> 0,
    port: whole("port", options.port ?? 0, { min: 0, max: 65_535 }),
    latency: options.latency ?? (profile === "hello" ? simulate.helloLatency : { kind: "none" }),
    framing: options.framing ?? "auto",
    pieces: whole("pieces", options.pieces ?? simulate.piecesMax, { min: 1, max: simulate.piecesMax }),
    faults,
    rate: options.rate === undefined ? undefined : rateOf(options.rate),
    asns: whole("asns", options.asns ?? simulate.asnsDefault, { min: 1, max: simulate.asnsMax }),
    updatesMax: whole("updatesMax", options.updatesMax ?? simulate.updatesMaxDefault, {
      min: 1,
      max: simulate.sizeMax,
    }),
    sizes: sizesOf(options.sizes ?? {}),
    envelope: options.envelope ?? "mixed",
  };
}

/** The AS number that `text` (`"3333"`, `"AS3333"`) names, or undefined where it names none. */
export function asnOf(text: string): number | undefined {
  const digits = /^(?:AS)?(\d{1,10})$/i.exec(text)?.[1];
  const asn = Number(digits ?? NaN);
  return asn <= 0xffff_ffff ? asn : undefined;
}

/**
 * Reads `KEY=UPDATES` or `KEY=BYTES` (`3333=1GiB`, about so many bytes compact) for `sizes`.
 *
 * @throws {UsageError} If the text is neither.
 */
export function parseSize(text: string): { readonly key: string; readonly updates: number } {
  const [, key = "", digits = "", unit = ""] = /^(\w+)=(\d+)(KiB|MiB|GiB)?$/.exec(text) ?? [];
  const asn = asnOf(key);
  if (asn === undefined) {
    throw new UsageError(
      `Cannot read "${text}" as a size must be KEY=UPDATES or KEY=BYTES such as 3333=5000 or AS3333=1GiB`,
    );
  }
  const bytes = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }[unit];
  const updates = bytes === undefined
    ? Number(digits)
    : Math.ceil(Number(digits) * bytes / simulate.updateBytes);
  return { key: String(asn), updates: whole("size", updates, { min: 0, max: simulate.sizeMax }) };
}

function sizesOf(sizes: Readonly<Record<string, number>>): Map<number, number> {
  const byAsn = new Map<number, number>();
  for (const [key, updates] of Object.entries(sizes)) {
    const asn = asnOf(key);
    if (asn === undefined) throw new UsageError(`Cannot set the size of "${key}" as it must be an AS number`);
    byAsn.set(asn, whole(`sizes.${key}`, updates, { min: 0, max: simulate.sizeMax }));
  }
  return byAsn;
}

function rateOf({ count, perMs }: Rate): Rate {
  return {
    count: whole("rate.count", count, { min: 1, max: simulate.rateCountMax }),
    perMs: whole("rate.perMs", perMs, { min: 1, max: 86_400_000 }),
  };
}

function refuseForHello(faults: readonly Fault[]): void {
  const kind: FaultKind | undefined = faults.find((fault) => needsRipestat(fault.kind))?.kind;
  if (kind === undefined) return;
  throw new UsageError(
    `Cannot inject the fault "${kind}" as it needs the profile ripestat: profile is hello`,
  );
}

function whole(name: string, value: number, { min, max }: { min: number; max: number }): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`Cannot use "${name}" as it must be a whole number from ${min} to ${max}: ${value}`);
}
