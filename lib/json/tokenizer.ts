/**
 * Follows a query through one JSON text: chunks of bytes or strings in, calls of a handler out. Every byte is checked
 * against RFC 8259 and UTF-8, selected or not. It holds the open brackets and the captured values, both bounded by
 * `jsonLimits`, and does no I/O.
 *
 * The scanning is done by `scanner/scanner.ts` in WebAssembly: with SIMD it follows a path at 1,000 MB/s and more,
 * where the fastest loop over bytes in TypeScript reached 330 MB/s.
 *
 * @module
 */

import type { QueryState } from "./automaton.ts";
import { Captures } from "./captures.ts";
import { placeBehind, ruleOf, whereCut } from "./grammar.ts";
import type { RowHandler } from "./handler.ts";
import { type JsonPlace, JsonSyntaxError } from "./json_error.ts";
import { FilterNodesError } from "./path/filter_evaluator.ts";
import type { Query } from "./query.ts";
import { EventType, eventWords, Stop } from "./scanner_codes.ts";
import { encodeLoosely, firstInvalid, shownAt, tailLength } from "./utf8.ts";
import { ValueKind } from "./value.ts";
import type { ScannerUser, WasmScanner } from "./wasm_scanner.ts";

const byteOrderMark = [0xef, 0xbb, 0xbf];
const nothing = new Uint8Array();
const encoder = new TextEncoder();

/**
 * Reads one JSON text. After it has thrown, or after `finalize`, it cannot be used again.
 *
 * - A byte order mark at the very beginning is skipped, as RFC 8259 allows; anywhere else it is a mistake.
 * - An escaped lone surrogate is accepted in a string, as `JSON.parse` does. A bare one is not Unicode text: a mistake.
 * - A name that occurs twice in an object is reported twice.
 * - Strings and numbers that nothing selects may have any length.
 */
export class Tokenizer implements ScannerUser {
  readonly #handler: RowHandler;
  readonly #scanner: WasmScanner;
  /** False while it reads, after it has thrown, and after `finalize`. */
  #isUsable = true;

  // Place in the text. The offset of the current input is the captures' `base`.
  #line = 1;
  /** The byte offset at which the line begins. */
  #lineBase = 0;
  /** Bytes of a byte order mark seen so far; 3 also when the text has none. */
  #markBytes = 0;
  /** The first bytes of a character that the last chunk's end has cut. */
  #cutBytes: Uint8Array = nothing;
  /** The first half of a surrogate pair that the last chunk's end has cut. */
  #cutUnit = "";

  /** The scanner's context of this text, saved when another text took over, and the states by number at that time. */
  #saved: Uint8Array | undefined;
  #states: readonly QueryState[] = [];
  readonly #start: QueryState;
  readonly #captures: Captures;

  /**
   * Several tokenizers may share a query, but no other one may read while this one calls its handler. `textStart` is
   * the byte offset of the text in a larger document; it is added to the offsets of limit errors.
   */
  constructor(query: Pick<Query, "start" | "scanner">, handler: RowHandler, textStart = 0) {
    this.#scanner = query.scanner;
    this.#start = query.start;
    this.#handler = handler;
    this.#captures = new Captures(query.scanner, textStart);
  }

  /**
   * Reads the next chunk, which may begin and end anywhere, also within a character.
   *
   * @throws {JsonSyntaxError} At the first byte that cannot be part of a JSON text.
   * @throws {JsonLimitError} If the text exceeds a bound of `jsonLimits`.
   * @throws {TypeError} If this tokenizer has failed or was finalized, or another one is reading with the query.
   */
  process(chunk: Uint8Array | string): void {
    this.#acquire();
    try {
      if (typeof chunk === "string") this.#processText(chunk);
      else this.#processBytes(chunk);
      this.#isUsable = true;
    } finally {
      this.#release();
    }
  }

  /**
   * Ends the text. A number at the root is complete, and reported, only now.
   *
   * @throws {JsonSyntaxError} If the text is cut short or empty.
   * @throws {TypeError} As `process`.
   */
  finalize(): void {
    this.#acquire();
    try {
      const isWhole = this.#cutBytes.length === 0 && this.#cutUnit === "" && this.#scanner.finish();
      if (isWhole) this.#report();
      else this.#failCut();
    } finally {
      this.#release();
    }
  }

  /** Bytes of earlier inputs that are kept, because a value or name that began in them is incomplete. */
  get heldBytes(): number {
    return this.#captures.heldBytes;
  }

  /** For the scanner: another text takes over. */
  suspend(): void {
    this.#saved = this.#scanner.save();
    this.#states = this.#scanner.states;
  }

