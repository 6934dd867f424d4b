/**
 * Mistakes in a JSON text in words: the rule that is broken, the token that was cut, and the place.
 *
 * @module
 */

import type { JsonPlace } from "./json_error.ts";
import { Grammar, Stop } from "./scanner_codes.ts";
import { ValueKind } from "./value.ts";
import type { WasmScanner } from "./wasm_scanner.ts";

const lineFeed = 0x0a;

/** The rule that is broken, by stop reason. */
const rules: Readonly<Record<number, string>> = {
  [Stop.mistake + Grammar.value]: "a value must follow",
  [Stop.mistake + Grammar.firstValue]: "a value or a closing bracket must follow",
  [Stop.mistake + Grammar.name]: "a name in quotes must follow",
  [Stop.mistake + Grammar.firstName]: "a name in quotes or a closing brace must follow",
  [Stop.mistake + Grammar.colon]: "a colon must follow the name",
  [Stop.mistake + Grammar.after]: "a comma or a closing bracket must follow",
  [Stop.mistake + Grammar.done]: "nothing may follow the value",
  [Stop.inString]: "a control character must be escaped",
  [Stop.inEscape]: "a backslash must begin an escape of JSON",
  [Stop.inNumber]: "a digit must follow",
  [Stop.inWord]: "a literal must be true, false or null",
};

/** The rule that a text breaks where the scanner stopped for this reason. */
export function ruleOf(stop: number): string {
  return rules[stop] ?? "the text must be valid";
}

/** The token or container that is incomplete at the end of a cut text. */
export function whereCut({ grammar, kind, depth, isInObject }: WasmScanner): string {
  if (grammar === Grammar.insideName) return "inside a name";
  if (grammar === Grammar.insideValue) {
    return kind === ValueKind.string
      ? "inside a string"
      : kind === ValueKind.number
      ? "inside a number"
      : "inside a literal";
  }
  if (depth === 0) return "before a value";
  return isInObject ? "inside an object" : "inside an array";
}

/** Where an input begins in its text. */
export interface InputPlace {
  /** Byte offset of the input. */
  readonly base: number;
  /** The line, from 1, in which the input begins. */
  readonly line: number;
  /** The byte offset at which that line begins. */
  readonly lineBase: number;
}

/** The place behind `before`, the first bytes of an input. */
export function placeBehind(before: Uint8Array, { base, line, lineBase }: InputPlace): JsonPlace {
  const lastFeed = before.lastIndexOf(lineFeed);
  const offset = base + before.length;
  return {
    offset,
    line: line + before.reduce((count, byte) => count + (byte === lineFeed ? 1 : 0), 0),
    column: offset - (lastFeed < 0 ? lineBase : base + lastFeed + 1) + 1,
  };
}
