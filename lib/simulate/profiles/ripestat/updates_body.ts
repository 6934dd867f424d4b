/**
 * The body of a `bgp-updates` answer: an envelope around any number of records, encoded block by block while it is
 * sent. Its exact length is known in advance. Holds one block and the encoder's patterns.
 *
 * @module
 */

import { blockBytes, type Body } from "../../engine/body.ts";
import type { Stretch } from "./history.ts";
import type { UpdateEncoder } from "./update_encoder.ts";

const openingBracket = "[".charCodeAt(0);
const textEncoder = new TextEncoder();

/** The envelope and the records. */
export interface UpdatesParts {
  /** The envelope up to and including the opening bracket of the records. Below 64 KiB. */
  readonly head: string;
  /** The envelope from the closing bracket of the records. Below 64 KiB. */
  readonly tail: string;
  /** Encodes the records. */
  readonly encoder: UpdateEncoder;
  /** The records; every call starts over. */
  readonly stretches: () => Iterable<Stretch>;
}

/** Makes the body of an envelope with its records. */
export function updatesBody({ head, tail, encoder, stretches }: UpdatesParts): Body {
  const headBytes = textEncoder.encode(head);
  const tailBytes = textEncoder.encode(tail);
  let recordsLength = 0;
  for (const stretch of stretches()) recordsLength += encoder.lengthOf(stretch);
  // The first record has no comma before it.
  const length = headBytes.length + Math.max(0, recordsLength - 1) + tailBytes.length;

  function* blocks(): Generator<Uint8Array> {
    const block = new Uint8Array(Math.min(length, blockBytes));
    block.set(headBytes);
    let at = headBytes.length;
    let opened = false;
    for (const stretch of stretches()) {
      let next = stretch.first;
      while (next < stretch.end) {
        // The comma of the first record overwrites the bracket, which is then restored.
        ({ next, at } = encoder.fill(block, { stretch, first: next, at: opened ? at : at - 1 }));
        if (!opened) block[headBytes.length - 1] = openingBracket;
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
