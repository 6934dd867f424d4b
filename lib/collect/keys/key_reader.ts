/**
 * Keys: where they come from in, blocks of at most 1,024 of them out, lazily. A text holds one key a line, in
 * UTF-8; blank lines are skipped, white space around a key and a byte order mark are dropped, and a line that
 * starts with `#` is a key like any other. Holds one chunk of a text at a time; asks nothing over the network.
 *
 * @module
 */

import { messageOf, shortened, UsageError } from "../../errors.ts";
import { runLimits } from "../../limits.ts";
import type { KeySource } from "../../job/job.ts";
import { keyRule } from "../../job/key_rule.ts";

/** Keys in one block: an `await` for each key would cost more than reading it. */
const blockKeysMax = 1_024;

/** UTF-16 units of a line with the white space around its key; what is longer is no list of keys. */
const lineCharsMax = 64 * 1024;

const lineFeed = 0x0a;
const tab = 0x09;
const space = 0x20;
const lastAscii = 0x7f;

/** UTF-16 units of a wrong key that a message shows. */
const shownCharsMax = 40;

/** Sources that this room reads; the keys of a URL are asked for elsewhere. */
export type LocalSource = Exclude<KeySource, { readonly kind: "url" }>;

/** A source that is a text. */
export type TextSource = Exclude<LocalSource, { readonly kind: "range" }>;

/** How the bytes of a key file or of standard input are got at. */
export type OpenKeys = (source: TextSource) => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;

/** What reading keys may be told. */
export interface ReadKeysOptions {
  /** By default the file is opened, and standard input is the process's. */
  readonly open?: OpenKeys;
}

/**
 * The keys of a source, in blocks.
 *
 * @throws {UsageError} If the text cannot be read, is not UTF-8, holds no key, or holds one that is too long or has
 *   control characters in it: with the file's name and the line.
 */
export function readKeys(
  source: LocalSource,
  { open = openText }: ReadKeysOptions = {},
): AsyncIterable<readonly string[]> {
  return source.kind === "range" ? rangeBlocks(source) : textBlocks(source, open);
}

/** How many keys a source holds; nothing where only reading them would tell. Checks none of them. */
export async function countKeys(
  source: KeySource,
  { open = openText }: ReadKeysOptions = {},
): Promise<number | undefined> {
  if (source.kind === "range") return source.last - source.first + 1;
  if (source.kind !== "file") return undefined;
  return await countLines(source, open) ?? await countBlocks(textBlocks(source, open));
}

/** Writes numbers only as they are asked for. */
async function* rangeBlocks({ first, last }: { readonly first: number; readonly last: number }) {
  for (let start = first; start <= last; start += blockKeysMax) {
    yield Array.from(
      { length: Math.min(blockKeysMax, last - start + 1) },
      (_, index) => String(start + index),
    );
  }
}

/** Holds the keys of one chunk of the text, and the start of the next line. */
async function* textBlocks(source: TextSource, open: OpenKeys): AsyncGenerator<readonly string[]> {
  const stream = await opened(source, open);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const lines = new KeyLines(nameOf(source));
  let keys: string[] = [];
  let found = false;
  try {
    for await (const bytes of stream) {
      lines.process(decoder.decode(bytes, { stream: true }), keys);
      let taken = 0;
      for (; keys.length - taken >= blockKeysMax; taken += blockKeysMax) {
        yield keys.slice(taken, taken + blockKeysMax);
      }
      found ||= taken > 0;
      keys = keys.slice(taken);
    }
    lines.process(`${decoder.decode()}\n`, keys);
  } catch (error) {
    throw error instanceof UsageError ? error : readError(source, error, lines.line);
  }
  for (let taken = 0; taken < keys.length; taken += blockKeysMax) {
    yield keys.slice(taken, taken + blockKeysMax);
  }
  if (!found && keys.length === 0) {
    throw new UsageError(`Cannot read ${nameOf(source)} as it must hold at least one key: it holds none`);
  }
}

/** Cuts a text that comes in pieces into keys. Keeps the line that is not at its end yet, of bounded length. */
class KeyLines {
  readonly #name: string;
  #pending = "";
  #line = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** The line that is being read, from 1. */
  get line(): number {
    return this.#line + 1;
  }

  /**
   * Adds the keys of all lines that end in `text`.
   *
   * @throws {UsageError} If one of them, or the line that is left, is not a key.
   */
  process(text: string, keys: string[]): void {
    const end = text.lastIndexOf("\n");
    if (end < 0) {
      this.#pending += text;
    } else {
      const lines = this.#pending + text.slice(0, end);
      this.#pending = text.slice(end + 1);
      // One search through all lines is far cheaper than one through each.
      const plain = !/[^\n\r\P{Cc}]/u.test(lines);
      for (const line of lines.split("\n")) {
        const key = line.trim();
        if (!plain || line.length > runLimits.keyCharsMax || key.includes("\r")) this.#check(line);
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
    throw new UsageError(`Cannot read line ${this.line} of ${this.#name} as it ${rule}: found ${start}`);
  }
}

/** The lines that are not blank; nothing if that takes more than a look at their bytes. */
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

/** Counts lines that are not blank without decoding them: several times as fast as reading keys. */
class LineCounter {
  /** The lines so far. */
  count = 0;
  #inKey = false;

  /** Counts on; false if a line starts with what may be a white space of Unicode's, a byte order mark, or no text. */
  process(bytes: Uint8Array): boolean {
    let { count } = this;
    let inKey = this.#inKey;
    // A loop over an iterator takes four times as long.
    for (let index = 0; index < bytes.length; index += 1) {
      const byte = bytes[index] ?? lineFeed;
      if (byte === lineFeed) inKey = false;
      else if (!inKey && byte !== space) {
        if (byte > lastAscii || byte < tab) return false;
        if (byte < space) continue;
        inKey = true;
        count += 1;
      }
    }
    this.count = count;
    this.#inKey = inKey;
    return true;
  }
}

async function countBlocks(blocks: AsyncIterable<readonly string[]>): Promise<number> {
  let count = 0;
  for await (const block of blocks) count += block.length;
  return count;
}

/** Opens a text; what goes wrong is the user's to mend. */
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

/** The source as a message calls it. */
function nameOf(source: TextSource): string {
  return source.kind === "stdin" ? "standard input" : `the key file ${JSON.stringify(source.file)}`;
}

/** An error of the file system's, or of the decoder's. */
function readError(source: TextSource, error: unknown, line = 1): UsageError {
  let present = messageOf(error);
  if (error instanceof Deno.errors.NotFound) present = "there is no such file";
  else if (error instanceof Deno.errors.PermissionDenied) present = "permission is denied";
  // The decoder's only error; a chunk of bytes fails as a whole.
  else if (error instanceof TypeError) present = `there are other bytes from line ${line} on`;
  return new UsageError(`Cannot read ${nameOf(source)} as UTF-8 text: ${present}`, { cause: error });
}
