/**
 * Encodes the records of an ASN: each pattern is encoded once, with gaps for time and number, and a run of records is
 * then a copy of patterns with the gaps filled. Holds at most 256 patterns: 70 KB compact, 210 KB indented.
 *
 * @module
 */

import type { Day, History, Stretch } from "./history.ts";
import { mix, Random } from "../../engine/random.ts";
import { type Vocabulary, vocabulary } from "./vocabulary.ts";

/** The format of records. */
export interface RecordFormat {
  /** Indented by four spaces instead of compact. */
  readonly pretty: boolean;
  /** Times as unix seconds instead of ISO text without a zone. */
  readonly unix: boolean;
}

/** The lowest digits of `seq` vary by record, the higher ones by pattern. */
const seqLowDigits = 7;
const seqLowZeros = "0".repeat(seqLowDigits);
/** The largest `seq` is 1.35e15, as observed at RIPEstat. */
const seqHighMax = 135_000_000;

const encoder = new TextEncoder();

/** Encodes the records of one ASN. */
export class UpdateEncoder {
  readonly #history: History;
  readonly #unix: boolean;
  /** All patterns, each with the comma before it. */
  readonly #bytes: Uint8Array;
  /** Start of each pattern, and end of the last. */
  readonly #starts: Uint32Array;
  /** End of the gap for `seq`, by pattern. */
  readonly #seqEnds: Uint32Array;
  /** Start of the gap for the time, by pattern. */
  readonly #times: Uint32Array;
  /** Scratch for the date of a day: `2025-06-09T`. */
  readonly #date = new Uint8Array(11);

  /** Encodes all patterns of an ASN. */
  constructor(history: History, format: RecordFormat) {
    this.#history = history;
    this.#unix = format.unix;
    const count = history.patterns;
    this.#starts = new Uint32Array(count + 1);
    this.#seqEnds = new Uint32Array(count);
    this.#times = new Uint32Array(count);
    const words = vocabulary(format.pretty);
    let text = "";
    for (let pattern = 0; pattern < count; pattern++) {
      const { before, after } = writePattern(history, { pattern, words, pretty: format.pretty });
      this.#starts[pattern] = text.length;
      this.#seqEnds[pattern] = text.length + before.length;
      text += before;
      text += format.pretty ? `,\n                "timestamp": ` : `,"timestamp":`;
      this.#times[pattern] = text.length + (format.unix ? 0 : 1);
      text += (format.unix ? "0000000000" : `"0000-00-00T00:00:00"`) + after;
    }
    this.#starts[count] = text.length;
    this.#bytes = encoder.encode(text);
  }

  /** Bytes of a stretch, with a comma before each record. Takes time proportional to the patterns, not the records. */
  lengthOf({ day, first, end }: Stretch): number {
    const patterns = this.#history.patterns;
    const rounds = Math.floor((end - first) / patterns);
    let length = rounds * this.#starts[patterns]!;
    for (let number = first + rounds * patterns; number < end; number++) {
      const pattern = day.patternOf(number, patterns);
      length += this.#starts[pattern + 1]! - this.#starts[pattern]!;
    }
    return length;
  }

  /**
   * Writes records of a stretch, from number `first` on, into `block` at `at` until the stretch or the block ends.
   *
   * @returns The number of the next record, and the end of the last one in the block.
   */
  fill(block: Uint8Array, { stretch, first, at }: { stretch: Stretch; first: number; at: number }): {
    readonly next: number;
    readonly at: number;
  } {
    const patterns = this.#history.patterns;
    const starts = this.#starts;
    let next = first;
    let free = at;
    while (next < stretch.end) {
      const from = stretch.day.patternOf(next, patterns);
      const untilMax = Math.min(patterns, from + stretch.end - next);
      let until = from;
      while (until < untilMax && starts[until + 1]! - starts[from]! <= block.length - free) until++;
      if (until === from) break;
      // Consecutive records have consecutive patterns, so one copy covers many records.
      block.set(this.#bytes.subarray(starts[from], starts[until]), free);
      this.#fillGaps(block, { day: stretch.day, first: next, from, until, at: free });
      free += starts[until]! - starts[from]!;
      next += until - from;
    }
    return { next, at: free };
  }

  #fillGaps(
    block: Uint8Array,
    run: { day: Day; first: number; from: number; until: number; at: number },
  ): void {
    const { day, first, from, until } = run;
    const shift = run.at - this.#starts[from]!;
    if (!this.#unix) encoder.encodeInto(new Date(day.startS * 1_000).toISOString().slice(0, 11), this.#date);
    for (let pattern = from; pattern < until; pattern++) {
      const number = first + pattern - from;
      const low = (Math.imul(number + day.hash, 0x9e3779b1) >>> 0) % 10 ** seqLowDigits;
      putDigits(block, this.#seqEnds[pattern]! + shift, { value: low, digits: seqLowDigits });
      const at = this.#times[pattern]! + shift;
      const second = day.secondOf(number);
      if (this.#unix) {
        putDigits(block, at + 10, { value: second, digits: 10 });
      } else {
        const inDay = second - day.startS;
        block.set(this.#date, at);
        putDigits(block, at + 13, { value: Math.floor(inDay / 3_600), digits: 2 });
        putDigits(block, at + 16, { value: Math.floor(inDay / 60) % 60, digits: 2 });
        putDigits(block, at + 19, { value: inDay % 60, digits: 2 });
      }
    }
  }
}

/** Writes the decimal digits of `value`, with leading zeros, so that they end before `end`. */
export function putDigits(
  block: Uint8Array,
  end: number,
  { value, digits }: { value: number; digits: number },
): void {
  let rest = value;
  for (let at = end - 1; at >= end - digits; at--) {
    const tens = (rest / 10) >>> 0;
    block[at] = 48 + rest - tens * 10;
    rest = tens;
  }
}

/** The text of a pattern before its time, which ends with `seq`, and after it. */
function writePattern(
  history: History,
  { pattern, words, pretty }: { pattern: number; words: Vocabulary; pretty: boolean },
): { readonly before: string; readonly after: string } {
  const random = new Random(mix(history.hash, pattern));
  const { source, pathStart } = random.pick(words.routes);
  const high = 1 + random.below(random.below(8) === 0 ? 100 : seqHighMax);
  const prefix = random.below(6) === 0
    ? `2001:${(0x400 + random.below(0xb00)).toString(16)}:${random.below(0xffff).toString(16)}::/48`
    : `${1 + random.below(222)}.${random.below(256)}.${random.below(256)}.0/24`;
  const [type, lists] = history.withdraws(pattern)
    ? ["W", ""]
    : ["A", `${pathStart}${history.asn}${words.pathEnd}${random.pick(words.communities)}`];
  if (!pretty) {
    return {
      before: `,{"seq":${high}${seqLowZeros}`,
      after: `,"type":"${type}","attrs":{"source_id":"${source}","target_prefix":"${prefix}"${lists}}}`,
    };
  }
  const indent = "\n                ";
  return {
    before: `,\n            {${indent}"seq": ${high}${seqLowZeros}`,
    after: `,${indent}"type": "${type}",${indent}"attrs": {${indent}    "source_id": "${source}",` +
      `${indent}    "target_prefix": "${prefix}"${lists}${indent}}\n            }`,
  };
}
