/**
 * What is captured of a text: selected values, elements under a filter, and names that an input's end has cut. Offsets
 * in, raw text out. It keeps earlier inputs only while a capture is open, bounded by `jsonLimits`.
 *
 * @module
 */

import { jsonLimits } from "../limits.ts";
import { HeldBytes } from "./held_bytes.ts";
import { JsonLimitError } from "./json_error.ts";
import { RawText } from "./raw_text.ts";
import { Grammar } from "./scanner_codes.ts";
import type { WasmScanner } from "./wasm_scanner.ts";

/** In place of an offset. */
const nowhere = -1;

/** The captures of one text. */
export class Captures {
  /** The captured text, reused for the next one. */
  readonly raw = new RawText();
  /** Byte offset of the current input in the text. */
  base = 0;
  /** Byte offset of the text in its document: not 0 if the text is an element that a filter has let through. */
  readonly textStart: number;
  readonly #scanner: WasmScanner;
  /** Offsets at which the open captures begin, outermost first. */
  readonly #open: number[] = [];
  /** The offset at which a cut name begins. */
  #nameStart = nowhere;
  #held: HeldBytes | undefined;

  constructor(scanner: WasmScanner, textStart: number) {
    this.#scanner = scanner;
    this.textStart = textStart;
  }

  /** Bytes of earlier inputs that are kept. */
  get heldBytes(): number {
    return this.#held?.length ?? 0;
  }

  /** A node to capture begins at index `start` of the current input. */
  begin(start: number): void {
    this.#open.push(this.base + start);
  }

  /**
   * The innermost captured node ends before index `end` of the current input: points `raw` at it. Returns its offset.
   *
   * @throws {JsonLimitError} If the node is too long; an element under a filter has a smaller bound.
   */
  end(end: number, isElement: boolean): number {
    const start = this.#open.pop()!;
    const length = this.base + end - start;
    if (length > jsonLimits.valueBytesMax) this.fail("value", end);
    if (isElement && length > jsonLimits.elementBytesMax) this.fail("element", end);
    this.#point(start, end);
    return start;
  }

  /**
   * The decoded name that ends before index `end`; `start` is below 0 if it began in an earlier input.
   *
   * @throws {JsonLimitError} If the name is too long.
   */
  name(start: number, end: number): string {
    const length = start < 0 ? this.base + end - this.#nameStart : end - start;
    if (length > jsonLimits.nameBytesMax) this.fail("name", end);
    if (start < 0) this.#point(this.#nameStart, end);
    else this.raw.set(this.#scanner.inputView, start, end);
    this.#nameStart = nowhere;
    const raw = this.raw.toString();
    return raw.includes("\\") ? JSON.parse(`"${raw}"`) as string : raw;
  }

  /**
   * The current input of `length` bytes has been read: keeps it while a capture or a compared name is incomplete.
   *
   * @throws {JsonLimitError} If the incomplete value or name is already too long.
   */
  endInput(length: number): void {
    const scanner = this.#scanner;
    const end = this.base + length;
    const isInName = scanner.grammar === Grammar.insideName && scanner.floor === 0 &&
      scanner.container.names.length > 0;
    if (!isInName) this.#nameStart = nowhere;
    else if (this.#nameStart === nowhere) this.#nameStart = this.base + scanner.nameStart;
    if (isInName && end - this.#nameStart > jsonLimits.nameBytesMax) this.fail("name", length);
    const first = this.#open[0] ?? (isInName ? this.#nameStart : end);
    if (end - first > jsonLimits.valueBytesMax) this.fail("value", length);
    if (first < end) this.#held ??= new HeldBytes();
    this.#held?.keep(scanner.inputView.subarray(0, length), this.base, first);
  }

  /** @throws {JsonLimitError} Always, at index `at` of the current input. */
  fail(limit: JsonLimitError["limit"], at: number): never {
    throw new JsonLimitError(limit, this.textStart + this.base + at);
  }

  /** Points `raw` at the text from offset `start` to before index `end` of the current input. */
  #point(start: number, end: number): void {
    const { inputView } = this.#scanner;
    if (start >= this.base) return this.raw.set(inputView, start - this.base, end);
    const rest = inputView.subarray(0, end);
    const whole = this.#held?.join(start, rest) ?? rest;
    this.raw.set(whole, 0, whole.length);
  }
}
