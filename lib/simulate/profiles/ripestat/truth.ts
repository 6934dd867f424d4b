/**
 * The truth about a key and a window: every row that a perfect client stores, told without asking anything. Rows are
 * computed one by one and never held; as text they are NDJSON, `[unix seconds,"A"]` a line.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Window } from "../../../job/job.ts";
import { UsageError } from "../../../errors.ts";
import { History } from "./history.ts";
import { asnOf, settingsOf, type SimulateOptions } from "../../engine/options.ts";
import { CONTROL_ASN, Population } from "./population.ts";
import { BLOCK_BYTES, putDigits } from "./update_encoder.ts";

/** One row of the truth. */
export type TrueUpdate = readonly [unixSeconds: number, type: "A" | "W"];

/** What is true of one key in one window. */
export interface Truth {
  /** Rows in all. */
  readonly count: number;
  /** Rows of type `A`. */
  readonly announcements: number;
  /** Rows of type `W`. */
  readonly withdrawals: number;
  /** The rows in the order of the answer, sorted by time. */
  updates(): Iterable<TrueUpdate>;
  /** The rows as NDJSON, in blocks of at most 64 KiB, each overwritten by the next. */
  lines(): Iterable<Uint8Array>;
  /** The hexadecimal SHA-256 of the NDJSON. */
  sha256(): string;
}

/** `[1749427200,"A"]` and a line feed: every line has the same length. */
export const TRUTH_LINE_BYTES = 17;

const populations = new WeakMap<SimulateOptions, Population>();

/**
 * The truth of the profile `ripestat` about an ASN (`"3333"` or `"AS3333"`), for start ≤ t < end of the window.
 * Draws the list of ASNs once for each options object.
 *
 * @throws {UsageError} If the options are wrong or the key is no AS number.
 */
export function truthOf(options: SimulateOptions, key: string, window: Window): Truth {
  const asn = asnOf(key);
  if (asn === undefined) {
    throw new UsageError(`Cannot tell the truth about "${key}" as it must be an AS number`);
  }
  const population = populations.get(options) ?? new Population(settingsOf(options));
  populations.set(options, population);
  return truthBetween(historyOf(population, asn), {
    startS: Math.ceil(window.startMs / 1_000),
    endS: Math.ceil(window.endMs / 1_000),
  });
}

/** All about one ASN. The days of the control key begin sharp, so that every run meets an inclusive window end. */
export function historyOf(population: Population, asn: number): History {
  return new History(population, { asn, sharp: asn === CONTROL_ASN });
}

/** The truth about one ASN from one unix second up to but not including another. */
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
  const lines = Math.min(count, Math.floor(BLOCK_BYTES / TRUTH_LINE_BYTES));
  const block = new TextEncoder().encode(`[0000000000,"A"]\n`.repeat(lines));
  const typeAt = `[0000000000,"`.length;
  let at = 0;
  for (const [second, type] of updates) {
    putDigits(block, at + 11, { value: second, digits: 10 });
    block[at + typeAt] = type.charCodeAt(0);
    at += TRUTH_LINE_BYTES;
    if (at < block.length) continue;
    yield block;
    at = 0;
  }
  if (at > 0) yield block.subarray(0, at);
}
