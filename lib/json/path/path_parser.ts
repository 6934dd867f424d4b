/**
 * Reads an RFC 9535 JSONPath: text in, a `Path` of segments out. It knows the whole grammar; what one pass over a
 * document in bounded memory cannot answer is refused by name. It never looks at a document.
 *
 * @module
 */

import { FilterReader, isSingular } from "./filter_parser.ts";
import { PathCursor } from "./path_cursor.ts";
import type { Path, Segment, Selector, Slice } from "./path_types.ts";

export { PathSyntaxError, UnsupportedPathError } from "./path_error.ts";

/**
 * Reads one path.
 *
 * @throws {UnsupportedPathError} If it counts from the end of an array, looks from a filter at the root, or has a
 * filter beside other selectors.
 * @throws {PathSyntaxError} If it is not a path.
 */
export function parsePath(text: string): Path {
  const segments = new PathReader(text).read();
  return { text, segments, singular: isSingular(segments) };
}

// The name characters of RFC 9535, section 2.5.1.1. With the flag `u`, a lone surrogate matches none of them.
const SHORT_NAME = /[A-Za-z_\u0080-\ud7ff\ue000-\u{10ffff}][0-9A-Za-z_\u0080-\ud7ff\ue000-\u{10ffff}]*/uy;
const INTEGER = /-?[0-9]+/y;
const SEGMENT = /\.|\[/y;

const FROM_THE_END = "needs the whole document, which is never held";

/** One reading from left to right; each method begins at the cursor and leaves it behind what it read. */
class PathReader {
  readonly #cursor: PathCursor;
  readonly #filter: FilterReader;
  /** How many filters are open. An element is held whole in them, so that their paths may count from an end. */
  #filters = 0;

  constructor(text: string) {
    this.#cursor = new PathCursor(text);
    this.#filter = new FilterReader(this.#cursor, () => this.#within());
  }

  /** The whole path. White space may stand before a segment, but not at the end. */
  read(): Segment[] {
    const cursor = this.#cursor;
    if (!cursor.take("$")) cursor.fail("a path begins with $");
    const segments: Segment[] = [];
    while (!cursor.atEnd) {
      const before = cursor.at;
      cursor.blank();
      if (cursor.atEnd) cursor.fail("white space may not end it", before);
      segments.push(this.#segment());
    }
    return segments;
  }

  /** Behind `@`: as many segments as there are. White space behind them is not theirs. */
  #within(): Segment[] {
    const cursor = this.#cursor;
    const segments: Segment[] = [];
    for (;;) {
      const before = cursor.at;
      cursor.blank();
      const begin = cursor.at;
      const follows = cursor.match(SEGMENT) !== "";
      cursor.at = follows ? begin : before;
      if (!follows) return segments;
      segments.push(this.#segment());
    }
  }

  /** One segment, written with a dot, two, or a bracket. */
  #segment(): Segment {
    const cursor = this.#cursor;
    if (cursor.take("..")) {
      return { descendant: true, selectors: cursor.take("[") ? this.#bracket() : [this.#shorthand()] };
    }
    if (cursor.take(".")) return { descendant: false, selectors: [this.#shorthand()] };
    if (cursor.take("[")) return { descendant: false, selectors: this.#bracket() };
    return cursor.fail("a dot or a bracket must follow");
  }

  /** Behind a dot: `*` or a name without quotes. */
  #shorthand(): Selector {
    if (this.#cursor.take("*")) return { kind: "wildcard" };
    const name = this.#cursor.match(SHORT_NAME);
    return name === "" ? this.#cursor.fail("a name or * must follow the dot") : { kind: "name", name };
  }

  /** Behind `[`: selectors with commas between them, up to `]`. */
  #bracket(): Selector[] {
    const cursor = this.#cursor;
    const selectors: Selector[] = [];
    let filterAt: number | undefined;
    do {
      cursor.blank();
      const at = cursor.at;
      const selector = this.#selector();
      if (selector.kind === "filter") filterAt ??= at;
      selectors.push(selector);
      cursor.blank();
    } while (cursor.take(","));
    if (!cursor.take("]")) {
      cursor.fail(cursor.atEnd ? "a bracket is not closed" : "a comma or a closing bracket must follow");
    }
    if (filterAt !== undefined && selectors.length > 1 && this.#filters === 0) {
      cursor.refuse("a filter must stand alone in its bracket", filterAt);
    }
    return selectors;
  }

  /** One selector in a bracket; a number may turn out to begin a slice. */
  #selector(): Selector {
    const cursor = this.#cursor;
    if (cursor.take("*")) return { kind: "wildcard" };
    const name = cursor.quoted();
    if (name !== undefined) return { kind: "name", name };
    if (cursor.take("?")) {
      this.#filters++;
      const expression = this.#filter.read();
      this.#filters--;
      return { kind: "filter", expression };
    }
    const at = cursor.at;
    const first = this.#integer("an index");
    const afterFirst = cursor.at;
    cursor.blank();
    if (cursor.take(":")) return this.#slice(first);
    cursor.at = afterFirst;
    if (first !== undefined) return { kind: "index", index: first };
    return cursor.fail(cursor.atEnd ? "a bracket is not closed" : "a selector must stand in a bracket", at);
  }

  /** Behind the first colon. */
  #slice(first: number | undefined): Slice {
    const cursor = this.#cursor;
    cursor.blank();
    const end = this.#integer("the end of a slice");
    let step: number | undefined;
    const afterEnd = cursor.at;
    cursor.blank();
    if (cursor.take(":")) {
      const afterColon = cursor.at;
      cursor.blank();
      step = this.#integer("the step of a slice");
      if (step === undefined) cursor.at = afterColon;
    } else {
      cursor.at = afterEnd;
    }
    step ??= 1;
    return {
      kind: "slice",
      start: first ?? (step < 0 ? Infinity : 0),
      ...(end !== undefined && { end }),
      step,
    };
  }

  /** An integer, or `undefined` where none stands. */
  #integer(what: string): number | undefined {
    const cursor = this.#cursor;
    const at = cursor.at;
    const digits = cursor.match(INTEGER);
    if (digits === "") return undefined;
    if (/^(?:-?0[0-9]|-0$)/.test(digits)) cursor.fail("an integer has no leading or negative zero", at);
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) cursor.fail("an integer must be within 2^53 - 1", at);
    if (value < 0 && this.#filters === 0) cursor.refuse(`${what} below zero ${FROM_THE_END}`, at);
    return value;
  }
}
