/**
 * The states of a query in the scanner's memory. Each state has a number and a record: flags, where members and
 * elements lead, and the names that the query compares. The table holds at most `statesMax` states; `clear` empties it.
 *
 * @module
 */

import type { QueryState } from "./automaton.ts";
import { rowColumnsMax } from "./row_scanner.ts";
import type { ScannerMemory } from "./scanner_memory.ts";

/** Flags of a record, as in `scanner/layout.ts`. From bit `columnShift` on, the flags hold the column of a row. */
const flags = { selected: 1, barren: 2, picks: 4, undecided: 8, row: 16 } as const;
const columnShift = 8;

/** In place of a state's number: the scanner must ask. */
const unknown = -1;

/** 32-bit words of a record: flags, lead of all other names or elements, number of names, address of their list. */
const recordWords = { flags: 0, other: 1, nameCount: 2, names: 3 } as const;

/** A name in the list of a record: its address, its length in bytes, and the number of the state it leads to. */
const nameBytes = 12;
const nameWords = nameBytes / 4;
const nameLead = 2;

const encoder = new TextEncoder();

/** Numbers the states of one query, from 0. */
export class StateTable {
  /** States by number. Another array after each `clear`. */
  states: QueryState[] = [];
  readonly #memory: ScannerMemory;
  readonly #numbers = new Map<QueryState, number>();
  readonly #start: number;
  readonly #stateBytes: number;
  readonly #statesMax: number;
  readonly #namesStart: number;
  /** The first free byte behind the names. */
  #free: number;

  constructor(memory: ScannerMemory) {
    this.#memory = memory;
    this.#start = memory.global("states");
    this.#stateBytes = memory.global("stateBytes");
    this.#statesMax = memory.global("statesMax");
    this.#namesStart = memory.global("free");
    this.#free = this.#namesStart;
  }

  /** Whether `count` more states fit. */
  hasRoom(count = 1): boolean {
    return this.states.length + count <= this.#statesMax;
  }

  /** The number of a state in the table. */
  find(state: QueryState): number | undefined {
    return this.#numbers.get(state);
  }

  /** Adds a state that is not in the table, which must have room. Returns the state's number. */
  add(state: QueryState): number {
    const number = this.states.push(state) - 1;
    this.#numbers.set(state, number);
    const record = this.#record(number);
    const names = this.#writeNames(state.names);
    const { words } = this.#memory;
    words[record + recordWords.flags] = flagsOf(state);
    words[record + recordWords.other] = unknown;
    words[record + recordWords.nameCount] = state.names.length;
    words[record + recordWords.names] = names;
    return number;
  }

  /** Notes that the name at `index` of state `from` leads to state `to`; below 0, that all other names do. */
  link(from: number, index: number, to: number): void {
    const { words } = this.#memory;
    const record = this.#record(from);
    if (index < 0) words[record + recordWords.other] = to;
    else words[words[record + recordWords.names]! / 4 + index * nameWords + nameLead] = to;
  }

  /** Removes all states, and what the scanner has noted about sequences of names. */
  clear(): void {
    const memory = this.#memory;
    const names = memory.global("names");
    memory.bytes.fill(0, names, names + memory.global("namesBytes"));
    this.states = [];
    this.#numbers.clear();
    this.#free = this.#namesStart;
  }

  /** Returns the address of the list. */
  #writeNames(names: readonly string[]): number {
    const memory = this.#memory;
    const list = this.#allocate(names.length * nameBytes);
    for (const [index, name] of names.entries()) {
      const encoded = encoder.encode(name);
      const at = this.#allocate(encoded.length);
      memory.bytes.set(encoded, at);
      // A lone surrogate has no UTF-8 form, so only an escape can spell the name: the scanner must ask.
      const length = name.isWellFormed() ? encoded.length : unknown;
      memory.words.set([at, length, unknown], list / 4 + index * nameWords);
    }
    return list;
  }

  #allocate(length: number): number {
    const at = this.#free;
    this.#free += Math.ceil(length / 4) * 4;
    this.#memory.reserve(this.#free);
    return at;
  }

  /** Index of a record in the words of the memory. */
  #record(number: number): number {
    return (this.#start + number * this.#stateBytes) / 4;
  }
}

function flagsOf(state: QueryState): number {
  return (state.selected ? flags.selected : 0) | (state.barren ? flags.barren : 0) |
    (state.counts ? flags.picks : 0) | (state.undecided ? flags.undecided : 0) | rowFlagsOf(state);
}

/** The flags of a state whose nodes are nothing but rows (path 0) or nothing but one column of a row. */
function rowFlagsOf({ visits, texts }: QueryState): number {
  if (visits.length + texts.length !== 1) return 0;
  if (visits[0] === 0) return flags.row;
  const column = texts[0] ?? 0;
  return column <= rowColumnsMax ? column << columnShift : 0;
}
