/**
 * The scanner in its memory: puts the states of a query where it finds them, and says why it stopped. One machine
 * serves one query, and one text at a time; it never grows but for the names in paths.
 *
 * @module
 */

import type { QueryState } from "./automaton.ts";
import { rowColumnsMax, RowScanner } from "./row_scanner.ts";
import { globalOf, newScanner, type Scanner } from "./scanner_instance.ts";

/** Why the scanner stopped: needs more input, room for events, or to know where something leads; else a mistake. */
export const Stop = {
  more: 0,
  full: 1,
  askMember: 2,
  askElement: 3,
  askName: 4,
  /** And the place in the grammar: see {@linkcode Grammar}. */
  mistake: 16,
  inString: 32,
  inEscape: 33,
  inNumber: 34,
  inWord: 35,
  tooDeep: 36,
} as const;

/** Where in the grammar of RFC 8259 a text can stand: what may come next, or the token that was cut. */
export const Grammar = {
  value: 0,
  firstValue: 1,
  name: 2,
  firstName: 3,
  colon: 4,
  after: 5,
  done: 6,
  insideValue: 7,
  insideName: 8,
} as const;

/** What an event tells, in its two lowest bits; the kind of the value follows, and from bit 8 on its state. */
export const EventType = { scalar: 0, begin: 1, end: 2 } as const;

/** 32-bit words of an event: what, and its first and last offset in the input. */
export const eventWords = 3;

/** Zeros behind the input: as many as the scanner may look beyond its end. */
const paddingBytes = 64;

const flags = { selected: 1, barren: 2, picks: 4, undecided: 8, row: 16 } as const;
/** From this bit on the flags hold the column of a row that a state is. */
const columnShift = 8;
const unknown = -1;

/** The number of a state in a frame; the highest bit tells an object from an array. */
const numberMask = 0x7fff_ffff;

/** Reads a text. */
export interface Holder {
  /** Another one takes over: what is to be kept of this text must be taken now. */
  suspend(): void;
}

/** One instance of the scanner. */
export class Machine {
  /** All of its memory, in 32-bit words; another object when it grows, as it may wherever a state gets a number. */
  words: Int32Array;
  /** The input, which is written here. */
  inputView: Uint8Array;
  /** States by their number; replaced when they become too many. */
  states: QueryState[] = [];
  /** Index of the first event in `words`. */
  readonly firstEvent: number;
  /** Rows of the events. */
  readonly rows: RowScanner;
  /** Whose text the context is. */
  holder: Holder | undefined;
  /** Whether it is being read. */
  isBusy = false;
  readonly #scanner: Scanner;
  #bytes: Uint8Array;
  #floats: Float64Array;
  readonly #input: number;
  readonly #context: number;
  readonly #headBytes: number;
  readonly #frameBytes: number;
  readonly #statesAt: number;
  readonly #stateBytes: number;
  readonly #statesMax: number;
  readonly #namesStart: number;
  readonly #numbers = new Map<QueryState, number>();
  #free: number;
  readonly #lines: number;
  readonly #eventBehind: WebAssembly.Global;
  readonly #lineCount: WebAssembly.Global;
  readonly #lineStart: WebAssembly.Global;
  #inner: Machine | undefined;

