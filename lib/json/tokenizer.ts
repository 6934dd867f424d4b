/**
 * Follows a query through one JSON text that comes in chunks: bytes or strings in, calls of a handler out. Every byte
 * is checked against RFC 8259 and for UTF-8, selected or not. It holds the open brackets and what is being captured,
 * for its text or for a filter, nothing else, both bounded by `limits.ts`; it does no I/O.
 *
 * The scanning itself is done by `scanner/scanner.ts`, in WebAssembly: with SIMD it follows a path at 1,000 MB/s and
 * more, where the fastest loops over bytes in TypeScript reached 330.
 *
 * @module
 */

import { jsonLimits } from "../limits.ts";
import { placeBehind, ruleOf, whereCut } from "./grammar.ts";
import type { Handler } from "./handler.ts";
import { HeldBytes } from "./held_bytes.ts";
import { type JsonLimit, JsonLimitError, type JsonPlace, JsonSyntaxError } from "./json_error.ts";
import { EventType, eventWords, Grammar, type Holder, type Machine, Stop } from "./state_machine.ts";
import type { QueryState } from "./automaton.ts";
import type { Query } from "./query.ts";
import { RawText } from "./raw_text.ts";
import { encodeLoosely, firstInvalid, shownAt, tailLength } from "./utf8.ts";
import { ValueKind } from "./value.ts";

const byteOrderMark = [0xef, 0xbb, 0xbf];

const nothing = new Uint8Array();

/** In place of an offset. */
const nowhere = -1;
const encoder = new TextEncoder();

/**
 * One JSON text on its way through. After it has thrown, it can only be thrown away.
 *
 * - A byte order mark at the very beginning is skipped, as RFC 8259 allows; anywhere else it is a mistake.
 * - A lone surrogate may stand in a string as an escape, as in `JSON.parse`. Bare it is no Unicode text, and refused.
 * - A name that comes twice in an object is reported twice.
 * - Numbers and strings that nothing selects may be of any length.
 */
export class Tokenizer implements Holder {
  readonly #handler: Handler;
  readonly #machine: Machine;
  /** Whether it may be used: not while it reads, after it has thrown, or when it is over. */
  #usable = true;

  // Where in the text.
  /** Bytes of all inputs before the one at hand. */
  #base = 0;
  #line = 1;
  /** The offset at which the line begins. */
  #lineBase = 0;
  /** Bytes of a byte order mark seen so far; all three, or it was decided that there is none. */
  #markBytes = 0;
  /** A character that the end of the last chunk has cut: the first bytes of it, or the first half of a pair. */
  #cutBytes: Uint8Array = nothing;
  #cutUnit = "";

  // Where in the grammar and in the query.
  /** What the machine knew of this text, when it was last given another one. */
  #saved: Uint8Array | undefined;
  #states: readonly QueryState[] = [];
  readonly #start: QueryState;

  // What is being captured, as offsets from the start of the text.
  /** Where the open captures begin, outermost first. */
  readonly #captures: number[] = [];
  /** Of the name that was cut. */
  #nameStart = nowhere;
  /** There is none while nothing is kept over the end of an input. */
  #held: HeldBytes | undefined;
  readonly #raw = new RawText();
  /** Where the text begins in the document, if it is an element that a filter has let through. */
  readonly #elementStart: number;

  /**
   * `query` may be shared, but a handler must not process another text with it while it is called. `elementStart` is
   * where the text begins, if it is part of a larger one.
   */
  constructor(query: Pick<Query, "start" | "machine">, handler: Handler, elementStart = 0) {
    this.#machine = query.machine;
    this.#start = query.start;
    this.#handler = handler;
    this.#elementStart = elementStart;
  }

  /**
   * Reads on. A chunk may begin and end anywhere.
   *
   * @throws {JsonSyntaxError} At the first byte that cannot be part of a JSON text.
   * @throws {JsonLimitError} If a bound in `limits.ts` is passed.
   * @throws {TypeError} If it has thrown before, was finalized, or the machine of the query is at another text.
   */
  process(chunk: Uint8Array | string): void {
    this.#acquire();
    try {
      if (typeof chunk === "string") this.#processText(chunk);
      else this.#processBytes(chunk);
      this.#usable = true;
    } finally {
      this.#release();
    }
  }

