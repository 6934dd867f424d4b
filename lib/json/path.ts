/**
 * Reads an RFC 9535 JSONPath: text in, a `Path` of segments out. It knows the whole grammar except filters; what
 * one pass over a document in bounded memory cannot answer is refused by name. It never looks at a document.
 *
 * @module
 */

/** What picks children of one node. A filter will become a further kind. */
export type Selector =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "wildcard" }
  | { readonly kind: "index"; readonly index: number }
  | Slice;

/** Elements `start` ≤ i < `end`, every `step`-th. */
export interface Slice {
  /** Tells it from the other selectors. */
  readonly kind: "slice";
  /** From 0. */
  readonly start: number;
  /** Absent: up to the last element. */
  readonly end?: number;
  /** 0 picks none. */
  readonly step: number;
}

/** The children of a node that any selector picks; with `descendant` also those of everything below it. */
export interface Segment {
  /** Whether it was written with two dots. */
  readonly descendant: boolean;
  /** One or more. */
  readonly selectors: readonly Selector[];
}

/** A path that was understood. */
export interface Path {
  /** As written. */
  readonly text: string;
  /** From the root down; none selects the root. */
  readonly segments: readonly Segment[];
  /** Whether it selects one node at most, by its form alone. (A repeated name in a document still gives several.) */
  readonly singular: boolean;
}

/** The text is no RFC 9535 path. */
export class PathSyntaxError extends SyntaxError {
  /** The class. */
  override readonly name: string = "PathSyntaxError";
  /** The path as written. */
  readonly path: string;
  /** UTF-16 units from the start of the path, from 0. The message counts from 1. */
  readonly offset: number;

  /** `reason` completes "Cannot read the path … as". */
  constructor(reason: string, at: { readonly path: string; readonly offset: number }) {
    super(`Cannot read the path ${JSON.stringify(at.path)} as ${reason}: at character ${at.offset + 1}`);
    this.path = at.path;
    this.offset = at.offset;
  }
}

/** The path is right, but it cannot be followed in one pass. */
export class UnsupportedPathError extends PathSyntaxError {
  /** The class. */
  override readonly name = "UnsupportedPathError";
}

/**
 * Reads one path.
 *
 * @throws {UnsupportedPathError} If it has a filter, or counts from the end of an array.
 * @throws {PathSyntaxError} If it is not a path.
 */
export function parsePath(text: string): Path {
  const segments = new PathReader(text).read();
  const singular = segments.every(({ descendant, selectors }) =>
    !descendant && selectors.length === 1 && (selectors[0]?.kind === "name" || selectors[0]?.kind === "index")
  );
  return { text, segments, singular };
}

// The name characters of RFC 9535, section 2.5.1.1. With the flag `u`, a lone surrogate matches none of them.
const SHORT_NAME = /[A-Za-z_\u0080-\ud7ff\ue000-\u{10ffff}][0-9A-Za-z_\u0080-\ud7ff\ue000-\u{10ffff}]*/uy;
const BLANK = /[ \t\n\r]*/y;
const INTEGER = /-?[0-9]+/y;
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

const FROM_THE_END = "needs the whole document, which is never held";

