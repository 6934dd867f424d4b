/**
 * A token that the end of a piece has cut, or that is wrong: read on unit by unit, over any number of pieces. Slower
 * than `scan.ts`, exact about what is wrong, and of fixed size however long the token grows.
 *
 * @module
 */

import { isDigit, isEscaped, isHexDigit, skipString } from "./scan.ts";
import { Unit } from "./unit.ts";
import { ValueKind } from "./value.ts";

/** Inside a number: what was read last, and so what may follow. */
const NumberState = {
  start: 0,
  minus: 1,
  zero: 2,
  integer: 3,
  dot: 4,
  fraction: 5,
  exponent: 6,
  exponentSign: 7,
  exponentDigits: 8,
  /** The number ended before this unit. */
  over: 9,
} as const;
type NumberState = typeof NumberState[keyof typeof NumberState];

/** Inside a string: outside of any escape, or else how many hexadecimal digits must come, 1 to 4, or this: */
const noEscape = 0;

/** Inside a string: the unit before was the backslash of an escape. */
const behindBackslash = -1;

/**
 * One string, number or literal at a time. It keeps what was read of a number, an escape or a word as a small number,
 * so that the next piece may begin anywhere within them.
 */
export class PartialToken {
  /** What the token is. A name is a string. */
  kind: ValueKind = ValueKind.null;
  /** Whether the token ended where `read` stopped. */
  ended = false;
  /** The rule that the unit breaks at which `read` stopped. */
  broken: string | undefined;

  /** Of a number. */
  #number: NumberState = NumberState.start;
  /** Of a string. */
  #escape = noEscape;
  /** Of a literal. */
  #lettersRead = 0;

  /** The token's kind in a message. */
  get noun(): string {
    return this.kind === ValueKind.string ? "string" : this.kind === ValueKind.number ? "number" : "word";
  }

  /** Begins another token: a string behind its opening quote, anything else at its first unit. */
  begin(kind: ValueKind): void {
    this.kind = kind;
    this.ended = false;
    this.#number = NumberState.start;
    this.#lettersRead = 0;
  }

  /** Reads from `at`, up to `end` at most. Returns where it stopped: behind the token, at a mistake, or at `end`. */
  read(units: Uint8Array, at: number, end: number): number {
    if (this.kind === ValueKind.string) return this.#readString(units, at, end);
    if (this.kind === ValueKind.number) return this.#readNumber(units, at, end);
    return this.#readLiteral(units, at, end);
  }

  /** Whether the end of the input would end it well: only a number can. */
  endsWithInput(): boolean {
    return this.kind === ValueKind.number && nextInNumber(this.#number, Unit.end) === NumberState.over;
  }

  #readString(units: Uint8Array, at: number, end: number): number {
    for (let i = at; i < end; i++) {
      if (this.#escape !== noEscape) {
        const next = nextInEscape(this.#escape, units[i]!);
        if (next === undefined) return this.#break(i, "a backslash must begin an escape of JSON");
        this.#escape = next;
        continue;
      }
      i = skipString(units, i);
      if (i === end) break;
      if (units[i] === Unit.quote) {
        this.ended = true;
        return i + 1;
      }
      if (units[i] !== Unit.backslash) return this.#break(i, "a control character must be escaped");
      this.#escape = behindBackslash;
    }
    return end;
  }

  #readNumber(units: Uint8Array, at: number, end: number): number {
    for (let i = at; i < end; i++) {
      const next = nextInNumber(this.#number, units[i]!);
      if (next === undefined) return this.#break(i, "a digit must follow");
      if (next === NumberState.over) {
        this.ended = true;
        return i;
      }
      this.#number = next;
    }
    return end;
  }

  #readLiteral(units: Uint8Array, at: number, end: number): number {
    const word = this.kind === ValueKind.true ? "true" : this.kind === ValueKind.false ? "false" : "null";
    for (let i = at; i < end; i++) {
      if (units[i] !== word.charCodeAt(this.#lettersRead)) {
        return this.#break(i, "a word must be true, false or null");
      }
      this.#lettersRead++;
      if (this.#lettersRead === word.length) {
        this.ended = true;
        return i + 1;
      }
    }
    return end;
  }

  #break(i: number, rule: string): number {
    this.broken = rule;
    return i;
  }
}

/** The state behind `unit`, or `undefined` where it breaks the number. */
function nextInNumber(state: NumberState, unit: number): NumberState | undefined {
  const digit = isDigit(unit);
  const exponent = unit === Unit.lowerE || unit === Unit.upperE;
  switch (state) {
    case NumberState.start:
      if (unit === Unit.minus) return NumberState.minus;
      // falls through
    case NumberState.minus:
      if (unit === Unit.zero) return NumberState.zero;
      return digit ? NumberState.integer : undefined;
    case NumberState.integer:
      if (digit) return NumberState.integer;
      // falls through
    case NumberState.zero:
      if (unit === Unit.dot) return NumberState.dot;
      return exponent ? NumberState.exponent : NumberState.over;
    case NumberState.dot:
      return digit ? NumberState.fraction : undefined;
    case NumberState.fraction:
      if (digit) return NumberState.fraction;
      return exponent ? NumberState.exponent : NumberState.over;
    case NumberState.exponent:
      if (unit === Unit.plus || unit === Unit.minus) return NumberState.exponentSign;
      // falls through
    case NumberState.exponentSign:
      return digit ? NumberState.exponentDigits : undefined;
    case NumberState.exponentDigits:
      return digit ? NumberState.exponentDigits : NumberState.over;
    case NumberState.over:
      return NumberState.over;
  }
}

/** The state behind `unit`, which is part of an escape; `undefined` where it breaks the escape. */
function nextInEscape(state: number, unit: number): number | undefined {
  if (state !== behindBackslash) return isHexDigit(unit) ? state - 1 : undefined;
  if (unit === Unit.lowerU) return 4;
  return isEscaped(unit) ? noEscape : undefined;
}
