/**
 * Follows a query through one JSON text that comes in chunks: strings in, calls of a handler out. Every character is
 * checked against RFC 8259, selected or not. It holds the open brackets and what is being captured, for its text or
 * for a filter, nothing else, both bounded by `limits.ts`; it does no I/O.
 *
 * @module
 */

import { json } from "../limits.ts";
import { RULES, State as ImportedState } from "./grammar.ts";
import type { Handler } from "./handler.ts";
import { HeldText } from "./held_text.ts";
import { type JsonLimit, JsonLimitError, type JsonPlace, JsonSyntaxError } from "./json_error.ts";
import { PartialToken } from "./partial_token.ts";
import type { Query, QueryState } from "./query.ts";
import {
  beyondAscii,
  isBlank,
  kindAt,
  load,
  makeUnits,
  pieceCharsMax,
  skipPlain,
  skipScalar,
  skipString,
} from "./scan.ts";
import { Unit as ImportedUnit } from "./unit.ts";
import { ValueKind } from "./value.ts";

export type { Handler };

// V8 folds a constant of the same module into machine code, but reads an imported one anew every time.
const State = ImportedState;
const Unit = ImportedUnit;
const depthMax = json.depthMax;
const limitMax = {
  depth: depthMax,
  value: json.valueCharsMax,
  element: json.elementCharsMax,
  name: json.nameCharsMax,
} as const;

const noUnits = new Uint8Array(0);

/** In place of an index. */
const anObject = -1;

/** Buffers kept for reuse. More are in use at once only where filters lie within each other. */
const spareUnitsMax = 4;

/** The buffers that no tokenizer is using; they save an allocation for every answer. */
const spareUnits: Uint8Array[] = [];

/**
 * One JSON text on its way through. After it has thrown, it can only be thrown away.
 *
 * As in `JSON.parse`, a lone surrogate may stand in a string, bare or escaped. A name that comes twice in an object
 * is reported twice. Lines are counted for messages.
 */
export class Tokenizer {
  readonly #handler: Handler;
  #usable = true;

  // The piece at hand.
  #piece = "";
  #units: Uint8Array = noUnits;
  /** Units of all pieces before this one. */
  #base = 0;
  #line = 1;
  /** The offset at which the line begins. */
  #lineBase = 0;

  // Where in the grammar.
  #state: ImportedState = State.value;
  #depth = 0;
  /** By depth: the index of the element at hand, or -1 for an object. */
  readonly #indexes: number[] = [];
  /** The token that the end of the piece has cut. */
  readonly #partial = new PartialToken();

  // Where in the query.
  /** The state at the value that comes next, or is being read. */
  #node: QueryState;
  /** By depth: the state at the open container. */
  readonly #frames: QueryState[] = [];
  /** The depth of the outermost open container in which nothing can match, or 0. */
  #floor = 0;

  // What is being captured, as offsets from the start of the input.
  /** Where the open captures begin, outermost first. */
  readonly #captures: number[] = [];
  #nameStart = 0;
  readonly #held = new HeldText();
  /** All of the input and where it begins in the document, if it is an element that a filter has let through. */
  #element: { readonly raw: string; readonly start: number } | undefined;

  /** `query` may be shared; `handler` is called while `process` and `finalize` run. */
  constructor(query: Pick<Query, "start">, handler: Handler) {
    this.#node = query.start;
    this.#handler = handler;
  }

  /**
   * Reads on. A chunk may begin and end anywhere.
   *
   * @throws {JsonSyntaxError} At the first unit that cannot be part of a JSON text. A byte order mark is one; a
   * `TextDecoder` takes it off.
   * @throws {JsonLimitError} If a bound in `limits.ts` is passed.
   * @throws {TypeError} If it has thrown before, or was finalized.
   */
  process(chunk: string): void {
    this.#claim();
    // A handler may run another tokenizer meanwhile, and a filter does: each has its own.
    const units = spareUnits.pop() ?? makeUnits();
    this.#units = units;
    try {
      for (let at = 0; at < chunk.length; at += pieceCharsMax) {
        this.#process(chunk.length <= pieceCharsMax ? chunk : chunk.slice(at, at + pieceCharsMax));
      }
      this.#usable = true;
    } finally {
      this.#units = noUnits;
      if (spareUnits.length < spareUnitsMax) spareUnits.push(units);
    }
  }