  /** Loads this text's context into the scanner. */
  #acquire(): void {
    const scanner = this.#scanner;
    if (!this.#isUsable) {
      throw new TypeError("Cannot read on: this tokenizer has ended or failed before");
    }
    if (scanner.isBusy) {
      throw new TypeError("Cannot read a text: another one is being read with the same query");
    }
    this.#isUsable = false;
    scanner.isBusy = true;
    if (scanner.user === this) return;
    scanner.user?.suspend();
    scanner.user = this;
    if (this.#saved === undefined) scanner.begin(this.#start);
    else scanner.restore(this.#saved, this.#states);
  }

  #release(): void {
    this.#scanner.isBusy = false;
    if (!this.#isUsable) this.#scanner.user = undefined;
  }

  #processText(chunk: string): void {
    const scanner = this.#scanner;
    let text = this.#cutUnit + chunk;
    const last = text.charCodeAt(text.length - 1);
    this.#cutUnit = last >= 0xd800 && last < 0xdc00 ? text.slice(-1) : "";
    if (this.#cutUnit !== "") text = text.slice(0, -1);
    if (!text.isWellFormed() || this.#markBytes < byteOrderMark.length) {
      return this.#processBytes(encodeLoosely(text));
    }
    for (let at = 0; at < text.length;) {
      const { read, written } = encoder.encodeInto(at === 0 ? text : text.slice(at), scanner.inputView);
      at += read;
      scanner.close(written);
      scanner.survey(written);
      this.#scan(written);
    }
  }

  #processBytes(chunk: Uint8Array): void {
    const scanner = this.#scanner;
    let at = this.#skipMark(chunk);
    while (at < chunk.length) {
      const cut = this.#cutBytes;
      const room = scanner.inputView.length - cut.length;
      const taken = at === 0 && chunk.length <= room ? chunk : chunk.subarray(at, at + room);
      if (cut.length > 0) scanner.inputView.set(cut);
      scanner.inputView.set(taken, cut.length);
      at += taken.length;
      let length = cut.length + taken.length;
      const cutLength = tailLength(scanner.inputView, length);
      length -= cutLength;
      this.#cutBytes = cutLength === 0 ? nothing : scanner.inputView.slice(length, length + cutLength);
      scanner.close(length);
      if (scanner.survey(length)) this.#scan(length);
      else this.#failEncoding(length);
    }
  }

  /** Returns the index in the chunk at which the text begins. */
  #skipMark(chunk: Uint8Array): number {
    let at = 0;
    while (this.#markBytes < byteOrderMark.length && at < chunk.length) {
      if (chunk[at] !== byteOrderMark[this.#markBytes]) {
        // The bytes that looked like a mark are text.
        if (this.#markBytes > 0) this.#cutBytes = Uint8Array.from(byteOrderMark.slice(0, this.#markBytes));
        this.#captures.base -= this.#markBytes;
        this.#markBytes = byteOrderMark.length;
        break;
      }
      this.#markBytes++;
      this.#captures.base++;
      at++;
    }
    return at;
  }

  /** Reads the current input of `length` bytes, which ends with a whole character. */
  #scan(length: number): void {
    const scanner = this.#scanner;
    const captures = this.#captures;
    for (let at = 0;;) {
      const stop = scanner.run(at, length);
      this.#report();
      if (stop === Stop.more) break;
      at = scanner.position;
      if (stop === Stop.tooDeep) captures.fail("depth", at);
      if (stop >= Stop.mistake) this.#failGrammar(stop, { at, length });
      if (stop !== Stop.full) scanner.node = this.#leadOf(stop, at);
    }
    captures.endInput(length);
    const lines = scanner.lineCount;
    if (lines > 0) {
      this.#line += lines;
      this.#lineBase = captures.base + scanner.lineStart;
    }
    captures.base += length;
  }

  /** The state of the member or element that the scanner asks about, which stands before `at`. */
  #leadOf(stop: number, at: number): QueryState {
    const scanner = this.#scanner;
    const { state, index, start } = scanner.asked;
    if (stop === Stop.askName) {
      return state.names.length === 0 ? state.other : state.member(this.#captures.name(start, at - 1));
    }
    if (stop === Stop.askElement && state.counts) {
      const element = scanner.elementIndex;
      const lead = state.element(element);
      scanner.leadElements(lead, state.changeAfter(element));
      return lead;
    }
    const lead = index < 0 ? state.other : state.memberAt(index);
    scanner.learn(state, index, lead);
    return lead;
  }

