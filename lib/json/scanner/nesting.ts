/**
 * The brackets of a block: the containers that they open and close, and so the kind of container of every comma.
 *
 * @module
 */

import { brackets } from "./block";
import { depthMax } from "./layout";
import { frameAt, isObjectAt, objectMark } from "./place";

/** Open brackets behind the last bracket that was read. */
export let depth: i32 = 0;
/** The opening brackets of the block. */
export let opens: u64 = 0;
/** The bytes of the block that lie directly in an object. */
export let objects: u64 = 0;
/** The brackets that were not read: from the first that ends the reading on. */
export let unread: u64 = 0;

/** All ones if the innermost container is an object. */
let inObject: u64 = 0;

/** Prepares for a block at a depth of `open` brackets. */
export function beginNesting(open: i32): void {
  depth = open;
  inObject = objectBits(open);
}

/**
 * Reads the brackets of the block at `p`, up to one that closes the container at depth `floor`, that closes the wrong
 * kind of container, or that exceeds `depthMax`.
 */
@inline
export function readBrackets(p: usize, floor: i32): void {
  opens = 0;
  objects = inObject;
  let rest = brackets;
  while (rest != 0) {
    const index = ctz(rest);
    const c: u32 = load<u8>(p + <usize>index);
    const kind: u64 = 0 - <u64>(c >> 5 & 1);
    const before = inObject;
    if (isOpening(c)) {
      if (depth == depthMax) break;
      depth++;
      store<u32>(frameAt(depth), <u32>kind & objectMark);
      opens |= <u64>1 << index;
      inObject = kind;
    } else {
      if (kind != inObject || depth == floor) break;
      depth--;
      inObject = objectBits(depth);
    }
    objects ^= (inObject ^ before) << index;
    rest &= rest - 1;
  }
  unread = rest;
}

/** Undoes `readBrackets`: reopens the containers that were closed, removes those that were opened. */
export function unreadBrackets(p: usize): void {
  let rest = brackets & ~unread;
  while (rest != 0) {
    const index = 63 - clz(rest);
    const c: u32 = load<u8>(p + <usize>index);
    if (isOpening(c)) {
      depth--;
    } else {
      depth++;
      store<u32>(frameAt(depth), (c & 0x20) != 0 ? objectMark : 0);
    }
    rest ^= <u64>1 << index;
  }
}

/** Whether a bracket opens a container: bit 1 is set in `[` and `{` only. */
@inline
function isOpening(c: u32): bool {
  return (c & 2) != 0;
}

@inline
function objectBits(at: i32): u64 {
  return isObjectAt(at) ? <u64>-1 : 0;
}