/** One reading from left to right; each method begins at `#at` and leaves it behind what it read. */
class PathReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The whole path. White space may stand before a segment, but not at the end. */
  read(): Segment[] {
    if (!this.#take("$")) this.#fail("a path begins with $");
    const segments: Segment[] = [];
    while (this.#at < this.#text.length) {
      const before = this.#at;
      this.#match(BLANK);
      if (this.#at === this.#text.length) this.#fail("white space may not end it", before);
      segments.push(this.#segment());
    }
    return segments;
  }

  /** One segment, written with a dot, two, or a bracket. */
  #segment(): Segment {
    if (this.#take("..")) {
      return { descendant: true, selectors: this.#take("[") ? this.#bracket() : [this.#shorthand()] };
    }
    if (this.#take(".")) return { descendant: false, selectors: [this.#shorthand()] };
    if (this.#take("[")) return { descendant: false, selectors: this.#bracket() };
    return this.#fail("a dot or a bracket must follow");
  }

  /** Behind a dot: `*` or a name without quotes. */
  #shorthand(): Selector {
    if (this.#take("*")) return { kind: "wildcard" };
    const name = this.#match(SHORT_NAME);
    return name === "" ? this.#fail("a name or * must follow the dot") : { kind: "name", name };
  }

  /** Behind `[`: selectors with commas between them, up to `]`. */
  #bracket(): Selector[] {
    const selectors: Selector[] = [];
    do {
      this.#match(BLANK);
      selectors.push(this.#selector());
      this.#match(BLANK);
    } while (this.#take(","));
    if (this.#take("]")) return selectors;
    return this.#fail(this.#atEnd() ? "a bracket is not closed" : "a comma or a closing bracket must follow");
  }

  /** One selector in a bracket; a number may turn out to begin a slice. */
  #selector(): Selector {
    if (this.#take("*")) return { kind: "wildcard" };
    if (this.#take("'")) return { kind: "name", name: this.#quoted("'", PLAIN_IN_SINGLE) };
    if (this.#take('"')) return { kind: "name", name: this.#quoted('"', PLAIN_IN_DOUBLE) };
    if (this.#text.startsWith("?", this.#at)) this.#refuse("filters are not supported yet", this.#at);
    const at = this.#at;
    const first = this.#integer("an index");
    const afterFirst = this.#at;
    this.#match(BLANK);
    if (this.#take(":")) return this.#slice(first);
    this.#at = afterFirst;
    if (first !== undefined) return { kind: "index", index: first };
    return this.#fail(this.#atEnd() ? "a bracket is not closed" : "a selector must stand in a bracket", at);
  }

  /** Behind the first colon. */
  #slice(first: number | undefined): Slice {
    this.#match(BLANK);
    const end = this.#integer("the end of a slice");
    let step: number | undefined;
    const afterEnd = this.#at;
    this.#match(BLANK);
    if (this.#take(":")) {
      const afterColon = this.#at;
      this.#match(BLANK);
      step = this.#integer("the step of a slice");
      if (step === undefined) this.#at = afterColon;
    } else {
      this.#at = afterEnd;
    }
    return { kind: "slice", start: first ?? 0, ...(end !== undefined && { end }), step: step ?? 1 };
  }

  /** An integer, or `undefined` where none stands. */
  #integer(what: string): number | undefined {
    const at = this.#at;
    const digits = this.#match(INTEGER);
    if (digits === "") return undefined;
    if (/^(?:-?0[0-9]|-0$)/.test(digits)) this.#fail("an integer has no leading or negative zero", at);
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) this.#fail("an integer must be within 2^53 - 1", at);
    if (value < 0) this.#refuse(`${what} below zero ${FROM_THE_END}`, at);
    return value;
  }

  /** Behind the opening quote: the name, its escapes decoded. */
  #quoted(quote: string, plain: RegExp): string {
    let name = "";
    for (;;) {
      name += this.#match(plain);
      if (this.#take(quote)) return name;
      if (this.#atEnd()) this.#fail("a quote is not closed");
      if (!this.#take("\\")) this.#fail("a control character or a lone surrogate may not stand in a name");
      name += this.#escape(quote);
    }
  }

  /** Behind the backslash. */
  #escape(quote: string): string {
    const at = this.#at - 1;
    if (this.#take(quote)) return quote;
    if (this.#take("u")) return this.#unicode(at);
    const meaning = ESCAPES[this.#text.charAt(this.#at)];
    if (meaning === undefined) this.#fail("an escape is not known", at);
    this.#at++;
    return meaning;
  }

  /** Behind the `u`: one code point, from two escapes where it takes a surrogate pair. */
  #unicode(at: number): string {
    const hex = this.#match(HEX);
    if (hex === "") this.#fail("four hexadecimal digits must follow \\u", at);
    const unit = Number.parseInt(hex, 16);
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    const low = unit < 0xdc00 ? this.#match(LOW_SURROGATE) : "";
    if (low === "") this.#fail("a surrogate stands alone", at);
    return String.fromCharCode(unit, Number.parseInt(low.slice(2), 16));
  }

  /** Whether `text` stands here; if so, it is read. */
  #take(text: string): boolean {
    const found = this.#text.startsWith(text, this.#at);
    if (found) this.#at += text.length;
    return found;
  }

  /** What the expression finds here, read; empty where it finds nothing. */
  #match(sticky: RegExp): string {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  #fail(reason: string, offset: number = this.#at): never {
    throw new PathSyntaxError(reason, { path: this.#text, offset });
  }

  #refuse(reason: string, offset: number): never {
    throw new UnsupportedPathError(reason, { path: this.#text, offset });
  }
}
