/**
 * Parses filter expressions of RFC 9535 (section 2.3.5) and checks their types: the text behind `?` in, an `Expression`
 * out. It does not evaluate. The path parser supplies the function that reads paths within a filter.
 *
 * @module
 */

import { jsonLimits } from "../../limits.ts";
import type { PathCursor } from "./path_cursor.ts";
import type { Expression, Nodes, Operand, Operator, Segment } from "./path_types.ts";

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const word = /[a-z][a-z_0-9]*/y;
const operators = /[=!<>]=|[<>]/y;

const literals: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/** The functions of section 2.4 and their numbers of arguments. */
const argumentCounts: ReadonlyMap<string, number> = new Map([
  ["length", 1],
  ["count", 1],
  ["value", 1],
  ["match", 2],
  ["search", 2],
]);

/** An operand, or a call of a function with a logical result. */
type Term = Operand | Extract<Expression, { readonly kind: "match" | "search" }>;

/** Reads the filters of one path. Each method moves the cursor behind what it has read. */
export class FilterReader {
  readonly #cursor: PathCursor;
  readonly #segments: () => readonly Segment[];
  /** Open expressions and calls. */
  #depth = 0;

  /** `segments` reads the segments behind `@`. */
  constructor(cursor: PathCursor, segments: () => readonly Segment[]) {
    this.#cursor = cursor;
    this.#segments = segments;
  }

  /**
   * Reads one expression from behind `?`.
   *
   * @throws {UnsupportedPathError} If the expression refers to the root, or nests too deep.
   * @throws {PathSyntaxError} If it is not an expression, or not well-typed.
   */
  read(): Expression {
    this.#cursor.blank();
    return this.#or();
  }

  #or(): Expression {
    this.#enter();
    const expression = this.#joined("or", "||", () => this.#joined("and", "&&", () => this.#basic()));
    this.#depth--;
    return expression;
  }

  /** Bounds the stack of the parser and the evaluator. */
  #enter(): void {
    if (++this.#depth <= jsonLimits.filterDepthMax) return;
    this.#cursor.refuse(
      `filters and calls must nest at most ${jsonLimits.filterDepthMax} deep`,
      this.#cursor.at,
    );
  }

  /** Reads one or more parts with `mark` between them. */
  #joined(kind: "or" | "and", mark: string, readPart: () => Expression): Expression {
    const cursor = this.#cursor;
    const first = readPart();
    const parts = [first];
    for (;;) {
      const before = cursor.at;
      cursor.blank();
      if (!cursor.take(mark)) {
        cursor.at = before;
        return parts.length === 1 ? first : { kind, parts };
      }
      cursor.blank();
      parts.push(readPart());
    }
  }

  /** Reads a negation, an expression in parentheses, a comparison or a test. */
  #basic(): Expression {
    const cursor = this.#cursor;
    if (cursor.take("!")) {
      cursor.blank();
      const at = cursor.at;
      return { kind: "not", part: cursor.take("(") ? this.#closed() : this.#test(this.#term(), at) };
    }
    if (cursor.take("(")) return this.#closed();
    const at = cursor.at;
    const left = this.#term();
    const behindLeft = cursor.at;
    cursor.blank();
    const operator = cursor.match(operators);
    if (!isOperator(operator)) {
      cursor.at = behindLeft;
      return this.#test(left, at);
    }
    cursor.blank();
    const rightAt = cursor.at;
    const right = this.#term();
    return { kind: "compare", operator, left: this.#operand(left, at), right: this.#operand(right, rightAt) };
  }

  /** Reads from behind `(`. */
  #closed(): Expression {
    const cursor = this.#cursor;
    cursor.blank();
    const expression = this.#or();
    cursor.blank();
    if (!cursor.take(")")) cursor.fail("a parenthesis is not closed");
    return expression;
  }

  /** The test of a term that is not compared and began at `at`. */
  #test(term: Term, at: number): Expression {
    if (term.kind === "nodes") return { kind: "exists", nodes: term };
    if ("pattern" in term) return term;
    const what = term.kind === "literal" ? "a literal" : `the result of ${term.kind}()`;
    return this.#cursor.fail(`${what} must be compared`, at);
  }

  /** Checks that a term that began at `at` has one value. */
  #operand(term: Term, at: number): Operand {
    if ("pattern" in term) {
      return this.#cursor.fail(`the result of ${term.kind}() has no value`, at);
    }
    if (term.kind === "nodes" && !term.singular) {
      return this.#cursor.fail("a path that may select several values has no value", at);
    }
    return term;
  }

  /** Reads a literal, a path or a function call. */
  #term(): Term {
    const cursor = this.#cursor;
    const at = cursor.at;
    if (cursor.take("@")) return this.#nodes();
    if (cursor.take("$")) {
      return cursor.refuse("$ in a filter needs the whole document, which is never held", at);
    }
    const text = cursor.quoted();
    if (text !== undefined) return { kind: "literal", value: text };
    const digits = cursor.match(number);
    if (digits !== "") return { kind: "literal", value: Number(digits) };
    const name = cursor.match(word);
    if (name !== "" && cursor.take("(")) return this.#call(name, at);
    const value = literals.get(name);
    if (value !== undefined) return { kind: "literal", value };
    return cursor.fail("a path that begins with @, a literal or a function must follow", at);
  }

  /** Reads from behind `@`. */
  #nodes(): Nodes {
    const segments = this.#segments();
    return { kind: "nodes", segments, singular: isSingular(segments) };
  }

  /** Reads from behind the opening parenthesis of the function `name`, which began at `at`. */
  #call(name: string, at: number): Term {
    const cursor = this.#cursor;
    const wanted = argumentCounts.get(name);
    if (wanted === undefined) cursor.fail(`the function ${name}() is not known`, at);
    const found: { readonly term: Term; readonly at: number }[] = [];
    this.#enter();
    cursor.blank();
    if (!cursor.take(")")) {
      do {
        cursor.blank();
        const at = cursor.at;
        found.push({ term: this.#term(), at });
        cursor.blank();
      } while (cursor.take(","));
      if (!cursor.take(")")) cursor.fail("a comma or a closing parenthesis must follow");
    }
    this.#depth--;
    const [first, second] = found;
    if (found.length !== wanted || first === undefined) {
      return cursor.fail(`${name}() takes ${wanted === 1 ? "one argument" : "two arguments"}`, at);
    }
    if (name === "length") return { kind: name, of: this.#operand(first.term, first.at) };
    if (name === "count" || name === "value") {
      if (first.term.kind === "nodes") return { kind: name, of: first.term };
      return cursor.fail(`${name}() takes a path`, first.at);
    }
    const pattern = second ?? first;
    return {
      kind: name === "match" ? "match" : "search",
      text: this.#operand(first.term, first.at),
      pattern: this.#operand(pattern.term, pattern.at),
    };
  }
}

/** Whether the form of these segments selects at most one node. */
export function isSingular(segments: readonly Segment[]): boolean {
  return segments.every(({ descendant, selectors }) =>
    !descendant && selectors.length === 1 && (selectors[0]?.kind === "name" || selectors[0]?.kind === "index")
  );
}

function isOperator(text: string): text is Operator {
  return text !== "";
}
