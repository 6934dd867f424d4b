/**
 * The place in a text: in the grammar of RFC 8259, and in the open containers.
 *
 * @module
 */

import { context, frameBytes, headBytes } from "./layout";

/** A value must follow. */
export const value = 0;
/** Behind `[`: a value or `]`. */
export const firstValue = 1;
/** Behind a comma in an object: a name. */
export const name = 2;
/** Behind `{`: a name or `}`. */
export const firstName = 3;
/** Behind a name. */
export const colon = 4;
/** Behind a value in a container: a comma or the closing bracket. */
export const after = 5;
/** Behind the root: white space only. */
export const done = 6;
/** Inside a value that the last input's end has cut. */
export const insideValue = 7;
/** Inside a name that the last input's end has cut. */
export const insideName = 8;

/** In the first word of a frame, beside the number of a state: the container is an object. */
export const objectMark: u32 = 0x80000000;

/** The frame of the container that is open at `depth`, from 1. */
@inline
export function frameAt(depth: i32): usize {
  return context + headBytes + <usize>(depth - 1) * frameBytes;
}

/** Whether the container at this depth is an object. */
@inline
export function isObjectAt(depth: i32): bool {
  return (load<u32>(frameAt(depth)) & objectMark) != 0;
}
