/**
 * Makes keys of a text that comes in chunks: UTF-8, one key a line. Blank lines are skipped, white space around a key
 * and a byte order mark are dropped; `#` begins no comment. Holds the incomplete last line, of at most 65,536
 * characters, which is refused before it is held whole. Does no I/O.
 *
 * @module
 */

import { shortened, UsageError } from "../../errors.ts";
import { keyRule } from "../../job/key_rule.ts";
import { firstInvalid, tailLength } from "../../json/utf8.ts";
import { runLimits } from "../../limits.ts";
import type { KeyFilter } from "./key_filter.ts";

/** UTF-16 units of a line, white space included. A longer line is not part of a key list. */
const lineCharsMax = 64 * 1024;

/** UTF-16 units of a wrong key that a message shows. */
const shownCharsMax = 40;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const lastPrintable = 0x7e;

/** Splits a text into keys, and checks each. */
export class KeyLines {
  readonly #name: string;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  /** The first bytes of a character that the last chunk's end has cut. */
  #cutBytes = new Uint8Array();
  #pending = "";
  #line = 0;

  /** `name` is the text's name in messages. */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * The keys of all lines that end in `bytes`.
   *
   * @throws {UsageError} If one of those lines, or the incomplete line, is not a key, or the bytes are not UTF-8.
   */
  process(bytes: Uint8Array): string[] {
    return this.processText(this.#decoded(bytes));
  }

  /** As {@linkcode process}, of text that is decoded. */
  processText(text: string): string[] {
    const keys: string[] = [];
    const end = text.lastIndexOf("\n");
    if (end < 0) {
      this.#pending += text;
    } else {
      const lines = this.#pending + text.slice(0, end);
      this.#pending = text.slice(end + 1);
      // One search through all lines is far cheaper than a search through each line.
      const isPlain = !/[^\n\r\P{Cc}]/u.test(lines);
      for (const line of lines.split("\n")) {
        const key = line.trim();
        if (!isPlain || line.length > runLimits.keyCharsMax || key.includes("\r")) this.#check(line);
        if (key !== "") keys.push(key);
        this.#line += 1;
      }
    }
    if (this.#pending.length > lineCharsMax) this.#check(this.#pending);
    return keys;
  }

  /**
   * The key of the last line, if that does not end in a line feed.
   *
   * @throws {UsageError} If the line is not a key, or the text ends within a character.
   */
  finalize(): string[] {
    if (this.#cutBytes.length > 0) throw this.#notUtf8(this.#line);
    return this.processText("\n");
  }

  /**
   * The number of keys in lines that end in `bytes`, without those of `without`: five times as fast as
   * {@linkcode process}. Undefined, with nothing read, if `bytes` hold no line feed, or anything but printable ASCII,
   * or a line too long for a key.
   */
  count(bytes: Uint8Array, without: KeyFilter): number | undefined {
    const start = bytes.indexOf(lineFeed) + 1;
    const end = bytes.lastIndexOf(lineFeed) + 1;
    const found = start === 0 ? undefined : countAscii(bytes.subarray(start, end), without);
    if (found === undefined) return undefined;
    const before = without.others(this.process(bytes.subarray(0, start))).length;
    this.#line += found.lines;
    return before + found.keys + without.others(this.process(bytes.subarray(end))).length;
  }

  #decoded(bytes: Uint8Array): string {
    let text: string;
    try {
      text = this.#decoder.decode(bytes, { stream: true });
    } catch {
      const all = new Uint8Array([...this.#cutBytes, ...bytes]);
      const valid = all.subarray(0, firstInvalid(all));
      throw this.#notUtf8(this.#line + valid.reduce((sum, byte) => byte === lineFeed ? sum + 1 : sum, 0));
    }
    const cut = new Uint8Array([...this.#cutBytes, ...bytes.slice(-3)]);
    this.#cutBytes = cut.slice(cut.length - tailLength(cut, cut.length));
    return text;
  }

  #notUtf8(line: number): UsageError {
    return new UsageError(
      `Cannot read ${this.#name}: it must be UTF-8 text, got other bytes in line ${line + 1}`,
    );
  }

  #check(line: string): void {
    const key = line.trim();
    let rule = key === "" ? undefined : keyRule(key);
    if (line.length > lineCharsMax) rule = `must be a line of at most ${lineCharsMax} characters`;
    if (rule === undefined) return;
    const start = JSON.stringify(shortened(key, shownCharsMax));
    throw new UsageError(`Cannot read line ${this.#line + 1} of ${this.#name}: it ${rule}, got ${start}`);
  }
}

/** Lines, and keys without those of `without`, in printable ASCII; undefined for other bytes or a too long line. */
function countAscii(
  bytes: Uint8Array,
  without: KeyFilter,
): { readonly lines: number; readonly keys: number } | undefined {
  let lines = 0;
  let keys = 0;
  let lineStart = 0;
  // The key's place in the line, without the spaces around it.
  let start = -1;
  let end = 0;
  // A loop over an iterator takes four times as long.
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte > space && byte <= lastPrintable) {
      if (start < 0) start = at;
      end = at + 1;
    } else if (byte === lineFeed) {
      if (at - lineStart > runLimits.keyCharsMax) return undefined;
      lineStart = at + 1;
      lines += 1;
      if (start >= 0 && !without.has(bytes, start, end)) keys += 1;
      start = -1;
    } else if (byte !== space && !(byte === carriageReturn && bytes[at + 1] === lineFeed)) return undefined;
  }
  return { lines, keys };
}