  /**
   * Ends the input. Only here is a number at the root known to be complete.
   *
   * @throws {JsonSyntaxError} If the input was cut short, or was empty.
   * @throws {TypeError} If it has thrown before, or was finalized.
   */
  finalize(): void {
    this.#claim();
    if (this.#state === State.insideValue && this.#depth === 0 && this.#partial.endsWithInput()) {
      this.#ended(0);
    }
    if (this.#state !== State.done) {
      throw new JsonSyntaxError(`the input ends ${this.#whereCut()}`, this.#place(0));
    }
  }

  /** Makes every later call throw; a call that went well takes it back. */
  #claim(): void {
    if (!this.#usable) throw new TypeError("Cannot go on with a JSON text as its tokenizer has ended");
    this.#usable = false;
  }

  /** One piece, at most `pieceCharsMax` units. */
  #process(piece: string): void {
    this.#piece = piece;
    load(piece, this.#units);
    let i = 0;
    while (i < piece.length) {
      if (this.#state <= State.done) i = this.#run(i);
      if (i < piece.length) i = this.#state <= State.done ? this.#begin(i) : this.#resume(i);
    }
    this.#hold();
    this.#base += piece.length;
    this.#piece = "";
  }

  /**
   * Goes from token to token while they are right and whole in this piece. It stops in front of any other, in the
   * state that says what must come.
   *
   * This loop is trawl's hottest. On two cores that measure 1,000 MB/s for merely adding up bytes, it does 420 MB/s
   * of compact rows with two columns each, 700 indented. Reading the string by `charCodeAt` took twice as long;
   * testing four bytes at once, regular expressions for whole subtrees, or an own loop for what nothing selects
   * gained nothing.
   */
  #run(at: number): number {
    const units = this.#units;
    const indexes = this.#indexes;
    let i = at;
    let state: ImportedState = this.#state;
    let depth = this.#depth;
    for (;;) {
      if (units[i]! <= Unit.space) i = this.#blank(i);
      const unit = units[i]!;
      if (state <= State.firstValue) {
        if (unit === Unit.openBrace || unit === Unit.openBracket) {
          if (depth === depthMax) break;
          state = unit === Unit.openBrace ? State.firstName : State.firstValue;
          indexes[depth++] = unit === Unit.openBrace ? anObject : 0;
          if (this.#floor === 0) this.#enter(depth, i);
          i++;
          continue;
        }
        if (unit !== Unit.closeBracket || state === State.value) {
          const end = skipScalar(units, i);
          if (end === i) break;
          if (this.#node.selected) this.#scalar(i, end);
          i = end;
        }
        state = depth === 0 ? State.done : State.after;
      } else if (state === State.after) {
        const isObject = indexes[depth - 1] === anObject;
        if (unit === Unit.comma) {
          state = isObject ? State.name : State.value;
          if (this.#floor === 0 && !isObject) this.#next(depth);
        } else if (unit === (isObject ? Unit.closeBrace : Unit.closeBracket)) {
          if (depth === this.#floor) this.#floor = 0;
          depth--;
          if (this.#floor === 0) this.#leave(depth, i + 1);
          if (depth === 0) state = State.done;
        } else break;
        i++;
      } else if (state <= State.firstName) {
        if (unit === Unit.quote) {
          const close = this.#floor === 0 ? skipPlain(units, i + 1) : skipString(units, i + 1);
          if (units[close] !== Unit.quote) break;
          if (this.#floor === 0) this.#node = this.#member(this.#frames[depth - 1]!, i + 1, close);
          i = close + 1;
          state = State.colon;
        } else if (unit === Unit.closeBrace && state === State.firstName) state = State.after;
        else break;
      } else if (state === State.colon && unit === Unit.colon) {
        i++;
        state = State.value;
      } else break;
    }
    this.#state = state;
    this.#depth = depth;
    return i;
  }

  /** The container at `i` has opened, as the innermost of `depth`. */
  #enter(depth: number, i: number): void {
    const node = this.#node;
    const isArray = this.#units[i] === Unit.openBracket;
    if (node.selected) this.#begun(node, isArray ? ValueKind.array : ValueKind.object, i);
    if (node.barren) this.#floor = depth;
    this.#frames[depth - 1] = node;
    this.#node = isArray ? node.element(0) : node.other;
  }

  /** The container that was open inside `depth` others has closed before `end`. */
  #leave(depth: number, end: number): void {
    const node = this.#frames[depth]!;
    if (!node.selected) return;
    this.#report(node, this.#indexes[depth] === anObject ? ValueKind.object : ValueKind.array, end);
  }

  /** Behind the comma of the array that is the innermost of `depth`. */
  #next(depth: number): void {
    const index = this.#indexes[depth - 1]! + 1;
    this.#indexes[depth - 1] = index;
    this.#node = this.#frames[depth - 1]!.element(index);
  }

  /** The value of `#node` goes from `start` to `end`. */
  #scalar(start: number, end: number): void {
    const kind = kindAt(this.#units[start]!)!;
    this.#begun(this.#node, kind, start);
    this.#report(this.#node, kind, end);
  }

  /** Where the name between its quotes, without escapes, leads from the object at `frame`. */
  #member(frame: QueryState, start: number, close: number): QueryState {
    const { names } = frame;
    for (let k = 0; k < names.length; k++) {
      const name = names[k]!;
      if (name.length === close - start && this.#stands(name, start)) return frame.memberAt(k);
    }
    return frame.other;
  }

  /** Whether `text` stands at `start`. Compared in place: most names lead nowhere, and a slice costs more. */
  #stands(text: string, start: number): boolean {
    for (let k = 0; k < text.length; k++) {
      const code = text.charCodeAt(k);
      // Units beyond ASCII all look alike in the buffer.
      const unit = code < beyondAscii ? this.#units[start + k] : this.#piece.charCodeAt(start + k);
      if (unit !== code) return false;
    }
    return true;
  }

  /** A selected node begins at `i`. */
  #begun({ visits, captured }: QueryState, kind: ValueKind, i: number): void {
    for (let k = 0; k < visits.length; k++) this.#handler.enter(visits[k]!, kind);
    if (captured) this.#captures.push(this.#base + i);
  }

  /** A selected node ended before `end`, and so did every capture inside of it. */
  #report(node: QueryState, kind: ValueKind, end: number): void {
    const { visits, texts } = node;
    if (node.captured) {
      const start = this.#captures.pop()!;
      if (this.#base + end - start > json.valueCharsMax) this.#failLimit("value", this.#piece.length);
      const raw = this.#since(start, end);
      if (node.undecided && raw.length > json.elementCharsMax) this.#failLimit("element", this.#piece.length);
      if (node.undecided) return this.#follow(node.filtered(JSON.parse(raw)), kind, { raw, start });
      for (const wanted of texts) this.#handler.text(wanted, kind, raw);
    }
    for (let k = visits.length - 1; k >= 0; k--) this.#handler.leave(visits[k]!);
  }

  /** An element at `start` of this input that filters have let through to `node`. */
  #follow(node: QueryState, kind: ValueKind, { raw, start }: { raw: string; start: number }): void {
    if (node.barren || kind > ValueKind.array) {
      const { visits, texts } = node;
      for (const wanted of visits) this.#handler.enter(wanted, kind);
      for (const wanted of texts) this.#handler.text(wanted, kind, raw);
      for (const wanted of visits.toReversed()) this.#handler.leave(wanted);
      return;
    }
    const inner = new Tokenizer({ start: node }, this.#handler);
    inner.#element = { raw, start: start + (this.#element?.start ?? 0) };
    inner.process(raw);
    inner.finalize();
  }

  /** The first unit of a token that `#run` did not take, because it is cut or wrong. */
  #begin(i: number): number {
    const state = this.#state;
    const kind = kindAt(this.#units[i]!);
    if (state === State.name || state === State.firstName) {
      if (kind !== ValueKind.string) this.#fail(i, RULES[state]!);
      this.#state = State.insideName;
      this.#nameStart = this.#base + i + 1;
    } else {
      if (kind === undefined || state > State.firstValue) this.#fail(i, RULES[state]!);
      if (kind === ValueKind.object || kind === ValueKind.array) this.#failLimit("depth", i);
      if (this.#node.selected) this.#begun(this.#node, kind, i);
      this.#state = State.insideValue;
    }
    this.#partial.begin(kind);
    return kind === ValueKind.string ? i + 1 : i;
  }

  /** Goes on with that token. */
  #resume(at: number): number {
    const partial = this.#partial;
    const i = partial.read(this.#units, at, this.#piece.length);
    if (partial.broken !== undefined) this.#fail(i, partial.broken);
    if (partial.ended) {
      if (this.#state === State.insideName) this.#named(i - 1);
      else this.#ended(i);
    }
    return i;
  }

  /** The cut value ended before `end`. */
  #ended(end: number): void {
    this.#state = this.#depth === 0 ? State.done : State.after;
    if (this.#node.selected) this.#report(this.#node, this.#partial.kind, end);
  }

  /** At the closing quote of a name that was cut or has escapes. */
  #named(close: number): void {
    this.#state = State.colon;
    if (this.#floor > 0) return;
    const frame = this.#frames[this.#depth - 1]!;
    this.#node = frame.names.length === 0 ? frame.other : frame.member(this.#nameUntil(close));
  }

  #nameUntil(close: number): string {
    if (this.#base + close - this.#nameStart > json.nameCharsMax) this.#failLimit("name", close);
    const raw = this.#since(this.#nameStart, close);
    return raw.includes("\\") ? JSON.parse(`"${raw}"`) as string : raw;
  }

  /** Behind white space. Line feeds stand nowhere else, so lines are counted here. */
  #blank(at: number): number {
    const units = this.#units;
    let i = at;
    for (;;) {
      while (units[i] === Unit.space) i++;
      if (units[i] === Unit.lineFeed) {
        this.#line++;
        this.#lineBase = this.#base + i + 1;
      } else if (!isBlank(units[i]!)) return i;
      i++;
    }
  }

  /** The input from the offset `start` up to `end` in the piece at hand. */
  #since(start: number, end: number): string {
    if (start >= this.#base) return this.#piece.slice(start - this.#base, end);
    // A slice of the whole takes no memory, however many elements lie within each other.
    if (this.#element !== undefined) return this.#element.raw.slice(start, this.#base + end);
    return this.#held.from(start) + this.#piece.slice(0, end);
  }

  /** Keeps the piece while something that began in it, or before, is not complete. */
  #hold(): void {
    const length = this.#piece.length;
    const end = this.#base + length;
    const inName = this.#state === State.insideName && this.#floor === 0 &&
      this.#frames[this.#depth - 1]!.names.length > 0;
    if (inName && end - this.#nameStart > json.nameCharsMax) this.#failLimit("name", length);
    const first = this.#captures[0] ?? (inName ? this.#nameStart : end);
    if (end - first > json.valueCharsMax) this.#failLimit("value", length);
    if (this.#element === undefined) this.#held.keep(this.#piece, this.#base, first);
  }

  #fail(i: number, rule: string): never {
    throw new JsonSyntaxError(rule, this.#place(i), this.#piece.charAt(i));
  }

  #failLimit(limit: JsonLimit, i: number): never {
    throw new JsonLimitError(limit, limitMax[limit], this.#base + i + (this.#element?.start ?? 0));
  }

  #place(i: number): JsonPlace {
    const offset = this.#base + i;
    return { offset, line: this.#line, column: offset - this.#lineBase + 1 };
  }

  #whereCut(): string {
    if (this.#state === State.insideName) return "inside a name";
    if (this.#state === State.insideValue) return `inside a ${this.#partial.noun}`;
    if (this.#depth === 0) return "before a value";
    return this.#indexes[this.#depth - 1] === anObject ? "inside an object" : "inside an array";
  }
}