  constructor() {
    this.#scanner = newScanner();
    this.#input = this.#global("input");
    ({ bytes: this.#bytes, floats: this.#floats, words: this.words, inputView: this.inputView } = this
      .#views());
    this.firstEvent = this.#global("events") / 4;
    this.#context = this.#global("context");
    this.#headBytes = this.#global("headBytes");
    this.#frameBytes = this.#global("frameBytes");
    this.#statesAt = this.#global("states");
    this.#stateBytes = this.#global("stateBytes");
    this.#statesMax = this.#global("statesMax");
    this.#namesStart = this.#global("free");
    this.#free = this.#namesStart;
    this.#lines = this.#global("lines");
    this.rows = new RowScanner(this.#scanner, (name) => this.#global(name));
    this.#eventBehind = globalOf(this.#scanner, "eventBehind");
    this.#lineCount = globalOf(this.#scanner, "lineCount");
    this.#lineStart = globalOf(this.#scanner, "lineStart");
  }

  /** Another one, for the elements that filters of this one's query let through. */
  get inner(): Machine {
    return this.#inner ??= new Machine();
  }

  /** Scans on from the offset `at` in the input of `length` bytes. Returns why it stopped. */
  run(at: number, length: number): number {
    return this.#scanner.run(at, length);
  }

  /** Whether the text may end here. */
  finish(): boolean {
    return this.#scanner.finish() === 1;
  }

  /** Puts zeros behind the input, which is `length` long. */
  close(length: number): void {
    this.#bytes.fill(0, this.#input + length, this.#input + length + paddingBytes);
  }

  /** Whether the input is UTF-8, `length` of it; counts its lines on the way. */
  survey(length: number): boolean {
    return this.#scanner.survey(this.#input, this.#input + length) === 1;
  }

  /** Line feeds in the input that was surveyed last. */
  get lineCount(): number {
    return Number(this.#lineCount.value);
  }

  /** The offset behind the last line feed that was counted. */
  get lineStart(): number {
    return Number(this.#lineStart.value) - this.#input;
  }

  /** Index behind the last event in `words`. */
  get eventsEnd(): number {
    return this.#head(7) / 4;
  }

  /** Lines of the scalars from the event at this index in `words` on, until the next call, and the event behind. */
  linesFrom(event: number): { readonly lines: Uint8Array; readonly event: number } {
    const length = this.#scanner.makeLines(event * 4, this.#head(7));
    const start = this.#lines;
    return { lines: this.#bytes.subarray(start, start + length), event: Number(this.#eventBehind.value) / 4 };
  }

  /** Where the scanner stopped in the input. */
  get position(): number {
    return this.#head(0);
  }

  /** One of `Grammar`. */
  get grammar(): number {
    return this.#head(1);
  }

  /** How many brackets are open. */
  get depth(): number {
    return this.#head(2);
  }

  /** The depth of the outermost open container in which nothing can match, or 0. */
  get floor(): number {
    return this.#head(3);
  }

  /** The kind of the value that was read last, or was cut. */
  get kind(): number {
    return this.#head(5);
  }

  /** The state that is asked about, and which of its names; below 0 stands for all that have no name there. */
  get asked(): { readonly state: QueryState; readonly index: number; readonly start: number } {
    return {
      state: this.states[this.#head(8)]!,
      index: this.#head(9),
      start: this.#head(10),
    };
  }

  /** Where a name began that was cut. */
  get nameStart(): number {
    return this.#head(10);
  }

  /** The state of the innermost container. */
  get container(): QueryState {
    return this.states[this.words[this.#frame(this.depth)]! & numberMask]!;
  }

  /** Whether the innermost container is an object. */
  get isInObject(): boolean {
    return this.words[this.#frame(this.depth)]! < 0;
  }

  /** The index of the element at hand, where the state of its array counts. */
  get elementIndex(): number {
    return this.#floats[this.#frame(this.depth) / 2 + 1]!;
  }

  /** The elements of the innermost array, from the one at hand to before `end`, lead to `lead`. */
  leadElements(lead: QueryState, end: number): void {
    const number = this.numberOf(lead);
    const frame = this.#frame(this.depth);
    this.words[frame + 1] = number;
    this.#floats[frame / 2 + 2] = end;
  }

  /** The state of the value that comes next. */
  set node(state: QueryState) {
    const number = this.numberOf(state);
    this.words[this.#context / 4 + 4] = number;
  }

  /** Begins a text whose root is at `start`. */
  begin(start: QueryState): void {
    this.#bytes.fill(0, this.#context, this.#context + this.#headBytes);
    this.node = start;
  }

  /** All that is to be kept of a text while another one is read. */
  save(): Uint8Array {
    return this.#bytes.slice(this.#context, this.#context + this.#headBytes + this.depth * this.#frameBytes);
  }

  /** Goes on with a text; its states have their numbers in `states`, which may have been replaced since. */
  restore(saved: Uint8Array, states: readonly QueryState[]): void {
    this.#bytes.set(saved, this.#context);
    if (states === this.states) return;
    // Whatever has numbers here is no part of this text.
    if (this.states.length + this.depth + 1 > this.#statesMax) this.#clear();
    this.#renumber(states);
  }

  /** Notes where a member or element of `state` leads, so that it is not asked again. */
  learn(state: QueryState, index: number, next: QueryState): void {
    const nextNumber = this.numberOf(next);
    // Its record may have gone when a number was given to `next`.
    const record = this.#record(this.numberOf(state));
    if (index < 0) this.words[record + 1] = nextNumber;
    else this.words[this.words[record + 3]! / 4 + index * 3 + 2] = nextNumber;
  }

  /** The number of a state, which it gets here. */
  numberOf(state: QueryState): number {
    const known = this.#numbers.get(state);
    if (known !== undefined) return known;
    if (this.states.length >= this.#statesMax) this.#forget();
    const number = this.states.push(state) - 1;
    this.#numbers.set(state, number);
    const record = this.#record(number);
    this.words[record] = (state.selected ? flags.selected : 0) | (state.barren ? flags.barren : 0) |
      (state.counts ? flags.picks : 0) | (state.undecided ? flags.undecided : 0) | roleOf(state);
    this.words[record + 1] = unknown;
    this.words[record + 2] = state.names.length;
    const names = this.#writeNames(state.names);
    this.words[record + 3] = names;
    return number;
  }

  /** The state numbers in the open containers of the text at hand, and that of the value to come, are made anew. */
  #renumber(states: readonly QueryState[]): void {
    const frames = Array.from({ length: this.depth }, (_, index) => this.#frame(index + 1));
    const numberAt = (at: number) => this.words[at]! & numberMask;
    const open = frames.map((at) => states[numberAt(at)]!);
    const node = states[this.#head(4)];
    for (const [index, at] of frames.entries()) {
      const number = this.numberOf(open[index]!);
      this.words[at] = (this.words[at]! & ~numberMask) | number;
      // Where its elements lead is asked again.
      this.#floats[at / 2 + 2] = 0;
    }
    // There is none while it is being asked for.
    if (node !== undefined) this.node = node;
  }

  /** Begins the table anew; the text at hand goes on unharmed. */
  #forget(): void {
    const before = this.states;
    this.#clear();
    this.#renumber(before);
  }

  #clear(): void {
    const names = this.#global("names");
    this.#bytes.fill(0, names, names + this.#global("namesBytes"));
    this.states = [];
    this.#numbers.clear();
    this.#free = this.#namesStart;
  }

  /** Returns where the list of names begins. */
  #writeNames(names: readonly string[]): number {
    const encoded = names.map((name) => encoder.encode(name));
    const list = this.#allocate(names.length * 12);
    for (const [index, name] of encoded.entries()) {
      const at = this.#allocate(name.length);
      this.#bytes.set(name, at);
      // A lone surrogate has no UTF-8, so that only an escape can stand for it.
      const length = names[index]!.isWellFormed() ? name.length : unknown;
      this.words.set([at, length, unknown], list / 4 + index * 3);
    }
    return list;
  }

  #allocate(length: number): number {
    const at = this.#free;
    this.#free += Math.ceil(length / 4) * 4;
    const { memory } = this.#scanner;
    const missing = this.#free - memory.buffer.byteLength;
    if (missing > 0) {
      memory.grow(Math.ceil(missing / 65_536));
      ({ bytes: this.#bytes, floats: this.#floats, words: this.words, inputView: this.inputView } = this
        .#views());
    }
    return at;
  }

  /** The memory is another object whenever it has grown. */
  #views() {
    const { buffer } = this.#scanner.memory;
    return {
      bytes: new Uint8Array(buffer),
      floats: new Float64Array(buffer),
      words: new Int32Array(buffer),
      inputView: new Uint8Array(buffer, this.#input, this.#global("inputBytesMax")),
    };
  }

  #record(number: number): number {
    return (this.#statesAt + number * this.#stateBytes) / 4;
  }

  #frame(depth: number): number {
    return (this.#context + this.#headBytes + (depth - 1) * this.#frameBytes) / 4;
  }

  #head(word: number): number {
    return this.words[this.#context / 4 + word]!;
  }

  #global(name: string): number {
    return Number(globalOf(this.#scanner, name).value);
  }
}

const encoder = new TextEncoder();

/** The flags of a state whose nodes are rows, as the first wanted, or one column of them, and nothing else. */
function roleOf({ visits, texts }: QueryState): number {
  if (visits.length + texts.length !== 1) return 0;
  if (visits[0] === 0) return flags.row;
  const column = texts[0] ?? 0;
  return column <= rowColumnsMax ? column << columnShift : 0;
}
