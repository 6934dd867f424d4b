/**
 * The WebAssembly scanner as the tokenizer sees it: an input in, events and a stop reason out. One scanner serves one
 * query and reads one text at a time; another text can be read in between with `save` and `restore`. Does no I/O.
 *
 * @module
 */

import type { QueryState } from "./automaton.ts";
import { RowScanner } from "./row_scanner.ts";
import { ScannerMemory } from "./scanner_memory.ts";
import { StateTable } from "./state_table.ts";

/** Zero bytes behind the input: the scanner reads at most that far beyond the input's end. */
const paddingBytes = 64;

/** In a frame, the number of a state; the highest bit tells an object from an array. */
const numberMask = 0x7fff_ffff;

/** 32-bit words of the context's head, as `scanner/scanner.ts` saves them. */
const head = {
  position: 0,
  grammar: 1,
  depth: 2,
  floor: 3,
  node: 4,
  kind: 5,
  eventsEnd: 7,
  asked: 8,
  askedIndex: 9,
  askedStart: 10,
} as const;

/** A reader of texts that can be interrupted by another reader. */
export interface ScannerUser {
  /** Called before another user takes over: save the context now. */
  suspend(): void;
}

/** The scanner of one query. */
export class WasmScanner {
  /** Index of the first event in `words`. */
  readonly firstEvent: number;
  /** Makes rows of events. */
  readonly rows: RowScanner;
  /** The reader whose text the context describes. */
  user: ScannerUser | undefined;
  /** Whether the user is reading right now. */
  isBusy = false;
  readonly #memory = new ScannerMemory();
  readonly #table = new StateTable(this.#memory);
  readonly #input: number;
  readonly #context: number;
  readonly #headBytes: number;
  readonly #frameBytes: number;
  readonly #lines: number;
  readonly #eventBehind: WebAssembly.Global;
  readonly #lineCount: WebAssembly.Global;
  readonly #lineStart: WebAssembly.Global;
  #inner: WasmScanner | undefined;

  constructor() {
    const memory = this.#memory;
    this.#input = memory.global("input");
    this.firstEvent = memory.global("events") / 4;
    this.#context = memory.global("context");
    this.#headBytes = memory.global("headBytes");
    this.#frameBytes = memory.global("frameBytes");
    this.#lines = memory.global("lines");
    this.rows = new RowScanner(memory);
    this.#eventBehind = memory.variable("eventBehind");
    this.#lineCount = memory.variable("lineCount");
    this.#lineStart = memory.variable("lineStart");
  }

  /** The whole memory as 32-bit words. Another array after each call that adds states. */
  get words(): Int32Array {
    return this.#memory.words;
  }

  /** The input, to be written here. Another array after each call that adds states. */
  get inputView(): Uint8Array {
    return this.#memory.input;
  }

  /** States by the number that events have. Another array when the table was emptied. */
  get states(): readonly QueryState[] {
    return this.#table.states;
  }

  /** Another scanner, for elements that a filter of the same query has let through. */
  get inner(): WasmScanner {
    return this.#inner ??= new WasmScanner();
  }

  /** Reads on from offset `at` of an input of `length` bytes. Returns one of `Stop`, with a grammar place added. */
  run(at: number, length: number): number {
    return this.#memory.exports.run(at, length);
  }

  /** Whether the text may end here. */
  finish(): boolean {
    return this.#memory.exports.finish() === 1;
  }

  /** Writes the zero bytes behind an input of `length` bytes. */
  close(length: number): void {
    this.#memory.bytes.fill(0, this.#input + length, this.#input + length + paddingBytes);
  }

  /** Whether the `length` bytes of the input are UTF-8; also counts their lines. */
  survey(length: number): boolean {
    return this.#memory.exports.survey(this.#input, this.#input + length) === 1;
  }

