/**
 * The body of a `bgp-updates` answer: an envelope with any number of records in its middle, made block by block while
 * it is sent. Its exact length is known before. Holds one block and one sheet of patterns.
 *
 * @module
 */

import type { Body } from "../../engine/body.ts";
import type { Stretch } from "./history.ts";
import { BLOCK_BYTES, type UpdateEncoder } from "./update_encoder.ts";

const OPENING_BRACKET = "[".charCodeAt(0);
const encoder = new TextEncoder();

/** What the records are put between, and which. */
export interface UpdatesParts {
  /** Envelope up to the bracket that opens the records, which is its last byte. Below 64 KiB. */
  readonly head: string;
  /** Envelope from the bracket that closes the records. Below 64 KiB. */
  readonly tail: string;
  /** What the records are copied from. */
  readonly sheet: UpdateEncoder;
  /** The records, afresh on every call. */
  readonly stretches: () => Iterable<Stretch>;
}

/** The body of all records between head and tail. */
export function updatesBody({ head, tail, sheet, stretches }: UpdatesParts): Body {
  const headBytes = encoder.encode(head);
  const tailBytes = encoder.encode(tail);
  let recordsLength = 0;
  for (const stretch of stretches()) recordsLength += sheet.lengthOf(stretch);
  // The first record has no comma before it.
  const length = headBytes.length + Math.max(0, recordsLength - 1) + tailBytes.length;

  function* blocks(): Generator<Uint8Array> {
    const block = new Uint8Array(Math.min(length, BLOCK_BYTES));
    block.set(headBytes);
    let at = headBytes.length;
    let opened = false;
    for (const stretch of stretches()) {
      let next = stretch.first;
      while (next < stretch.end) {
        // The first record is written so that its comma falls on the bracket, which is then put back.
        ({ next, at } = sheet.fill(block, { stretch, first: next, at: opened ? at : at - 1 }));
        if (!opened) block[headBytes.length - 1] = OPENING_BRACKET;
        opened = true;
        if (next === stretch.end) break;
        yield block.subarray(0, at);
        at = 0;
      }
    }
    if (at + tailBytes.length > block.length) {
      yield block.subarray(0, at);
      at = 0;
    }
    block.set(tailBytes, at);
    yield block.subarray(0, at + tailBytes.length);
  }

  return { length, blocks };
}