  /** Reports the events of the last run: as rows or lines where the handler takes those, else one by one. */
  #report(): void {
    const scanner = this.#scanner;
    const { firstEvent, eventsEnd, rows, inputView: input } = scanner;
    const handler = this.#handler;
    for (let event = firstEvent; event < eventsEnd;) {
      let next = eventsEnd;
      if (handler.rows !== undefined) {
        rows.make(event, eventsEnd, { taker: handler.rows, input });
        ({ behind: event, next } = rows);
      } else if (handler.lines !== undefined) {
        const found = scanner.linesFrom(event);
        if (found.lines.length > 0) handler.lines(found.lines);
        event = found.event;
        next = Math.min(event + eventWords, eventsEnd);
      }
      for (; event < next; event += eventWords) this.#reportEvent(event);
    }
  }

  #reportEvent(event: number): void {
    const { words, states } = this.#scanner;
    const what = words[event]!;
    const state = states[what >> 8]!;
    const kind = (what >> 2 & 7) as ValueKind;
    const type = what & 3;
    if (type === EventType.scalar && !state.undecided) {
      return this.#reportScalar(state, kind, words[event + 1]!, words[event + 2]!);
    }
    if (type !== EventType.end) this.#beginNode(state, kind, words[event + 1]!);
    if (type !== EventType.begin) this.#endNode(state, kind, words[event + 2]!);
  }

  /** A selected scalar lies whole in the current input, from index `start` to before `end`. */
  #reportScalar({ visits, texts }: QueryState, kind: ValueKind, start: number, end: number): void {
    const handler = this.#handler;
    for (let k = 0; k < visits.length; k++) handler.enter(visits[k]!, kind);
    if (texts.length > 0) {
      const { raw } = this.#captures;
      raw.bytes = this.#scanner.inputView;
      raw.start = start;
      raw.end = end;
      for (let k = 0; k < texts.length; k++) handler.text(texts[k]!, kind, raw);
    }
    for (let k = visits.length - 1; k >= 0; k--) handler.leave(visits[k]!);
  }

  /** A selected node begins at index `start` of the current input. */
  #beginNode({ visits, captured }: QueryState, kind: ValueKind, start: number): void {
    for (let k = 0; k < visits.length; k++) this.#handler.enter(visits[k]!, kind);
    if (captured) this.#captures.begin(start);
  }

  /** A selected node ends before index `end`; all captures inside of the node have ended. */
  #endNode(node: QueryState, kind: ValueKind, end: number): void {
    const { visits, texts } = node;
    if (node.captured) {
      const { raw } = this.#captures;
      const start = this.#captures.end(end, node.undecided);
      if (node.undecided) {
        return this.#readElement(this.#filtered(node, end), kind, start);
      }
      for (let k = 0; k < texts.length; k++) this.#handler.text(texts[k]!, kind, raw);
    }
    for (let k = visits.length - 1; k >= 0; k--) this.#handler.leave(visits[k]!);
  }

  /** The state of the captured element that ends before index `end`, once its filters have decided. */
  #filtered(node: QueryState, end: number): QueryState {
    const { raw } = this.#captures;
    try {
      return node.filtered(JSON.parse(raw.toString()));
    } catch (error) {
      if (error instanceof FilterNodesError) this.#captures.fail("nodes", end);
      throw error;
    }
  }

  /** Filters have decided that the captured element at offset `start` has the state `node`: reads it again. */
  #readElement(node: QueryState, kind: ValueKind, start: number): void {
    const { raw } = this.#captures;
    if (node.barren || kind > ValueKind.array) {
      const { visits, texts } = node;
      for (const index of visits) this.#handler.enter(index, kind);
      for (const index of texts) this.#handler.text(index, kind, raw);
      for (const index of visits.toReversed()) this.#handler.leave(index);
      return;
    }
    const query = { start: node, scanner: this.#scanner.inner };
    const inner = new Tokenizer(query, this.#handler, this.#captures.textStart + start);
    inner.process(raw.bytes.subarray(raw.start, raw.end));
    inner.finalize();
  }

  /** The current input of `length` bytes is not UTF-8. An earlier mistake in it is reported first. */
  #failEncoding(length: number): never {
    const scanner = this.#scanner;
    const at = firstInvalid(scanner.inputView.subarray(0, length));
    const found = `byte 0x${scanner.inputView[at]!.toString(16)}`;
    scanner.close(at);
    scanner.survey(at);
    this.#scan(at);
    throw new JsonSyntaxError("text must be UTF-8", this.#place(0), { fault: "encoding", found });
  }

  #failCut(): never {
    const isInCharacter = this.#cutBytes.length > 0 || this.#cutUnit !== "";
    const where = isInCharacter ? "inside a character" : whereCut(this.#scanner);
    this.#captures.base += this.#cutBytes.length;
    throw new JsonSyntaxError(`the input ends ${where}`, this.#place(0), { fault: "cut" });
  }

  #failGrammar(stop: number, { at, length }: { readonly at: number; readonly length: number }): never {
    const found = shownAt(this.#scanner.inputView.subarray(at, length));
    throw new JsonSyntaxError(ruleOf(stop), this.#place(at), { fault: "grammar", found });
  }

  /** The place of index `at` in the current input. */
  #place(at: number): JsonPlace {
    const before = this.#scanner.inputView.subarray(0, at);
    const { base } = this.#captures;
    return placeBehind(before, { base, line: this.#line, lineBase: this.#lineBase });
  }
}
