/**
 * A key file that must not change while a run reads it. One pass checks every line, counts the keys and takes the
 * file's fingerprint; a second one, lazily, gives the keys of blocks that are still those of the first. Holds one block
 * of 64 KiB and 8 bytes for each block of the file.
 *
 * @module
 */

import { InterruptedError } from "../../errors.ts";
import { DuplicateCounter } from "./duplicate_counter.ts";
import { KeyFilter } from "./key_filter.ts";
import { KeyLines } from "./key_lines.ts";
import { fullBlocks, nameOf, noKeys, readError } from "./key_reader.ts";

/** Bytes of a block, at fixed offsets. Part of the fingerprint: with another size, no unfinished run would resume. */
const blockBytes = 64 * 1024;

/** Which file it is, its size, and the time of its last change, as the file system tells them. */
type Stamp = Pick<Deno.FileInfo, "dev" | "ino" | "size" | "mtime">;

/** What the first pass found. */
export interface KeyFileFacts {
  /** Keys in the file, those of `without` not counted. */
  readonly keys: number;
  /** Keys that occur before in the file; undefined for more than a million keys. */
  readonly duplicates: number | undefined;
  /** SHA-256 over the blocks, each hashed behind the hash of those before, in hexadecimal digits. */
  readonly sha256: string;
}

/** A regular file with one key a line. */
export class KeyFile {
  readonly facts: KeyFileFacts;
  readonly #file: string;
  /** The first 6 bytes of the running hash behind each block. */
  readonly #checks: readonly number[];
  readonly #stamp: Stamp;

  private constructor(file: string, found: {
    readonly facts: KeyFileFacts;
    readonly checks: readonly number[];
    readonly stamp: Stamp;
  }) {
    this.#file = file;
    this.facts = found.facts;
    this.#checks = found.checks;
    this.#stamp = found.stamp;
  }

  /**
   * Reads the whole file once: one to four seconds of CPU for 10 million keys (`docs/measurements.md#keys`). `without`
   * are keys that are not counted.
   *
   * @throws {UsageError} If the file cannot be read, is not UTF-8, holds no key, or has a line that is no key.
   */
  static async read(file: string, without: ReadonlySet<string> = new Set()): Promise<KeyFile> {
    const source = { kind: "file", file } as const;
    const lines = new KeyLines(nameOf(source));
    const hash = new RunningHash();
    const checks: number[] = [];
    const count = new KeyCount(without);
    let stamp: Stamp | undefined;
    try {
      using handle = await Deno.open(file);
      stamp = await handle.stat();
      for await (const block of blocksIn(handle)) {
        checks.push(await hash.add(block));
        count.add(block, lines);
      }
    } catch (error) {
      throw readError(source, error);
    }
    count.end(lines);
    if (count.isEmpty) throw noKeys(source);
    const facts = { keys: count.keys, duplicates: count.duplicates, sha256: hash.hex };
    return new KeyFile(file, { facts, checks, stamp });
  }

