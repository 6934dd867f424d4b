/**
 * What a flag and a command are, and the reading of an argument list by them. Parsing does not act: it turns texts
 * into checked values and no more.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { messageOf, UsageError } from "../errors.ts";
import { nearest } from "../text/nearest.ts";
import { parseDuration } from "../job/parse_units.ts";

/** One flag: the parser, the help, the README and the tests all read this. */
export interface Flag {
  /** Without the two hyphens. */
  readonly name: string;
  readonly short?: string;
  /** What the value is, in capitals; a flag without one is a switch. */
  readonly value?: string;
  /** May be given more than once. */
  readonly many?: boolean;
  /** One line, for `-h`. */
  readonly help: string;
  /** What it does, its unit, default, bounds, what it works with: for `--help`. */
  readonly more: string;
}

/** The values of the flags that were given, and the other arguments. */
export class Arguments {
  /** What is no flag: a job, a file, a path. */
  readonly operands: readonly string[];
  readonly #values: ReadonlyMap<string, readonly (string | true)[]>;

  constructor(operands: readonly string[], values: ReadonlyMap<string, readonly (string | true)[]>) {
    this.operands = operands;
    this.#values = values;
  }

  has(flag: Flag): boolean {
    return this.#values.has(flag.name);
  }

  /** The value of a flag; the last one if it was given more than once. */
  text(flag: Flag): string | undefined {
    const value = this.#values.get(flag.name)?.at(-1);
    return value === true ? undefined : value;
  }

  texts(flag: Flag): string[] {
    return (this.#values.get(flag.name) ?? []).filter((value) => value !== true);
  }

  /**
   * A whole number; `or` is a word that messages name beside it.
   *
   * @throws {UsageError} If the value is no whole number, or below `min`.
   */
  count(flag: Flag, options: { readonly min: number; readonly or?: string }): number | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    const value = /^\d{1,15}$/.test(text.replaceAll("_", "")) ? Number(text.replaceAll("_", "")) : NaN;
    if (!(value >= options.min)) {
      const or = options.or === undefined ? "" : `, or "${options.or}"`;
      throw new UsageError(
        `Cannot use --${flag.name} as it must be a whole number from ${options.min} on${or}: "${text}"`,
      );
    }
    return value;
  }

  /**
   * A duration such as `26h`, as milliseconds; so are the bounds.
   *
   * @throws {UsageError} If the value is none, or outside `min` to `max`.
   */
  duration(flag: Flag, options: { readonly min: number; readonly max: number }): number | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    try {
      return parseDuration(text, options);
    } catch (error) {
      throw new UsageError(`Cannot use --${flag.name} as it ${messageOf(error)}: "${text}"`, {
        cause: error,
      });
    }
  }

  /** @throws {UsageError} If the value is no number, or outside `min` to `max`. */
  number(flag: Flag, options: { readonly min: number; readonly max: number }): number | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (!(value >= options.min && value <= options.max)) {
      throw new UsageError(
        `Cannot use --${flag.name} as it must be a number from ${options.min} to ${options.max}: "${text}"`,
      );
    }
    return value;
  }
}

/**
 * Reads an argument list by a table of flags.
 *
 * @throws {UsageError} If a flag is unknown, lacks its value or has one too many.
 */
export function parseFlags(args: readonly string[], flags: readonly Flag[]): Arguments {
  const valued = flags.filter((flag) => flag.value !== undefined);
  const switches = flags.filter((flag) => flag.value === undefined);
  const unknown: string[] = [];
  const alias = Object.fromEntries(
    flags.flatMap(({ name, short }) => short === undefined ? [] : [[short, name]]),
  );
  const parsed = parseArgs(joined(args, valued), {
    string: [...valued.map(({ name }) => name), "_"],
    boolean: switches.map(({ name }) => name),
    collect: valued.map(({ name }) => name),
    alias,
    unknown: (arg, key) => {
      if (key !== undefined) unknown.push(arg);
      return true;
    },
  });
  if (unknown[0] !== undefined) throw unknownFlag(unknown[0], flags);
  const values = new Map<string, readonly (string | true)[]>();
  for (const flag of flags) {
    const value = parsed[flag.name];
    if (flag.value === undefined) {
      if (value === true) values.set(flag.name, [true]);
      continue;
    }
    const texts = (Array.isArray(value) ? value : []).map(String);
    if (texts.includes("")) {
      throw new UsageError(`Cannot use --${flag.name} as it needs a value: ${flag.value}`);
    }
    if (texts.length > 0) values.set(flag.name, texts);
  }
  return new Arguments(parsed._.map(String), values);
}

/** `--keys -` as `--keys=-`: the parser takes a lone hyphen for no value. */
function joined(args: readonly string[], valued: readonly Flag[]): string[] {
  const names = new Set(valued.map(({ name }) => `--${name}`));
  const result: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    const next = args[at + 1];
    if (names.has(arg) && next !== undefined && !next.startsWith("--")) {
      result.push(`${arg}=${next}`);
      at++;
    } else {
      result.push(arg);
    }
  }
  return result;
}

function unknownFlag(arg: string, flags: readonly Flag[]): UsageError {
  const name = arg.replace(/=.*$/s, "");
  const close = nearest(name.replace(/^-+/, ""), flags.map((flag) => flag.name));
  const hint = close === undefined ? "see --help" : `did you mean --${close}?`;
  return new UsageError(`Cannot use ${name} as there is no such flag: ${hint}`);
}
