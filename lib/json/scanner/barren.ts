/**
 * The way through a container in which nothing can be selected: every byte is checked, nothing is looked up. Most of a
 * document is read here.
 *
 * @module
 */

import { depthMax } from "./layout";
import { expectNext, skipExpected } from "./names";
import { after, colon, firstName, firstValue, frameAt, isObjectAt, name, objectMark, value } from "./place";
import { skipBlank, skipName, skipScalar } from "./skip";

/** In place of the state of an object: there is none here. */
const nobody = -2;

/** Where in the grammar `skipBarren` stopped. */
export let stateBehind = value;
/** How many brackets were open there. */
export let depthBehind = 0;

/**
 * Goes on from `at`, as long as all is whole and right, up to the end of the container at the depth `floor`. What stops
 * it earlier is left to the general way.
 */
export function skipBarren(at: usize, end: usize, floor: i32, depth: i32, state: i32): usize {
  let p = at;
  let isObject = isObjectAt(depth);
  while (true) {
    let c: u32 = load<u8>(p);
    if (c <= 0x20) {
      p = skipBlank(p);
      c = load<u8>(p);
    }
    if (state == name || state == firstName && c == 0x22) {
      const q = skipMember(p, c);
      if (q == p) break;
      p = q;
      state = value;
    } else if (state == after && c == 0x2c) {
      p++;
      state = isObject ? name : value;
    } else if (state <= firstValue && (c == 0x7b || c == 0x5b)) {
      if (depth == depthMax) break;
      p++;
      depth++;
      isObject = c == 0x7b;
      store<u32>(frameAt(depth), isObject ? objectMark : 0);
      state = isObject ? firstName : firstValue;
    } else if (state <= firstValue && c != 0x5d) {
      const q = skipScalar(p, c, end);
      if (q == p) break;
      p = q;
      state = after;
      if (load<u8>(p) == 0x2c) {
        p++;
        state = isObject ? name : value;
      }
    } else if (state != value && state != colon && c == (isObject ? 0x7d : 0x5d) && depth > floor) {
      p++;
      depth--;
      isObject = isObjectAt(depth);
      state = after;
    } else break;
  }
  stateBehind = state;
  depthBehind = depth;
  return p;
}

/** Behind a name and its colon; `p` itself where they are wrong or cut. */
@inline
function skipMember(p: usize, c: u32): usize {
  const expected = skipExpected(p, nobody);
  if (expected != p || c != 0x22) return expected;
  const q = skipName(p);
  if (q != p) expectNext(p, q, nobody, 0);
  return q;
}
