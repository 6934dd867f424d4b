/**
 * Property tests with a seed: a constant in the gate, so that a commit passes or fails the same way everywhere, and the
 * one in `TRAWL_SEED` where `deno task fuzz` sets it.
 *
 * @module
 */

import fc from "fast-check";

/** The seed of every random choice in the gate. */
const gateSeed = 20_261_128;

/** Factor for the runs of a property outside the gate, where time is cheaper. */
const randomRunsFactor = 5;

const seedText = Deno.env.get("TRAWL_SEED");

/** The seed of this process: `TRAWL_SEED`, or that of the gate. */
export const seed = seedOf(seedText);

function seedOf(text: string | undefined): number {
  if (text === undefined) return gateSeed;
  const value = Number(text);
  if (/^\d+$/.test(text) && value < 2 ** 32) return value;
  throw new RangeError(
    `Cannot use TRAWL_SEED "${text}": it must be a whole number below 2 ** 32, got ${text}`,
  );
}

/** `fc.assert` with {@linkcode seed}. A failure prints the seed and the smallest counterexample. `numRuns` is per gate. */
export function assertProperty<Ts>(
  property: fc.IAsyncProperty<Ts>,
  parameters?: fc.Parameters<Ts>,
): Promise<void>;
export function assertProperty<Ts>(property: fc.IProperty<Ts>, parameters?: fc.Parameters<Ts>): void;
export function assertProperty<Ts>(
  property: fc.IProperty<Ts> | fc.IAsyncProperty<Ts>,
  parameters: fc.Parameters<Ts> = {},
): Promise<void> | void {
  const numRuns = (parameters.numRuns ?? 100) * (seedText === undefined ? 1 : randomRunsFactor);
  return fc.assert(property as fc.IAsyncProperty<Ts>, { seed, ...parameters, numRuns });
}

/** Code points from `first` on, `count` of them, are surrogates and stand for no character. */
const surrogates = { first: 0xd800, count: 0x800 };

/**
 * A unit of `fc.string`: any code point but the surrogates. A seed gives the same texts as with the unit `binary`, which
 * costs each file two seconds of CPU, because fast-check makes a table of all code points.
 */
export const codePoint: fc.Arbitrary<string> = fc.nat({ max: 0x10ffff - surrogates.count }).map(
  (index) => String.fromCodePoint(index < surrogates.first ? index : index + surrogates.count),
  (text) => {
    const [one, ...others] = typeof text === "string" && text.isWellFormed() ? text : [];
    const code = one?.codePointAt(0);
    if (code === undefined || others.length > 0) {
      throw new RangeError(`Cannot shrink "${text}": it must be one code point`);
    }
    return code < surrogates.first ? code : code - surrogates.count;
  },
);
