/**
 * The records of an ASN as bytes, fast: each of its patterns is written once, with gaps for time and number, and any
 * row of records is then copies of them with the gaps filled. Holds at most 256 patterns, some 70 KB compact and
 * 210 KB pretty.
 *
 * @module
 */

import type { Day, History, Stretch } from "./history.ts";
import { mix, Random } from "../../engine/random.ts";
import { type Vocabulary, vocabulary } from "./vocabulary.ts";

/** How records are written. */
export interface Script {
  /** Four spaces a level instead of no white space at all. */
  readonly pretty: boolean;
  /** Times as unix seconds instead of ISO text without a zone. */
  readonly unix: boolean;
}

/** Bytes of a block of records at most, and of what is sent in one write. */
export const BLOCK_BYTES = 64 * 1024;

/** The lowest digits of a record's `seq` differ from record to record, the ones above by pattern. */
const SEQ_LOW_DIGITS = 7;
const SEQ_LOW_ZEROS = "0".repeat(SEQ_LOW_DIGITS);
/** The largest `seq` is 1.35e15, as seen at RIPEstat. */
const SEQ_HIGH_MAX = 135_000_000;

const encoder = new TextEncoder();

/** The patterns of one ASN, ready to be copied. */
export class UpdateEncoder {
  readonly #history: History;
  readonly #unix: boolean;
  /** All patterns in a row, each with the comma before it. */
  readonly #bytes: Uint8Array;
  /** Where each pattern starts, and the last ends. */
  readonly #starts: Uint32Array;
  /** Where in it the gaps are: the last digit of `seq`, the first of the time. */
  readonly #seqEnds: Uint32Array;
  readonly #times: Uint32Array;
  /** The day's date as bytes, `2025-06-09T`. */
  readonly #date = new Uint8Array(11);

  /** Writes all patterns of an ASN. */
  constructor(history: History, script: Script) {
    this.#history = history;
    this.#unix = script.unix;
    const count = history.patterns;
    this.#starts = new Uint32Array(count + 1);
    this.#seqEnds = new Uint32Array(count);
    this.#times = new Uint32Array(count);
    const words = vocabulary(script.pretty);
    let text = "";
    for (let pattern = 0; pattern < count; pattern++) {
      const { before, after } = writePattern(history, { pattern, words, pretty: script.pretty });
      this.#starts[pattern] = text.length;
      this.#seqEnds[pattern] = text.length + before.length;
      text += before;
      text += script.pretty ? `,\n                "timestamp": ` : `,"timestamp":`;
      this.#times[pattern] = text.length + (script.unix ? 0 : 1);
      text += (script.unix ? "0000000000" : `"0000-00-00T00:00:00"`) + after;
    }
    this.#starts[count] = text.length;
    this.#bytes = encoder.encode(text);
  }

  /** Bytes of a stretch's records, each with the comma before it. In time that depends on the patterns only. */
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
   * Writes records into `block` at `at` until the stretch ends or the next one would not fit.
   *
   * @returns The number after the last record, and where in the block it ended.
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
      // Neighbouring patterns lie side by side, so that one copy brings as many records as possible.
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
      const low = (Math.imul(number + day.hash, 0x9e3779b1) >>> 0) % 10 ** SEQ_LOW_DIGITS;
      putDigits(block, this.#seqEnds[pattern]! + shift, { value: low, digits: SEQ_LOW_DIGITS });
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

/** Writes the decimal digits of `value` so that they end before `end`, with leading zeros. */
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

/** One pattern around its time: the text up to the end of `seq`, and what follows the time. */
function writePattern(
  history: History,
  { pattern, words, pretty }: { pattern: number; words: Vocabulary; pretty: boolean },
): { readonly before: string; readonly after: string } {
  const random = new Random(mix(history.hash, pattern));
  const { source, pathStart } = random.pick(words.routes);
  const high = 1 + random.below(random.below(8) === 0 ? 100 : SEQ_HIGH_MAX);
  const prefix = random.below(6) === 0
    ? `2001:${(0x400 + random.below(0xb00)).toString(16)}:${random.below(0xffff).toString(16)}::/48`
    : `${1 + random.below(222)}.${random.below(256)}.${random.below(256)}.0/24`;
  const [type, lists] = history.withdraws(pattern)
    ? ["W", ""]
    : ["A", `${pathStart}${history.asn}${words.pathEnd}${random.pick(words.communities)}`];
  if (!pretty) {
    return {
      before: `,{"seq":${high}${SEQ_LOW_ZEROS}`,
      after: `,"type":"${type}","attrs":{"source_id":"${source}","target_prefix":"${prefix}"${lists}}}`,
    };
  }
  const indent = "\n                ";
  return {
    before: `,\n            {${indent}"seq": ${high}${SEQ_LOW_ZEROS}`,
    after: `,${indent}"type": "${type}",${indent}"attrs": {${indent}    "source_id": "${source}",` +
      `${indent}    "target_prefix": "${prefix}"${lists}${indent}}\n            }`,
  };
}
