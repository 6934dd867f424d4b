/**
 * Where a text stands: in the grammar of RFC 8259, and in which open containers.
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
/** Inside a value that the end of the input before has cut. */
export const insideValue = 7;
/** Inside a name that the end of the input before has cut. */
export const insideName = 8;

/** In the first word of a frame, beside the number of its state: that it is an object's. */
export const objectMark: u32 = 0x80000000;

/** The frame of the container that is open at `depth`, from 1. */
@inline
export function frameAt(depth: i32): usize {
  return context + headBytes + <usize>(depth - 1) * frameBytes;
}

/** Whether that container is an object. */
@inline
export function isObjectAt(depth: i32): bool {
  return (load<u32>(frameAt(depth)) & objectMark) != 0;
}
