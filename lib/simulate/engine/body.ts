/**
 * A body on its way out: its length where it is known, and its bytes in blocks of at most 64 KiB that are made while
 * they are sent. A block may be overwritten once the next one is asked for. Also the ways in which a body is changed:
 * spoiled, ended early, compressed.
 *
 * @module
 */

import { BLOCK_BYTES } from "../profiles/ripestat/update_encoder.ts";

/** What is sent after the head of an answer. */
export interface Body {
  /** In bytes; infinite where only its end will tell. */
  readonly length: number;
  /** The bytes, from the first, on every call. */
  blocks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

const encoder = new TextEncoder();

/** A body that is held. */
export function bytesBody(bytes: Uint8Array): Body {
  return {
    length: bytes.length,
    *blocks() {
      for (let at = 0; at < bytes.length; at += BLOCK_BYTES) yield bytes.subarray(at, at + BLOCK_BYTES);
    },
  };
}

/** The body that a text is. */
export function textBody(text: string): Body {
  return bytesBody(encoder.encode(text));
}

/** The same body with the byte `at` replaced by one that JSON allows nowhere. */
export function spoilBody(body: Body, at: number): Body {
  return {
    length: body.length,
    async *blocks() {
      let sent = 0;
      for await (const block of body.blocks()) {
        const spoilt = at >= sent && at < sent + block.length ? block.slice() : block;
        if (spoilt !== block) spoilt[at - sent] = 0x01;
        sent += block.length;
        yield spoilt;
      }
    },
  };
}

/** The first `length` bytes of a body, as if it were all of it. */
export function shortenBody(body: Body, length: number): Body {
  return {
    length,
    async *blocks() {
      let left = length;
      for await (const block of body.blocks()) {
        yield block.subarray(0, left);
        left -= block.length;
        if (left <= 0) return;
      }
    },
  };
}

/** A body compressed by gzip; held where the plain one is small, so that its length is known. */
export async function gzipBody(body: Body): Promise<Body> {
  const zipped = { length: Infinity, blocks: () => gzipBlocks(body) };
  if (body.length >= BLOCK_BYTES) return zipped;
  return bytesBody(new Uint8Array(await new Response(ReadableStream.from(zipped.blocks())).arrayBuffer()));
}

/** A body compressed by gzip and broken: half of its first block is followed by bytes that mean nothing. */
export function brokenGzipBody(body: Body): Body {
  return {
    length: Infinity,
    async *blocks() {
      for await (const block of gzipBlocks(body)) {
        // The header of ten bytes stays whole, and the end mark is never reached.
        const half = Math.max(10, Math.floor(block.length / 2));
        yield block.subarray(0, half);
        yield new Uint8Array(64).fill(0xff);
        return;
      }
    },
  };
}

function gzipBlocks(body: Body): ReadableStream<Uint8Array> {
  async function* copies(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    // The stream reads ahead, so it must not see a block that is overwritten.
    for await (const block of body.blocks()) yield block.slice();
  }
  return ReadableStream.from(copies()).pipeThrough(new CompressionStream("gzip"));
}
