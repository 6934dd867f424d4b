/**
 * What a flag is, and the parser of an argument list. Strings in, typed values out; parsing only validates and never
 * acts. Adds the flag's name to the message of a value that a flag's own `parse` refuses.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../errors.ts";
import { nearest } from "../text/nearest.ts";

interface FlagText {
  /** Without the two hyphens. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** One line for `-h`, at most 52 characters: the line then fits into 80 columns. */
  readonly help: string;
  /** For `--help`, the man page and `docs/cli.md`: effect, unit, bounds, interactions. */
  readonly more: string;
}

/** What a shell offers for a value: files, folders, or fixed words. */
export type Completion = "file" | "folder" | readonly string[];

interface ValueText extends FlagText {
  /** Placeholder of the value, in capitals. */
  readonly value: string;
  /** In words; missing where the flag has no effect unless given. */
  readonly default?: string;
  readonly completion?: Completion;
  /** Values as an example; `parse` accepts each. */
  readonly examples: readonly string[];
}

/** A flag without a value. */
export interface Switch extends FlagText {
  readonly value?: undefined;
}

/** A flag with one value. If repeated, the last one wins. */
export interface ValueFlag<Value> extends ValueText {
  readonly isList?: false;
  /** @throws {UsageError} If the text is wrong. The message is a clause `must …`, or a whole sentence. */
  readonly parse: (text: string) => Value;
}

/** A flag that collects one value each time that it is given. */
export interface ListFlag<Value> extends ValueText {
  readonly isList: true;
  /** As in {@linkcode ValueFlag}. */
  readonly parse: (text: string) => Value;
}

/** A flag: the parser, the help, the completions, the man page, `docs/cli.md` and the tests all read this. */
export type Flag = Switch | ValueFlag<unknown> | ListFlag<unknown>;

/** The parsed values of the flags, and the operands. */
export class Arguments {
  /** Arguments that are no flags: a job, a file, a path. */
  readonly operands: readonly string[];
  readonly #values: ReadonlyMap<string, readonly unknown[]>;

  constructor(operands: readonly string[], values: ReadonlyMap<string, readonly unknown[]>) {
    this.operands = operands;
    this.#values = values;
  }

  /** Whether the flag was given. */
  has(flag: Flag): boolean {
    return this.#values.has(flag.name);
  }

  /** Whether a switch was given, the value of a flag (undefined if it was not given), or all values of a list. */
  get(flag: Switch): boolean;
  get<Value>(flag: ListFlag<Value>): readonly Value[];
  get<Value>(flag: ValueFlag<Value>): Value | undefined;
  get(flag: Flag): unknown {
    const values = this.#values.get(flag.name);
    if (flag.value === undefined) return values !== undefined;
    return flag.isList === true ? values ?? [] : values?.at(-1);
  }
}

/**
 * Parses an argument list by a table of flags.
 *
 * @throws {UsageError} If a flag is unknown, has no value, or has a wrong value.
 */
export function parseArguments(args: readonly string[], flags: readonly Flag[]): Arguments {
  const valued = flags.filter((flag) => flag.value !== undefined);
  const unknown: string[] = [];
  const parsed = parseArgs(joinValues(args, valued), {
    string: [...valued.map(({ name }) => name), "_"],
    boolean: flags.filter(({ value }) => value === undefined).map(({ name }) => name),
    collect: valued.map(({ name }) => name),
    alias: Object.fromEntries(
      flags.flatMap(({ name, short }) => short === undefined ? [] : [[short, name]]),
    ),
    unknown: (arg, key) => {
      if (key !== undefined) unknown.push(arg);
      return true;
    },
  });
  if (unknown[0] !== undefined) throw unknownFlag(unknown[0], flags);
  const values = new Map<string, readonly unknown[]>();
  for (const flag of flags) {
    const found = parsed[flag.name];
    if (flag.value === undefined) {
      if (found === true) values.set(flag.name, [true]);
    } else if (Array.isArray(found) && found.length > 0) {
      values.set(flag.name, found.map((text) => parseValue(flag, String(text))));
    }
  }
  return new Arguments(parsed._.map(String), values);
}

/** Turns `--keys -` into `--keys=-`: `parseArgs` does not take a lone hyphen as a value. */
function joinValues(args: readonly string[], valued: readonly Flag[]): string[] {
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

function parseValue({ name, value, parse }: Exclude<Flag, Switch>, text: string): unknown {
  if (text === "") throw new UsageError(`--${name} has no value: write --${name} ${value}`);
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const message = error.message.startsWith("must ")
      ? `Cannot use --${name}: ${error.message}, got ${JSON.stringify(text)}`
      : `--${name}: ${error.message}`;
    throw new UsageError(message, { cause: error });
  }
}

function unknownFlag(arg: string, flags: readonly Flag[]): UsageError {
  const name = arg.replace(/=.*$/s, "");
  const close = nearest(name.replace(/^-+/, ""), flags.map((flag) => flag.name));
  const hint = close === undefined ? "see --help" : `did you mean --${close}?`;
  return new UsageError(`Unknown flag ${name}: ${hint}`);
}
