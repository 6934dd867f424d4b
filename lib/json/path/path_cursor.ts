/**
 * The lexer of paths and filters: white space, quoted strings, single tokens. Each method reads from `at` and moves it
 * behind what it has read.
 *
 * @module
 */

import { PathSyntaxError, UnsupportedPathError } from "./path_error.ts";

const blank = /[ \t\n\r]*/y;
const plainInSingle = /[\x20-\x26\x28-\x5b\x5d-\ud7ff\ue000-\u{10ffff}]*/uy;
const plainInDouble = /[\x20-\x21\x23-\x5b\x5d-\ud7ff\ue000-\u{10ffff}]*/uy;
const lowSurrogate = /\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}/y;
const hexDigits = /[0-9A-Fa-f]{4}/y;

/** The characters behind a backslash and their meanings, without quotes and `u`. */
const escapes: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  "/": "/",
  "\\": "\\",
};

/** One reading of a path, from left to right. */
export class PathCursor {
  /** UTF-16 units read so far. */
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether the whole path is read. */
  get atEnd(): boolean {
    return this.at === this.#text.length;
  }

  /** Whether `text` follows; if so, reads it. */
  take(text: string): boolean {
    const found = this.#text.startsWith(text, this.at);
    if (found) this.at += text.length;
    return found;
  }

  /** Reads what a sticky expression matches here; empty if it does not match. */
  match(sticky: RegExp): string {
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.#text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  /** Skips white space. */
  blank(): void {
    this.match(blank);
  }

  /** Reads a string in single or double quotes and decodes it; `undefined` if no quote follows. */
  quoted(): string | undefined {
    if (this.take("'")) return this.#string("'", plainInSingle);
    if (this.take('"')) return this.#string('"', plainInDouble);
    return undefined;
  }

  /** @throws {PathSyntaxError} Always: `rule` is broken at `offset`. */
  fail(rule: string, offset: number = this.at): never {
    throw new PathSyntaxError(rule, { path: this.#text, offset });
  }

  /** @throws {UnsupportedPathError} Always: `rule` is broken at `offset`. */
  refuse(rule: string, offset: number): never {
    throw new UnsupportedPathError(rule, { path: this.#text, offset });
  }

  /** Reads from behind the opening quote. */
  #string(quote: string, plain: RegExp): string {
    let text = "";
    for (;;) {
      text += this.match(plain);
      if (this.take(quote)) return text;
      if (this.atEnd) this.fail("a quote is not closed");
      if (!this.take("\\")) this.fail("quotes must not contain control characters or lone surrogates");
      text += this.#escape(quote);
    }
  }

  /** Reads from behind the backslash. */
  #escape(quote: string): string {
    const at = this.at - 1;
    if (this.take(quote)) return quote;
    if (this.take("u")) return this.#unicode(at);
    const meaning = escapes[this.#text.charAt(this.at)];
    if (meaning === undefined) this.fail("an escape is not known", at);
    this.at++;
    return meaning;
  }

  /** Reads from behind the `u`: one code point, which takes two escapes if it is a surrogate pair. */
  #unicode(at: number): string {
    const hex = this.match(hexDigits);
    if (hex === "") this.fail("four hexadecimal digits must follow \\u", at);
    const unit = Number.parseInt(hex, 16);
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    const low = unit < 0xdc00 ? this.match(lowSurrogate) : "";
    if (low === "") this.fail("a surrogate must be followed by the other half of its pair", at);
    return String.fromCharCode(unit, Number.parseInt(low.slice(2), 16));
  }
}
