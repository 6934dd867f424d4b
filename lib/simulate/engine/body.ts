/**
 * Bodies: their length, if known, and their bytes in blocks of at most 64 KiB, produced while they are sent. A block
 * may be overwritten once the next one is requested. Also the changes that faults make to a body: a spoiled byte, an
 * early end, compression.
 *
 * @module
 */

/** Largest block of a body, in bytes. Bodies below this size are framed by their length unless the options differ. */
export const blockBytes = 64 * 1_024;

/** The bytes after the head of an answer. */
export interface Body {
  /** In bytes; infinite if the length is unknown until the end. */
  readonly length: number;
  /** All bytes from the first; every call starts over. */
  blocks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

const encoder = new TextEncoder();

/** A body of bytes in memory. */
export function bytesBody(bytes: Uint8Array): Body {
  return {
    length: bytes.length,
    *blocks() {
      for (let at = 0; at < bytes.length; at += blockBytes) yield bytes.subarray(at, at + blockBytes);
    },
  };
}

/** A body of text, encoded as UTF-8. */
export function textBody(text: string): Body {
  return bytesBody(encoder.encode(text));
}

/** The same body with byte `at` replaced by U+0001, which JSON allows nowhere. */
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

/** A complete body of the first `length` bytes of another. */
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

/** A body compressed with gzip. A plain body below 64 KiB is compressed in memory, so its length is known. */
export async function gzipBody(body: Body): Promise<Body> {
  const zipped = { length: Infinity, blocks: () => gzipBlocks(body) };
  if (body.length >= blockBytes) return zipped;
  return bytesBody(new Uint8Array(await new Response(ReadableStream.from(zipped.blocks())).arrayBuffer()));
}

/** A gzip stream that breaks: the first half of its first block, then 64 bytes that no decoder accepts. */
export function brokenGzipBody(body: Body): Body {
  return {
    length: Infinity,
    async *blocks() {
      for await (const block of gzipBlocks(body)) {
        // Keep the gzip header of ten bytes, so that a decoder starts and then fails.
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
    // The compressor reads ahead, and the body overwrites its blocks.
    for await (const block of body.blocks()) yield block.slice();
  }
  return ReadableStream.from(copies()).pipeThrough(new CompressionStream("gzip"));
}
