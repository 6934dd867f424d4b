/**
 * What is still needed of the pieces of a text that are over, because something that began in them is not complete:
 * pieces in, any part of them out. It holds what lies behind one offset and at most a piece more; the tokenizer bounds
 * how far back that is.
 *
 * @module
 */

/** Pieces in a row, found again by their offset in the whole text, in bytes. */
export class HeldBytes {
  readonly #pieces: Uint8Array[] = [];
  /** The offset of the first piece. */
  #base = 0;
  #length = 0;

  /** Lets go of every piece that lies wholly before `first`, and adds what lies behind it of the piece at `base`. */
  keep(piece: Uint8Array, base: number, first: number): void {
    let ended = 0;
    while (ended < this.#pieces.length && this.#base + this.#pieces[ended]!.length <= first) {
      const { length } = this.#pieces[ended++]!;
      this.#base += length;
      this.#length -= length;
    }
    if (ended > 0) this.#pieces.splice(0, ended);
    if (first < base + piece.length) this.#add(piece, base, Math.max(0, first - base));
  }

  /** Everything held from the offset `start` on, and `rest` behind it. */
  join(start: number, rest: Uint8Array): Uint8Array<ArrayBuffer> {
    const from = start - this.#base;
    const whole = new Uint8Array(this.#length - from + rest.length);
    let at = -from;
    for (const piece of this.#pieces) {
      if (at + piece.length > 0) whole.set(at < 0 ? piece.subarray(-at) : piece, Math.max(0, at));
      at += piece.length;
    }
    whole.set(rest, at);
    return whole;
  }

  #add(piece: Uint8Array, base: number, from: number): void {
    if (this.#pieces.length === 0) this.#base = base + from;
    this.#pieces.push(piece.slice(from));
    this.#length += piece.length - from;
  }
}
