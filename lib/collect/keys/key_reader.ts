/**
 * Reads keys lazily: a text or a range in, blocks of at most 1,024 keys out. Holds one chunk of a text and one block of
 * keys. Does no network I/O.
 *
 * The line splitter makes many keys of a chunk. `TextLineStream` of `@std/streams` would emit each line by itself:
 * 0.54 s of CPU for 1,000,000 keys of 12 characters, where blocks take 0.26 s with all checks (least of 7 runs on 2
 * busy cores, 2026-11-28), and it holds a line of any length.
 *
 * @module
 */

import { messageOf, UsageError } from "../../errors.ts";
import type { KeySource } from "../../job/job.ts";
import { KeyLines } from "./key_lines.ts";

/** Keys in one block: an `await` for each key would cost more than reading the key. */
const blockKeysMax = 1_024;

/** Sources that need no network. `key_list.ts` reads the others. */
export type LocalSource = Exclude<KeySource, { readonly kind: "url" }>;

/** A source that is a text. */
export type TextSource = Exclude<LocalSource, { readonly kind: "range" }>;

/** Opens the bytes of a key file or of standard input. */
export type OpenKeys = (source: TextSource) => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;

/** Options of `readKeys`. */
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
  let isEmpty = true;
  for await (const block of fullBlocks(textKeys(source, open))) {
    isEmpty = false;
    yield block;
  }
  if (isEmpty) throw noKeys(source);
}

async function* textKeys(source: TextSource, open: OpenKeys): AsyncGenerator<readonly string[]> {
  const lines = new KeyLines(nameOf(source));
  try {
    for await (const bytes of await open(source)) yield lines.process(bytes);
  } catch (error) {
    throw readError(source, error);
  }
  yield lines.finalize();
}

/** The keys in blocks of 1,024, the last one smaller. */
export async function* fullBlocks(
  pieces: AsyncIterable<readonly string[]>,
): AsyncGenerator<readonly string[]> {
  let keys: readonly string[] = [];
  for await (const piece of pieces) {
    keys = keys.length === 0 ? piece : [...keys, ...piece];
    let taken = 0;
    for (; keys.length - taken >= blockKeysMax; taken += blockKeysMax) {
      yield keys.slice(taken, taken + blockKeysMax);
    }
    keys = keys.slice(taken);
  }
  if (keys.length > 0) yield keys;
}

async function openText(source: TextSource): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return source.kind === "stdin" ? Deno.stdin.readable : (await Deno.open(source.file)).readable;
}

/** The source in a message. */
export function nameOf(source: TextSource): string {
  return source.kind === "stdin" ? "standard input" : `the key file ${JSON.stringify(source.file)}`;
}

/** The error for a text without a key. */
export function noKeys(source: TextSource): UsageError {
  return new UsageError(`Cannot read ${nameOf(source)}: it must hold at least one key, got none`);
}

/** Wraps an error of the file system: the user must change something. */
export function readError(source: TextSource, error: unknown): UsageError {
  if (error instanceof UsageError) return error;
  let why = messageOf(error);
  if (error instanceof Deno.errors.NotFound) why = "there is no such file";
  else if (error instanceof Deno.errors.PermissionDenied) why = "permission is denied";
  else if (error instanceof Deno.errors.NotCapable) {
    why = "it is no plain file; for standard input use --keys -";
  }
  return new UsageError(`Cannot read ${nameOf(source)}: ${why}`, { cause: error });
}