  /**
   * Ends the input. Only here is a number at the root known to be complete.
   *
   * @throws {JsonSyntaxError} If the input was cut short, or was empty.
   * @throws {TypeError} As `process`.
   */
  finalize(): void {
    this.#acquire();
    try {
      const machine = this.#machine;
      const isWhole = this.#cutBytes.length === 0 && this.#cutUnit === "" && machine.finish();
      if (isWhole) this.#tell();
      else this.#failCut();
    } finally {
      this.#release();
    }
  }

  /** Called by the machine when another text is to be read. */
  suspend(): void {
    this.#saved = this.#machine.save();
    this.#states = this.#machine.states;
  }

  /** Has the machine for this text. */
  #acquire(): void {
    const machine = this.#machine;
    if (!this.#usable) {
      throw new TypeError("Cannot go on with a text as its tokenizer has ended or failed before");
    }
    if (machine.isBusy) {
      throw new TypeError("Cannot read a text as another one is being read by the same query");
    }
    this.#usable = false;
    machine.isBusy = true;
    if (machine.holder === this) return;
    machine.holder?.suspend();
    machine.holder = this;
    if (this.#saved === undefined) machine.begin(this.#start);
    else machine.restore(this.#saved, this.#states);
  }

  #release(): void {
    this.#machine.isBusy = false;
    if (!this.#usable) this.#machine.holder = undefined;
  }

  #processText(chunk: string): void {
    const machine = this.#machine;
    let text = this.#cutUnit + chunk;
    const last = text.charCodeAt(text.length - 1);
    this.#cutUnit = last >= 0xd800 && last < 0xdc00 ? text.slice(-1) : "";
    if (this.#cutUnit !== "") text = text.slice(0, -1);
    if (!text.isWellFormed() || this.#markBytes < byteOrderMark.length) {
      return this.#processBytes(encodeLoosely(text));
    }
    for (let at = 0; at < text.length;) {
      const { read, written } = encoder.encodeInto(at === 0 ? text : text.slice(at), machine.inputView);
      at += read;
      machine.close(written);
      machine.survey(written);
      this.#scan(written);
    }
  }

  #processBytes(chunk: Uint8Array): void {
    const machine = this.#machine;
    let at = this.#skipMark(chunk);
    while (at < chunk.length) {
      const cut = this.#cutBytes;
      const room = machine.inputView.length - cut.length;
      const taken = at === 0 && chunk.length <= room ? chunk : chunk.subarray(at, at + room);
      if (cut.length > 0) machine.inputView.set(cut);
      machine.inputView.set(taken, cut.length);
      at += taken.length;
      let length = cut.length + taken.length;
      const cutLength = tailLength(machine.inputView, length);
      length -= cutLength;
      this.#cutBytes = cutLength === 0 ? nothing : machine.inputView.slice(length, length + cutLength);
      machine.close(length);
      if (machine.survey(length)) this.#scan(length);
      else this.#failEncoding(length);
    }
  }

  /** Returns where the text begins in its first chunks. */
  #skipMark(chunk: Uint8Array): number {
    let at = 0;
    while (this.#markBytes < byteOrderMark.length && at < chunk.length) {
      if (chunk[at] !== byteOrderMark[this.#markBytes]) {
        // What looked like the beginning of a mark is text.
        if (this.#markBytes > 0) this.#cutBytes = Uint8Array.from(byteOrderMark.slice(0, this.#markBytes));
        this.#base -= this.#markBytes;
        this.#markBytes = byteOrderMark.length;
        break;
      }
      this.#markBytes++;
      this.#base++;
      at++;
    }
    return at;
  }

  /** Reads the input at hand, which ends with a whole character. */
  #scan(length: number): void {
    const machine = this.#machine;
    for (let at = 0;;) {
      const stop = machine.run(at, length);
      this.#tell();
      if (stop === Stop.more) break;
      at = machine.position;
      if (stop === Stop.tooDeep) this.#failLimit("depth", at);
      if (stop >= Stop.mistake) this.#failGrammar(stop, { at, length });
      if (stop !== Stop.full) machine.node = this.#leadOf(stop, at);
    }
    this.#hold(length);
    const lines = machine.lineCount;
    if (lines > 0) {
      this.#line += lines;
      this.#lineBase = this.#base + machine.lineStart;
    }
    this.#base += length;
  }

