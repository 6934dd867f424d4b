/**
 * The truth about a key and a window: every row that a perfect client stores, computed without a request. Rows are
 * computed one by one and never held. As text they are NDJSON, with one `[unix seconds,"A"]` per line.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Window } from "../../../job/job.ts";
import { UsageError } from "../../../errors.ts";
import { History } from "./history.ts";
import { blockBytes } from "../../engine/body.ts";
import { controlAsn, Population } from "./population.ts";
import { asnOf, type RipestatOptions, ripestatSettings } from "./ripestat_options.ts";
import { putDigits } from "./update_encoder.ts";

/** One row of the truth. */
export type TrueUpdate = readonly [unixSeconds: number, type: "A" | "W"];

/** The rows of one key in one window. */
export interface Truth {
  /** Number of rows. */
  readonly count: number;
  /** Rows of type `A`. */
  readonly announcements: number;
  /** Rows of type `W`. */
  readonly withdrawals: number;
  /** The rows in the order of the answer, which is by time. */
  updates(): Iterable<TrueUpdate>;
  /** The rows as NDJSON, in blocks of at most 64 KiB. Each block overwrites the one before. */
  lines(): Iterable<Uint8Array>;
  /** The hexadecimal SHA-256 of the NDJSON. */
  sha256(): string;
}

/** Length of every line: `[1749427200,"A"]` and a line feed. */
export const truthLineBytes = 17;

/** The options that the truth follows from; `SimulateOptions` has both. */
export interface TruthOptions {
  readonly seed?: number;
  readonly ripestat?: RipestatOptions;
}

const populations = new WeakMap<TruthOptions, Population>();

/**
 * The truth of the profile `ripestat` about an ASN (`"3333"` or `"AS3333"`), for start ≤ t < end of the window. Draws
 * the population once per options object.
 *
 * @throws {UsageError} If an option is wrong or the key is not an AS number.
 */
export function truthOf(options: TruthOptions, key: string, window: Window): Truth {
  const asn = asnOf(key);
  if (asn === undefined) {
    throw new UsageError(`Cannot tell the truth about "${key}": the key must be an AS number such as 3333`);
  }
  const population = populations.get(options) ?? new Population(ripestatSettings(options.ripestat, options));
  populations.set(options, population);
  return truthBetween(historyOf(population, asn), {
    startS: Math.ceil(window.startMs / 1_000),
    endS: Math.ceil(window.endMs / 1_000),
  });
}

/** The history of one ASN. The control key has an update at every midnight, so that every run tests the window end. */
export function historyOf(population: Population, asn: number): History {
  return new History(population, { asn, sharp: asn === controlAsn });
}

/** The truth about one ASN for startS ≤ t < endS, in unix seconds. */
export function truthBetween(
  history: History,
  { startS, endS }: { readonly startS: number; readonly endS: number },
): Truth {
  let count = 0;
  let announcements = 0;
  for (const stretch of history.stretches(startS, endS)) {
    count += stretch.end - stretch.first;
    announcements += history.announcementsIn(stretch);
  }

  function* updates(): Generator<TrueUpdate> {
    for (const { day, first, end } of history.stretches(startS, endS)) {
      for (let number = first; number < end; number++) {
        const withdrawal = history.withdraws(day.patternOf(number, history.patterns));
        yield [day.secondOf(number), withdrawal ? "W" : "A"];
      }
    }
  }

  function lines(): Generator<Uint8Array> {
    return linesOf(updates(), count);
  }

  function sha256(): string {
    const hash = createHash("sha256");
    for (const block of lines()) hash.update(block);
    return hash.digest("hex");
  }

  return { count, announcements, withdrawals: count - announcements, updates, lines, sha256 };
}

function* linesOf(updates: Iterable<TrueUpdate>, count: number): Generator<Uint8Array> {
  const lines = Math.min(count, Math.floor(blockBytes / truthLineBytes));
  const block = new TextEncoder().encode(`[0000000000,"A"]\n`.repeat(lines));
  const typeAt = `[0000000000,"`.length;
  let at = 0;
  for (const [second, type] of updates) {
    putDigits(block, at + 11, { value: second, digits: 10 });
    block[at + typeAt] = type.charCodeAt(0);
    at += truthLineBytes;
    if (at < block.length) continue;
    yield block;
    at = 0;
  }
  if (at > 0) yield block.subarray(0, at);
}
