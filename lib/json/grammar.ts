/**
 * How each mistake in a JSON text is named, and where it is.
 *
 * @module
 */

import type { JsonPlace } from "./json_error.ts";
import { Grammar, type Machine, Stop } from "./state_machine.ts";
import { ValueKind } from "./value.ts";

/** What must stand at each place between two tokens. */
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
  [Stop.inWord]: "a word must be true, false or null",
};

/** The rule that a text breaks where the machine stopped. */
export function ruleOf(stop: number): string {
  return rules[stop] ?? "it must be valid";
}

/** Where a text stands that has ended too early. */
export function whereCut({ grammar, kind, depth, isInObject }: Machine): string {
  if (grammar === Grammar.insideName) return "inside a name";
  if (grammar === Grammar.insideValue) {
    return kind === ValueKind.string
      ? "inside a string"
      : kind === ValueKind.number
      ? "inside a number"
      : "inside a word";
  }
  if (depth === 0) return "before a value";
  return isInObject ? "inside an object" : "inside an array";
}

/** Where an input of a text stands: its offset, the number of its first line, and the offset at which that begins. */
export interface InputPlace {
  readonly base: number;
  readonly line: number;
  readonly lineBase: number;
}

/** The place behind `before`, which is the beginning of an input. */
export function placeBehind(before: Uint8Array, { base, line, lineBase }: InputPlace): JsonPlace {
  const lineFeed = before.lastIndexOf(0x0a);
  const offset = base + before.length;
  return {
    offset,
    line: line + before.reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 0),
    column: offset - (lineFeed < 0 ? lineBase : base + lineFeed + 1) + 1,
  };
}
