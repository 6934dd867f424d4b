/**
 * Where things stand in the memory that the scanner shares with TypeScript, and the numbers that both use. What is
 * exported here and by `scanner.ts` is read by `machine.ts`; all offsets are bytes.
 *
 * @module
 */

/** Bytes of input that are read in one go: it stays in the processor's second cache. */
export const inputBytesMax: i32 = 64 * 1024;

/** Open brackets within each other. The same as `json.depthMax` in `limits.ts`, as `machine.ts` makes sure. */
export const depthMax: i32 = 512;

/** States of the query that the table can hold. */
export const statesMax: i32 = 1100;

/** Events that fit before `run` stops. */
export const eventsMax: i32 = 4096;

/** A state: its flags, where a name or element leads that is told apart by nothing, its names and how many. */
export const stateBytes: i32 = 16;

/** A name of a state: where its bytes stand, how many, and where it leads. */
export const nameBytes: i32 = 12;

/** An event: its kind with the state, then the first and the last offset of what it is about. */
export const eventBytes: i32 = 12;

/** An open container: its state and whether it is an object, the index of the element at hand, when to ask again. */
export const frameBytes: i32 = 24;

/** Of the head of a context: where in the input, in the grammar and in the query. */
export const headBytes: i32 = 64;

/** In place of a state: a lead that is not known yet. */
export const unknown: i32 = -1;

/** Flag of a state: its nodes are to be told. */
export const selected: i32 = 1;
/** Flag of a state: nothing below can be selected. */
export const barren: i32 = 2;
/** Flag of a state: it depends on its index where an element leads. */
export const picks: i32 = 4;

/** Flag of a state: filters decide about its nodes. */
export const undecided: i32 = 8;
/** Flag of a state: its nodes are rows, and nothing else. */
export const row: i32 = 16;
/** From this bit on, the flags of a state hold which column of a row its nodes are, from 1, if they are just that. */
export const columnShift: i32 = 8;

/** An event: a scalar that lies whole in this input. */
export const scalarEvent: i32 = 0;
/** An event: anything else begins. */
export const beginEvent: i32 = 1;
/** An event: it ends. */
export const endEvent: i32 = 2;

/** The context of the text at hand: its head, then its frames. */
export const context: usize = memory.data(64 + 512 * 24, 16);

/** The input, and behind its end some zeros, so that no loop needs to look for the end. */
export const input: usize = memory.data(64 * 1024 + 64, 16);
/** What was found in the input. */
export const events: usize = memory.data((4096 + 4) * 12, 16);
/** The states of the query, by their number. */
export const states: usize = memory.data(1100 * 16, 16);

/** From here on the memory is free: for the names of states. */
export const free: usize = __heap_base;
