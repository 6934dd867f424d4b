/**
 * The brackets of a block: which containers they open and close, and so what every comma stands in.
 *
 * @module
 */

import { brackets } from "./block";
import { depthMax } from "./layout";
import { frameAt, isObjectAt, objectMark } from "./place";

/** How many brackets are open behind those that were read. */
export let depth: i32 = 0;
/** The brackets of the block that open something. */
export let opens: u64 = 0;
/** Where the block lies directly in an object. */
export let objects: u64 = 0;
/** The brackets from the first one on that was not read. */
export let unread: u64 = 0;

/** All ones if the innermost container is an object. */
let inObject: u64 = 0;

/** Some brackets are open already. */
export function beginNesting(open: i32): void {
  depth = open;
  inObject = objectBits(open);
}

/**
 * Reads the brackets of the block at `p`, up to the one that would close the container at the depth `floor`, closes
 * another kind than was opened, or opens one too many.
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

/** Opens again what the brackets that were read of the block have closed, and takes back what they have opened. */
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

/** Of a bracket. */
@inline
function isOpening(c: u32): bool {
  return (c & 2) != 0;
}

@inline
function objectBits(at: i32): u64 {
  return isObjectAt(at) ? <u64>-1 : 0;
}
