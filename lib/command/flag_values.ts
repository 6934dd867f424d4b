/**
 * Parsers of flag values: text in, number or text out. Each throws a `UsageError` whose message is a clause `must …`;
 * `flag.ts` puts the flag's name before it.
 *
 * @module
 */

import { UsageError } from "../errors.ts";

/** Bounds of a number, both included. */
interface NumberBounds {
  readonly min: number;
  readonly max?: number;
}

/** Any text. */
export function text(value: string): string {
  return value;
}

/** A parser of a whole number in `1000` or `1_000` form, at most 15 digits. */
export function whole({ min, max }: NumberBounds): (text: string) => number {
  const rule = max === undefined
    ? `must be a whole number of at least ${min}`
    : `must be a whole number from ${min} to ${max}`;
  return (text) => {
    const digits = text.replaceAll("_", "");
    const value = /^\d{1,15}$/.test(digits) ? Number(digits) : NaN;
    if (!(value >= min && value <= (max ?? Infinity))) throw new UsageError(rule);
    return value;
  };
}

/** Like {@linkcode whole}, or the word `auto`. */
export function wholeOrAuto(bounds: NumberBounds): (text: string) => number | "auto" {
  const parse = whole(bounds);
  return (text) => {
    if (text === "auto") return text;
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`${error.message}, or "auto"`);
    }
  };
}

/** A share from 0 to 1, such as `0.99`. */
export function share(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(value >= 0 && value <= 1)) throw new UsageError("must be a number from 0 to 1");
  return value;
}

/** A parser of one of some words. */
export function oneOf<Word extends string>(...words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((word) => word === text);
    if (word === undefined) throw new UsageError(`must be one of ${words.join(", ")}`);
    return word;
  };
}

/** `NAME=VALUE` as a pair; the value may hold further equals signs. */
export function assignment(text: string): readonly [name: string, value: string] {
  const at = text.indexOf("=");
  if (at <= 0) throw new UsageError("must be NAME=VALUE");
  return [text.slice(0, at), text.slice(at + 1)];
}
