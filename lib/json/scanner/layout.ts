/**
 * The memory that the scanner shares with TypeScript: addresses, sizes and flags. `../scanner_memory.ts` reads these
 * exports by name. Addresses and sizes are in bytes.
 *
 * @module
 */

/** Bytes of one input: it stays in the processor's second-level cache. */
export const inputBytesMax: i32 = 64 * 1024;

/** Open brackets. Equals `jsonLimits.depthMax`, which `../scanner_memory.ts` checks. */
export const depthMax: i32 = 512;

/** States that the table holds. */
export const statesMax: i32 = 1100;

/** Events before `run` stops. */
export const eventsMax: i32 = 4096;

/** A state: flags, the state of all other names and elements, the number of names, the address of their list. */
export const stateBytes: i32 = 16;

/** A name of a state: the address of its bytes, their number, and the state that the name leads to. */
export const nameBytes: i32 = 12;

/** An event: type, kind and state in one word, then the first and the last offset in the input. */
export const eventBytes: i32 = 12;

/** An open container: state with object mark, state of the elements, current index, index at which to ask again. */
export const frameBytes: i32 = 24;

/** The head of a context, as `save` in `scanner.ts` writes it. */
export const headBytes: i32 = 64;

/** In place of a state: not known yet, `run` must ask. */
export const unknown: i32 = -1;

/** Flag of a state: its nodes are reported. */
export const selected: i32 = 1;
/** Flag of a state: nothing below can be selected. */
export const barren: i32 = 2;
/** Flag of a state: the state of an element depends on the index. */
export const picks: i32 = 4;

/** Flag of a state: filters decide about its nodes first. */
export const undecided: i32 = 8;
/** Flag of a state: its nodes are rows and nothing else. */
export const row: i32 = 16;
/** From this bit on, the flags hold the column, from 1, if the nodes are one column of a row and nothing else. */
export const columnShift: i32 = 8;

/** Event type: a scalar that is complete in this input. */
export const scalarEvent: i32 = 0;
/** Event type: a container, or a cut scalar, begins. */
export const beginEvent: i32 = 1;
/** Event type: the container or cut scalar ends. */
export const endEvent: i32 = 2;

/** The context of the current text: its head, then a frame for each open container. */
export const context: usize = memory.data(64 + 512 * 24, 16);

/** The input, with zero padding behind its end, so that no loop has to test for the end. */
export const input: usize = memory.data(64 * 1024 + 64, 16);
/** The events of the input. */
export const events: usize = memory.data((4096 + 4) * 12, 16);
/** The states by number. */
export const states: usize = memory.data(1100 * 16, 16);

/** The first free byte. TypeScript writes the names of states from here on. */
export const free: usize = __heap_base;