  /** Line feeds in the input of the last `survey`. */
  get lineCount(): number {
    return Number(this.#lineCount.value);
  }

  /** The offset behind the last of those line feeds. */
  get lineStart(): number {
    return Number(this.#lineStart.value) - this.#input;
  }

  /** Index behind the last event in `words`. */
  get eventsEnd(): number {
    return this.#head(head.eventsEnd) / 4;
  }

  /**
   * The scalars from the event at this index of `words` on as lines of JSON, valid until the next call, and the index
   * of the first event that is no such scalar.
   */
  linesFrom(event: number): { readonly lines: Uint8Array; readonly event: number } {
    const length = this.#memory.exports.makeLines(event * 4, this.#head(head.eventsEnd));
    const start = this.#lines;
    return {
      lines: this.#memory.bytes.subarray(start, start + length),
      event: Number(this.#eventBehind.value) / 4,
    };
  }

  /** The offset in the input at which the scanner stopped. */
  get position(): number {
    return this.#head(head.position);
  }

  /** One of `Grammar`. */
  get grammar(): number {
    return this.#head(head.grammar);
  }

  /** The number of open brackets. */
  get depth(): number {
    return this.#head(head.depth);
  }

  /** The depth of the outermost open container in which nothing can be selected, or 0. */
  get floor(): number {
    return this.#head(head.floor);
  }

  /** The kind of the value that was read last, or was cut. */
  get kind(): number {
    return this.#head(head.kind);
  }

  /** What the scanner asks: where the name at `index` of `state` leads; below 0, where all other names lead. */
  get asked(): { readonly state: QueryState; readonly index: number; readonly start: number } {
    return {
      state: this.states[this.#head(head.asked)]!,
      index: this.#head(head.askedIndex),
      start: this.#head(head.askedStart),
    };
  }

  /** The offset at which a name began that the input's end has cut. */
  get nameStart(): number {
    return this.#head(head.askedStart);
  }

  /** The state of the innermost container. */
  get container(): QueryState {
    return this.states[this.words[this.#frame(this.depth)]! & numberMask]!;
  }

  /** Whether the innermost container is an object. */
  get isInObject(): boolean {
    return this.words[this.#frame(this.depth)]! < 0;
  }

  /** The index of the current element, kept only where the state of its array counts elements. */
  get elementIndex(): number {
    return this.#memory.floats[this.#frame(this.depth) / 2 + 1]!;
  }

  /** Notes that the elements of the innermost array, from the current one to before index `end`, lead to `lead`. */
  leadElements(lead: QueryState, end: number): void {
    const number = this.#numberOf(lead);
    const frame = this.#frame(this.depth);
    this.words[frame + 1] = number;
    this.#memory.floats[frame / 2 + 2] = end;
  }

  /** Notes where the name at `index` of `state`, or below 0 all other names, leads: the scanner asks no more. */
  learn(state: QueryState, index: number, next: QueryState): void {
    const to = this.#numberOf(next);
    // Looked up second: numbering `next` may have emptied the table.
    this.#table.link(this.#numberOf(state), index, to);
  }

  /** Sets the state of the next value. */
  set node(state: QueryState) {
    const number = this.#numberOf(state);
    this.words[this.#context / 4 + head.node] = number;
  }

  /** Begins a text whose root has the state `start`. */
  begin(start: QueryState): void {
    this.#memory.bytes.fill(0, this.#context, this.#context + this.#headBytes);
    this.node = start;
  }

  /** A copy of the context of the current text. */
  save(): Uint8Array {
    const length = this.#headBytes + this.depth * this.#frameBytes;
    return this.#memory.bytes.slice(this.#context, this.#context + length);
  }

  /** Restores a context; `states` are the states by number at the time of `save`. */
  restore(saved: Uint8Array, states: readonly QueryState[]): void {
    this.#memory.bytes.set(saved, this.#context);
    if (states === this.states) return;
    // The states in the table now belong to other texts.
    if (!this.#table.hasRoom(this.depth + 1)) this.#table.clear();
    this.#renumber(states);
  }

  #numberOf(state: QueryState): number {
    const known = this.#table.find(state);
    if (known !== undefined) return known;
    if (!this.#table.hasRoom()) this.#forget();
    return this.#table.find(state) ?? this.#table.add(state);
  }

  /** Empties the table, but for the states that the current text needs. */
  #forget(): void {
    const before = this.states;
    this.#table.clear();
    this.#renumber(before);
  }

  /** Gives new numbers to the states of the open containers and of the next value; `states` are by old number. */
  #renumber(states: readonly QueryState[]): void {
    const frames = Array.from({ length: this.depth }, (_, index) => this.#frame(index + 1));
    const open = frames.map((at) => states[this.words[at]! & numberMask]!);
    const node = states[this.#head(head.node)];
    for (const [index, at] of frames.entries()) {
      const number = this.#numberOf(open[index]!);
      this.words[at] = (this.words[at]! & ~numberMask) | number;
      // The scanner asks again where the elements lead.
      this.#memory.floats[at / 2 + 2] = 0;
    }
    // The next value has no state while the scanner asks for it.
    if (node !== undefined) this.node = node;
  }

  /** Index of a frame in `words`. */
  #frame(depth: number): number {
    return (this.#context + this.#headBytes + (depth - 1) * this.#frameBytes) / 4;
  }

  #head(word: number): number {
    return this.words[this.#context / 4 + word]!;
  }
}
