/**
 * Reads keys lazily: a file, standard input or a range in, blocks of at most 1,024 keys out. A text holds one key a
 * line, in UTF-8. Blank lines are skipped, white space around a key and a byte order mark are dropped; `#` begins no
 * comment. Holds one chunk of text, of 64 KiB, and the start of the next line; a line is refused beyond 65,536
 * characters, before it is held. Does no network I/O.
 *
 * The text passes `TextDecoderStream`, then a line splitter that emits blocks. `TextLineStream` of `@std/streams` would
 * emit each line by itself: 0.54 s of CPU for 1,000,000 keys of 12 characters, where blocks take 0.26 s with all checks
 * (least of 7 runs on 2 busy cores, 2026-11-28), and it holds a line of any length.
 *
 * @module
 */

import { messageOf, shortened, UsageError } from "../../errors.ts";
import { runLimits } from "../../limits.ts";
import type { KeySource } from "../../job/job.ts";
import { keyRule } from "../../job/key_rule.ts";

/** Keys in one block: an `await` for each key would cost more than reading the key. */
const blockKeysMax = 1_024;

/** UTF-16 units of a line, white space included. A longer line is not part of a key list. */
const lineCharsMax = 64 * 1024;

/** UTF-16 units of a wrong key that a message shows. */
const shownCharsMax = 40;

const lineFeed = 0x0a;
const tab = 0x09;
const space = 0x20;
const lastAscii = 0x7f;

/** Sources that need no network. `key_list.ts` reads the others. */
export type LocalSource = Exclude<KeySource, { readonly kind: "url" }>;

/** A source that is a text. */
export type TextSource = Exclude<LocalSource, { readonly kind: "range" }>;

/** Opens the bytes of a key file or of standard input. */
export type OpenKeys = (source: TextSource) => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;

/** Options of `readKeys` and `countKeys`. */
export interface ReadKeysOptions {
  /** Default: opens the file, or the standard input of the process. */
  readonly open?: OpenKeys;
}

/**
 * The keys of a source, in blocks.
 *
 * @throws {UsageError} If the text cannot be read, is not UTF-8, holds no key, or holds a key that is too long or has
 *   control characters. The message names the file and the line.
 */
export function readKeys(
  source: LocalSource,
  { open = openText }: ReadKeysOptions = {},
): AsyncIterable<readonly string[]> {
  return source.kind === "range" ? rangeBlocks(source) : textBlocks(source, open);
}

/**
 * The number of keys in a range or a file; undefined for standard input and a URL. The keys are not checked, unless a
 * line begins with a byte that needs decoding: then the whole file is read as by `readKeys`, and throws as that does.
 */
export async function countKeys(
  source: KeySource,
  { open = openText }: ReadKeysOptions = {},
): Promise<number | undefined> {
  if (source.kind === "range") return source.last - source.first + 1;
  if (source.kind !== "file") return undefined;
  return await countLines(source, open) ?? await countBlocks(textBlocks(source, open));
}

/** Formats numbers on demand: a range of 100 million keys starts at once. */
async function* rangeBlocks({ first, last }: { readonly first: number; readonly last: number }) {
  for (let start = first; start <= last; start += blockKeysMax) {
    yield Array.from(
      { length: Math.min(blockKeysMax, last - start + 1) },
      (_, index) => String(start + index),
    );
  }
}

async function* textBlocks(source: TextSource, open: OpenKeys): AsyncGenerator<readonly string[]> {
  const stream = await opened(source, open);
  const lines = new KeyLines(nameOf(source));
  let keys: string[] = [];
  let hasYielded = false;
  try {
    for await (const text of stream.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }))) {
      lines.process(text, keys);
      let taken = 0;
      for (; keys.length - taken >= blockKeysMax; taken += blockKeysMax) {
        yield keys.slice(taken, taken + blockKeysMax);
      }
      hasYielded ||= taken > 0;
      keys = keys.slice(taken);
    }
    lines.process("\n", keys);
  } catch (error) {
    throw error instanceof UsageError ? error : readError(source, error, lines.line);
  }
  for (let taken = 0; taken < keys.length; taken += blockKeysMax) {
    yield keys.slice(taken, taken + blockKeysMax);
  }
  if (!hasYielded && keys.length === 0) {
    throw new UsageError(`Cannot read ${nameOf(source)}: it must hold at least one key, got none`);
  }
}