  /** Where the member or element leads that the machine asks about; it stands before `at`. */
  #leadOf(stop: number, at: number): QueryState {
    const machine = this.#machine;
    const { state, index, start } = machine.asked;
    if (stop === Stop.askName) {
      return state.names.length === 0 ? state.other : state.member(this.#name(start, at - 1));
    }
    if (stop === Stop.askElement && state.counts) {
      const element = machine.elementIndex;
      const lead = state.element(element);
      machine.leadElements(lead, state.changeAfter(element));
      return lead;
    }
    const lead = index < 0 ? state.other : state.memberAt(index);
    machine.learn(state, index, lead);
    return lead;
  }

  /** The name that ends before `end`; `start` is below 0 where it began in an input before. */
  #name(start: number, end: number): string {
    const length = start < 0 ? this.#base + end - this.#nameStart : end - start;
    if (length > jsonLimits.nameBytesMax) this.#failLimit("name", end);
    if (start < 0) this.#point(this.#nameStart, end);
    else this.#raw.set(this.#machine.inputView, start, end);
    this.#nameStart = nowhere;
    const raw = this.#raw.toString();
    return raw.includes("\\") ? JSON.parse(`"${raw}"`) as string : raw;
  }

  /** Tells the handler what the machine has found: event by event what it does not take as rows or lines. */
  #tell(): void {
    const machine = this.#machine;
    const { firstEvent, eventsEnd, rows, inputView: input } = machine;
    const handler = this.#handler;
    for (let event = firstEvent; event < eventsEnd;) {
      let next = eventsEnd;
      if (handler.rows !== undefined) {
        rows.make(event, eventsEnd, { taker: handler.rows, input });
        ({ behind: event, next } = rows);
      } else if (handler.lines !== undefined) {
        const found = machine.linesFrom(event);
        if (found.lines.length > 0) handler.lines(found.lines);
        event = found.event;
        next = Math.min(event + eventWords, eventsEnd);
      }
      for (; event < next; event += eventWords) this.#tellEvent(event);
    }
  }

  #tellEvent(event: number): void {
    const { words, states } = this.#machine;
    const what = words[event]!;
    const state = states[what >> 8]!;
    const kind = (what >> 2 & 7) as ValueKind;
    const type = what & 3;
    if (type === EventType.scalar && !state.undecided) {
      return this.#scalar(state, kind, words[event + 1]!, words[event + 2]!);
    }
    if (type !== EventType.end) this.#begun(state, kind, words[event + 1]!);
    if (type !== EventType.begin) this.#ended(state, kind, words[event + 2]!);
  }

  /** A selected scalar goes from `start` to `end` in the input at hand. */
  #scalar({ visits, texts }: QueryState, kind: ValueKind, start: number, end: number): void {
    const handler = this.#handler;
    for (let k = 0; k < visits.length; k++) handler.enter(visits[k]!, kind);
    if (texts.length > 0) {
      const raw = this.#raw;
      raw.bytes = this.#machine.inputView;
      raw.start = start;
      raw.end = end;
      for (let k = 0; k < texts.length; k++) handler.text(texts[k]!, kind, raw);
    }
    for (let k = visits.length - 1; k >= 0; k--) handler.leave(visits[k]!);
  }

  /** A selected node begins at `start`. */
  #begun({ visits, captured }: QueryState, kind: ValueKind, start: number): void {
    for (let k = 0; k < visits.length; k++) this.#handler.enter(visits[k]!, kind);
    if (captured) this.#captures.push(this.#base + start);
  }

  /** A selected node ended before `end`, and so did every capture inside of it. */
  #ended(node: QueryState, kind: ValueKind, end: number): void {
    const { visits, texts } = node;
    if (node.captured) {
      const start = this.#captures.pop()!;
      const length = this.#base + end - start;
      if (length > jsonLimits.valueBytesMax) this.#failLimit("value", end);
      if (node.undecided && length > jsonLimits.elementBytesMax) this.#failLimit("element", end);
      this.#point(start, end);
      if (node.undecided) {
        return this.#follow(node.filtered(JSON.parse(this.#raw.toString())), kind, start);
      }
      for (let k = 0; k < texts.length; k++) this.#handler.text(texts[k]!, kind, this.#raw);
    }
    for (let k = visits.length - 1; k >= 0; k--) this.#handler.leave(visits[k]!);
  }

  /** The element at the offset `start`, to which `#raw` points, is let through by filters, to `node`. */
  #follow(node: QueryState, kind: ValueKind, start: number): void {
    if (node.barren || kind > ValueKind.array) {
      const { visits, texts } = node;
      for (const wanted of visits) this.#handler.enter(wanted, kind);
      for (const wanted of texts) this.#handler.text(wanted, kind, this.#raw);
      for (const wanted of visits.toReversed()) this.#handler.leave(wanted);
      return;
    }
    const { bytes, start: from, end } = this.#raw;
    const query = { start: node, machine: this.#machine.inner };
    const inner = new Tokenizer(query, this.#handler, this.#elementStart + start);
    inner.process(bytes.subarray(from, end));
    inner.finalize();
  }

  /** Points `#raw` at the text from the offset `start` up to `end` in the input at hand. */
  #point(start: number, end: number): void {
    const { inputView } = this.#machine;
    if (start >= this.#base) return this.#raw.set(inputView, start - this.#base, end);
    const rest = inputView.subarray(0, end);
    const whole = this.#held?.join(start, rest) ?? rest;
    this.#raw.set(whole, 0, whole.length);
  }

  /** Keeps the input while something that began in it, or before, is not complete. */
  #hold(length: number): void {
    const machine = this.#machine;
    const end = this.#base + length;
    const isInName = machine.grammar === Grammar.insideName && machine.floor === 0 &&
      machine.container.names.length > 0;
    if (!isInName) this.#nameStart = nowhere;
    else if (this.#nameStart === nowhere) this.#nameStart = this.#base + machine.nameStart;
    if (isInName && end - this.#nameStart > jsonLimits.nameBytesMax) this.#failLimit("name", length);
    const first = this.#captures[0] ?? (isInName ? this.#nameStart : end);
    if (end - first > jsonLimits.valueBytesMax) this.#failLimit("value", length);
    if (first < end) this.#held ??= new HeldBytes();
    this.#held?.keep(machine.inputView.subarray(0, length), this.#base, first);
  }

  /** The input, `length` long, is no UTF-8; whatever stands before may be wrong, too. */
  #failEncoding(length: number): never {
    const machine = this.#machine;
    const at = firstInvalid(machine.inputView.subarray(0, length));
    const found = `byte 0x${machine.inputView[at]!.toString(16)}`;
    machine.close(at);
    machine.survey(at);
    this.#scan(at);
    throw new JsonSyntaxError("text must be UTF-8", this.#place(0), { fault: "encoding", found });
  }

  #failCut(): never {
    const isInCharacter = this.#cutBytes.length > 0 || this.#cutUnit !== "";
    const where = isInCharacter ? "inside a character" : whereCut(this.#machine);
    this.#base += this.#cutBytes.length;
    throw new JsonSyntaxError(`the input ends ${where}`, this.#place(0), { fault: "cut" });
  }

  #failGrammar(stop: number, { at, length }: { readonly at: number; readonly length: number }): never {
    const found = shownAt(this.#machine.inputView.subarray(at, length));
    throw new JsonSyntaxError(ruleOf(stop), this.#place(at), { fault: "grammar", found });
  }

  #failLimit(limit: JsonLimit, at: number): never {
    throw new JsonLimitError(limit, this.#elementStart + this.#base + at);
  }

  /** The place of `at` in the input at hand. */
  #place(at: number): JsonPlace {
    const before = this.#machine.inputView.subarray(0, at);
    return placeBehind(before, { base: this.#base, line: this.#line, lineBase: this.#lineBase });
  }
}
