/**
 * Earlier inputs of a text, kept while a value or name that began in them is incomplete: inputs in, any part of them
 * out. It holds the bytes from one offset on and at most one input more; the caller bounds how far back that is.
 *
 * @module
 */

/** Consecutive inputs, addressed by their byte offset in the whole text. */
export class HeldBytes {
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  /** What the last `join` gave. */
  #joined: Uint8Array<ArrayBuffer> | undefined;
  /** The offset of the first piece. */
  #base = 0;
  /** Bytes held. */
  length = 0;

  /**
   * Drops what the last `join` gave, and the inputs wholly before offset `first`; adds the part behind `first` of
   * `piece`, at offset `base`.
   */
  keep(piece: Uint8Array, base: number, first: number): void {
    free(this.#joined);
    this.#joined = undefined;
    let ended = 0;
    while (ended < this.#pieces.length && this.#base + this.#pieces[ended]!.length <= first) {
      const piece = this.#pieces[ended++]!;
      this.#base += piece.length;
      this.length -= piece.length;
      free(piece);
    }
    if (ended > 0) this.#pieces.splice(0, ended);
    if (first < base + piece.length) this.#add(piece, base, Math.max(0, first - base));
  }

  /** A copy of everything held from offset `start` on, followed by `rest`: valid until the next call of a method. */
  join(start: number, rest: Uint8Array): Uint8Array<ArrayBuffer> {
    const from = start - this.#base;
    const whole = new Uint8Array(this.length - from + rest.length);
    let at = -from;
    for (const piece of this.#pieces) {
      if (at + piece.length > 0) whole.set(at < 0 ? piece.subarray(-at) : piece, Math.max(0, at));
      at += piece.length;
    }
    whole.set(rest, at);
    free(this.#joined);
    return this.#joined = whole;
  }

  #add(piece: Uint8Array, base: number, from: number): void {
    if (this.#pieces.length === 0) this.#base = base + from;
    this.#pieces.push(piece.slice(from));
    this.length += piece.length - from;
  }
}

/** Frees memory at once: the garbage collector leaves tens of MB of buffers for later. */
function free(bytes: Uint8Array<ArrayBuffer> | undefined): void {
  bytes?.buffer.transfer(0);
}