/** Splits a text that comes in chunks into keys. Holds the incomplete last line, of bounded length. */
class KeyLines {
  readonly #name: string;
  #pending = "";
  #line = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** The number of the incomplete line, from 1. */
  get line(): number {
    return this.#line + 1;
  }

  /**
   * Adds the keys of all lines that end in `text`.
   *
   * @throws {UsageError} If one of those lines, or the incomplete line, is not a key.
   */
  process(text: string, keys: string[]): void {
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
  }

  #check(line: string): void {
    const key = line.trim();
    let rule = key === "" ? undefined : keyRule(key);
    if (line.length > lineCharsMax) rule = `must be a line of at most ${lineCharsMax} characters`;
    if (rule === undefined) return;
    const start = JSON.stringify(shortened(key, shownCharsMax));
    throw new UsageError(`Cannot read line ${this.line} of ${this.#name}: it ${rule}, got ${start}`);
  }
}

/** The number of lines that are not blank; undefined if the bytes do not tell without decoding. */
async function countLines(source: TextSource, open: OpenKeys): Promise<number | undefined> {
  const stream = await opened(source, open);
  const counter = new LineCounter();
  try {
    for await (const bytes of stream) {
      if (!counter.process(bytes)) return undefined;
    }
  } catch (error) {
    throw readError(source, error);
  }
  return counter.count;
}

/** Counts the lines that are not blank from their bytes: several times as fast as reading keys. */
class LineCounter {
  /** Lines so far. */
  count = 0;
  #isInKey = false;

  /** Counts on. Returns false if a line begins with a byte that may be Unicode white space, a mark, or binary data. */
  process(bytes: Uint8Array): boolean {
    let { count } = this;
    let isInKey = this.#isInKey;
    // A loop over an iterator takes four times as long.
    for (let index = 0; index < bytes.length; index += 1) {
      const byte = bytes[index] ?? lineFeed;
      if (byte === lineFeed) isInKey = false;
      else if (!isInKey && byte !== space) {
        if (byte > lastAscii || byte < tab) return false;
        if (byte < space) continue;
        isInKey = true;
        count += 1;
      }
    }
    this.count = count;
    this.#isInKey = isInKey;
    return true;
  }
}

async function countBlocks(blocks: AsyncIterable<readonly string[]>): Promise<number> {
  let count = 0;
  for await (const block of blocks) count += block.length;
  return count;
}

/** Opens a text. A failure is a `UsageError`: the user must change something. */
async function opened(source: TextSource, open: OpenKeys): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  try {
    return await open(source);
  } catch (error) {
    throw readError(source, error);
  }
}

async function openText(source: TextSource): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return source.kind === "stdin" ? Deno.stdin.readable : (await Deno.open(source.file)).readable;
}

/** The source in a message. */
function nameOf(source: TextSource): string {
  return source.kind === "stdin" ? "standard input" : `the key file ${JSON.stringify(source.file)}`;
}

/** Wraps an error of the file system or of `TextDecoderStream`. */
function readError(source: TextSource, error: unknown, line = 1): UsageError {
  let why = messageOf(error);
  if (error instanceof Deno.errors.NotFound) why = "there is no such file";
  else if (error instanceof Deno.errors.PermissionDenied) why = "permission is denied";
  // The decoder throws nothing else. It refuses a chunk as a whole, so the line is where the chunk begins.
  else if (error instanceof TypeError) why = `it must be UTF-8 text, got other bytes from line ${line} on`;
  return new UsageError(`Cannot read ${nameOf(source)}: ${why}`, { cause: error });
}
