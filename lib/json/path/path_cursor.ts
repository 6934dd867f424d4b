/**
 * A place in the text of a JSONPath, and the small things that stand in paths and filters alike: white space, quoted
 * strings, single marks. Each method begins at `at` and leaves it behind what it read.
 *
 * @module
 */

import { PathSyntaxError, UnsupportedPathError } from "./path_error.ts";

const BLANK = /[ \t\n\r]*/y;
const PLAIN_IN_SINGLE = /[\x20-\x26\x28-\x5b\x5d-\ud7ff\ue000-\u{10ffff}]*/uy;
const PLAIN_IN_DOUBLE = /[\x20-\x21\x23-\x5b\x5d-\ud7ff\ue000-\u{10ffff}]*/uy;
const LOW_SURROGATE = /\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}/y;
const HEX = /[0-9A-Fa-f]{4}/y;

/** What follows a backslash, and what it stands for; quotes and `u` are apart. */
const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  "/": "/",
  "\\": "\\",
};

/** One reading of one path from left to right. */
export class PathCursor {
  /** UTF-16 units read so far. */
  at = 0;
  readonly #text: string;

  /** Begins in front of `text`. */
  constructor(text: string) {
    this.#text = text;
  }

  /** Whether all is read. */
  get atEnd(): boolean {
    return this.at === this.#text.length;
  }

  /** Whether `text` stands here; if so, it is read. */
  take(text: string): boolean {
    const found = this.#text.startsWith(text, this.at);
    if (found) this.at += text.length;
    return found;
  }

  /** What the expression finds here, read; empty where it finds nothing. */
  match(sticky: RegExp): string {
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.#text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  /** Reads white space, if any. */
  blank(): void {
    this.match(BLANK);
  }

  /** A string in either kind of quotes, its escapes decoded; `undefined` where none begins. */
  quoted(): string | undefined {
    if (this.take("'")) return this.#string("'", PLAIN_IN_SINGLE);
    if (this.take('"')) return this.#string('"', PLAIN_IN_DOUBLE);
    return undefined;
  }

  /** @throws {PathSyntaxError} Always, for `offset`. */
  fail(reason: string, offset: number = this.at): never {
    throw new PathSyntaxError(reason, { path: this.#text, offset });
  }

  /** @throws {UnsupportedPathError} Always, for `offset`. */
  refuse(reason: string, offset: number): never {
    throw new UnsupportedPathError(reason, { path: this.#text, offset });
  }

  /** Behind the opening quote. */
  #string(quote: string, plain: RegExp): string {
    let text = "";
    for (;;) {
      text += this.match(plain);
      if (this.take(quote)) return text;
      if (this.atEnd) this.fail("a quote is not closed");
      if (!this.take("\\")) this.fail("a control character or a lone surrogate may not stand in quotes");
      text += this.#escape(quote);
    }
  }

  /** Behind the backslash. */
  #escape(quote: string): string {
    const at = this.at - 1;
    if (this.take(quote)) return quote;
    if (this.take("u")) return this.#unicode(at);
    const meaning = ESCAPES[this.#text.charAt(this.at)];
    if (meaning === undefined) this.fail("an escape is not known", at);
    this.at++;
    return meaning;
  }

  /** Behind the `u`: one code point, from two escapes where it takes a surrogate pair. */
  #unicode(at: number): string {
    const hex = this.match(HEX);
    if (hex === "") this.fail("four hexadecimal digits must follow \\u", at);
    const unit = Number.parseInt(hex, 16);
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    const low = unit < 0xdc00 ? this.match(LOW_SURROGATE) : "";
    if (low === "") this.fail("a surrogate stands alone", at);
    return String.fromCharCode(unit, Number.parseInt(low.slice(2), 16));
  }
}
