/**
 * Parses an RFC 9535 JSONPath: text in, a `Path` out. It knows the whole grammar; a path that one pass in bounded
 * memory cannot follow is refused with `UnsupportedPathError`. It never sees a document.
 *
 * @module
 */

import { FilterReader, isSingular } from "./filter_parser.ts";
import { PathCursor } from "./path_cursor.ts";
import type { Path, Segment, Selector, Slice } from "./path_types.ts";

export { PathSyntaxError, UnsupportedPathError } from "./path_error.ts";

/**
 * Parses one path.
 *
 * @throws {UnsupportedPathError} If the path counts from the end of an array, refers to the root in a filter, or has a
 * filter beside other selectors in one bracket.
 * @throws {PathSyntaxError} If the text is not an RFC 9535 path.
 */
export function parsePath(text: string): Path {
  const segments = new PathReader(text).read();
  return { text, segments, singular: isSingular(segments) };
}

// The name characters of RFC 9535, section 2.5.1.1. With the flag `u`, a lone surrogate matches none of them.
const shortName = /[A-Za-z_\u0080-\ud7ff\ue000-\u{10ffff}][0-9A-Za-z_\u0080-\ud7ff\ue000-\u{10ffff}]*/uy;
const integerDigits = /-?[0-9]+/y;
const segmentStart = /\.|\[/y;

const needsDocument = "needs the whole document, which is never held";

/** One reading of a path. Each method reads from the cursor and moves it behind what it has read. */
class PathReader {
  readonly #cursor: PathCursor;
  readonly #filter: FilterReader;
  /** Open filters. Their element is held whole, so paths within may count from the end of an array. */
  #filters = 0;

  constructor(text: string) {
    this.#cursor = new PathCursor(text);
    this.#filter = new FilterReader(this.#cursor, () => this.#within());
  }

  /** Reads the whole path. White space is allowed before a segment, but not at the end. */
  read(): Segment[] {
    const cursor = this.#cursor;
    if (!cursor.take("$")) cursor.fail("a path begins with $");
    const segments: Segment[] = [];
    while (!cursor.atEnd) {
      const before = cursor.at;
      cursor.blank();
      if (cursor.atEnd) cursor.fail("it must not end with white space", before);
      segments.push(this.#segment());
    }
    return segments;
  }

  /** Reads all segments behind `@`, without the white space behind them. */
  #within(): Segment[] {
    const cursor = this.#cursor;
    const segments: Segment[] = [];
    for (;;) {
      const before = cursor.at;
      cursor.blank();
      const begin = cursor.at;
      const follows = cursor.match(segmentStart) !== "";
      cursor.at = follows ? begin : before;
      if (!follows) return segments;
      segments.push(this.#segment());
    }
  }

  /** Reads one segment, which begins with one dot, two dots, or a bracket. */
  #segment(): Segment {
    const cursor = this.#cursor;
    if (cursor.take("..")) {
      return { descendant: true, selectors: cursor.take("[") ? this.#bracket() : [this.#shorthand()] };
    }
    if (cursor.take(".")) return { descendant: false, selectors: [this.#shorthand()] };
    if (cursor.take("[")) return { descendant: false, selectors: this.#bracket() };
    return cursor.fail("a dot or a bracket must follow");
  }

  /** Reads `*` or a name without quotes from behind a dot. */
  #shorthand(): Selector {
    if (this.#cursor.take("*")) return { kind: "wildcard" };
    const name = this.#cursor.match(shortName);
    return name === "" ? this.#cursor.fail("a name or * must follow the dot") : { kind: "name", name };
  }

  /** Reads selectors from behind `[` up to `]`. */
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

  /** Reads one selector in a bracket; a number may begin a slice. */
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
    return cursor.fail(
      cursor.atEnd ? "a bracket is not closed" : "a selector must follow the bracket or comma",
      at,
    );
  }

  /** Reads a slice from behind its first colon. */
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

  /** Reads an integer; `undefined` if none follows. */
  #integer(what: string): number | undefined {
    const cursor = this.#cursor;
    const at = cursor.at;
    const digits = cursor.match(integerDigits);
    if (digits === "") return undefined;
    if (/^(?:-?0[0-9]|-0$)/.test(digits)) cursor.fail("an integer has no leading or negative zero", at);
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) cursor.fail("an integer must be within 2^53 - 1", at);
    if (value < 0 && this.#filters === 0) cursor.refuse(`${what} below zero ${needsDocument}`, at);
    return value;
  }
}