  /** Whether the file still looks as it did, by its size and time: the facts hold without another pass. */
  async isUntouched(): Promise<boolean> {
    const stamp = await Deno.stat(this.#file).catch(() => undefined);
    return stamp !== undefined && isSame(stamp, this.#stamp);
  }

  /**
   * The keys, in blocks. A file that is replaced by renaming another one is read to its end.
   *
   * @throws {InterruptedError} Before the first key that was not in the file at the first pass.
   */
  blocks(): AsyncGenerator<readonly string[]> {
    return fullBlocks(this.#keys());
  }

  async *#keys(): AsyncGenerator<readonly string[]> {
    const text = ReadableStream.from(this.#unchangedBlocks())
      .pipeThrough(new TextDecoderStream("utf-8", { fatal: true }));
    const lines = new KeyLines(this.#name);
    for await (const piece of text) yield lines.processText(piece);
    yield lines.finalize();
  }

  /** The bytes of the file, each block compared with the first pass before it is used. */
  async *#unchangedBlocks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    using handle = await this.#open();
    const hash = new RunningHash();
    let known = this.#stamp;
    for (const [index, check] of this.#checks.entries()) {
      known = await this.#checked(handle, { known, index });
      const block = await readBlock(handle, new Uint8Array(blockBytes));
      if (await hash.add(block) !== check) throw this.#changed(await handle.stat());
      yield block;
    }
    await this.#checked(handle, { known, index: this.#checks.length });
  }

  /**
   * The present stamp, once the content is known to be the same: a file that was only touched is read on. Compares all
   * of the file, so that a run of hours ends when its list is edited, not when it comes to the place.
   */
  async #checked(
    handle: Deno.FsFile,
    { known, index }: { readonly known: Stamp; readonly index: number },
  ): Promise<Stamp> {
    const stamp = await handle.stat();
    if (isSame(stamp, known)) return known;
    if (stamp.size !== known.size) throw this.#changed(stamp);
    await handle.seek(0, Deno.SeekMode.Start);
    const hash = new RunningHash();
    for await (const block of blocksIn(handle)) await hash.add(block);
    if (hash.hex !== this.facts.sha256) throw this.#changed(stamp);
    await handle.seek(index * blockBytes, Deno.SeekMode.Start);
    return stamp;
  }

  async #open(): Promise<Deno.FsFile> {
    try {
      return await Deno.open(this.#file);
    } catch (error) {
      throw readError({ kind: "file", file: this.#file }, error);
    }
  }

  get #name(): string {
    return nameOf({ kind: "file", file: this.#file });
  }

  #changed({ size }: Stamp): InterruptedError {
    const had = this.#stamp.size;
    const how = size === had ? "its content is another one" : `it has ${size} bytes, and had ${had}`;
    return new InterruptedError(
      `The run was stopped as ${this.#name} has changed since its start, ${how}: restore it and run again to ` +
        `resume, or run with --new`,
    );
  }
}

/** Counts the keys of a file's blocks, and its duplicates. */
class KeyCount {
  /** Keys without those that are left out. */
  keys = 0;
  readonly #without: KeyFilter;
  readonly #duplicates = new DuplicateCounter();
  #hasKeys = false;

  constructor(without: ReadonlySet<string>) {
    this.#without = new KeyFilter(without);
  }

  get isEmpty(): boolean {
    return !this.#hasKeys;
  }

  get duplicates(): number | undefined {
    return this.#duplicates.duplicates;
  }

  /** Checks and counts the lines that end in `bytes`. Makes no key once only their number is needed. */
  add(bytes: Uint8Array, lines: KeyLines): void {
    const count = this.#duplicates.isCounting ? undefined : lines.count(bytes, this.#without);
    if (count === undefined) this.#add(lines.process(bytes));
    else this.keys += count;
  }

  end(lines: KeyLines): void {
    this.#add(lines.finalize());
  }

  #add(all: readonly string[]): void {
    this.#hasKeys ||= all.length > 0;
    const keys = this.#without.others(all);
    this.keys += keys.length;
    this.#duplicates.add(keys);
  }
}

/** SHA-256 of bytes that come block by block: each block is hashed behind the hash so far. */
class RunningHash {
  #digest = new Uint8Array(32);

  /** Hashes on; returns the first 6 bytes of the hash, as a number. */
  async add(block: Uint8Array): Promise<number> {
    const bytes = new Uint8Array(this.#digest.length + block.length);
    bytes.set(this.#digest);
    bytes.set(block, this.#digest.length);
    this.#digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const view = new DataView(this.#digest.buffer);
    return view.getUint32(0) * 2 ** 16 + view.getUint16(4);
  }

  get hex(): string {
    return this.#digest.toHex();
  }
}

/** The rest of a file in blocks; each is valid until the next. */
async function* blocksIn(handle: Deno.FsFile): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(blockBytes);
  for (;;) {
    const block = await readBlock(handle, buffer);
    if (block.length > 0) yield block;
    if (block.length < blockBytes) return;
  }
}

/** Fills the buffer, unless the file ends before. */
async function readBlock(
  handle: Deno.FsFile,
  buffer: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  let length = 0;
  while (length < buffer.length) {
    const read = await handle.read(buffer.subarray(length));
    if (read === null) break;
    length += read;
  }
  return buffer.subarray(0, length);
}

function isSame(one: Stamp, other: Stamp): boolean {
  return one.dev === other.dev && one.ino === other.ino && one.size === other.size &&
    one.mtime?.getTime() === other.mtime?.getTime();
}
