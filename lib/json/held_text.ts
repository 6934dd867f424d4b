/**
 * The pieces of a text that are over but still needed, because something that began in them is not complete: whole
 * pieces in, any part of them out. It holds what lies behind one offset and at most a piece more; the tokenizer
 * bounds how far back that is.
 *
 * @module
 */

/** Pieces in a row, found again by their offset in the whole text, in UTF-16 units. */
export class HeldText {
  readonly #pieces: string[] = [];
  /** The offset of the first piece. */
  #base = 0;

  /** Adds the piece at the offset `base`, and lets go of every piece that lies wholly before `first`. */
  keep(piece: string, base: number, first: number): void {
    if (this.#pieces.length === 0) this.#base = base;
    this.#pieces.push(piece);
    let ended = 0;
    while (ended < this.#pieces.length && this.#base + this.#pieces[ended]!.length <= first) {
      this.#base += this.#pieces[ended++]!.length;
    }
    if (ended > 0) this.#pieces.splice(0, ended);
  }

  /** Everything held from the offset `start` on. */
  from(start: number): string {
    let text = "";
    let base = this.#base;
    for (const piece of this.#pieces) {
      text += piece.slice(Math.max(0, start - base));
      base += piece.length;
    }
    return text;
  }
}
