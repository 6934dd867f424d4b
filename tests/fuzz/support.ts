/**
 * The loop of a fuzz test, one seed a case, and mutations of a text.
 *
 * @module
 */

import { Dice } from "../support/dice.ts";
import { seed } from "../support/property.ts";

/** Milliseconds that each test runs for in `deno task fuzz`; undefined in the gate, which counts cases. */
const forMs = millisecondsOf(Deno.env.get("TRAWL_FUZZ_SECONDS"));

function millisecondsOf(seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  const ms = Number(seconds) * 1_000;
  if (ms > 0) return ms;
  throw new RangeError(`Cannot use TRAWL_FUZZ_SECONDS "${seconds}": it must be above 0, got ${seconds}`);
}

/** What a fuzz test does. */
export interface FuzzTest {
  /** Cases in the gate. */
  readonly cases: number;
  /** Makes one case from the dice and tries it; throws if the code fails. */
  readonly once: (dice: Dice) => void | Promise<void>;
}

/** Defines a test that tries one case a seed. A failure names the seed that repeats the case. */
export function fuzz(name: string, { cases, once }: FuzzTest): void {
  Deno.test(`fuzz: ${name}`, async () => {
    const endMs = performance.now() + (forMs ?? Infinity);
    const casesMax = forMs === undefined ? cases : Infinity;
    for (let at = 0; at < casesMax && performance.now() < endMs; at++) {
      try {
        await once(new Dice(seed + at));
      } catch (error) {
        throw new Error(`TRAWL_SEED=${seed + at} makes a case that fails: run it again with that seed`, {
          cause: error,
        });
      }
    }
  });
}

const oddTexts = [
  "",
  "\0",
  "\x7f",
  "\r\n",
  "\n\n",
  "\t",
  '"',
  "'",
  '"""',
  "'''",
  "\\",
  "\\ud800",
  "\\u0000",
  "{",
  "}",
  "{{",
  "[",
  "]",
  "[[",
  "[".repeat(20_000),
  "[1,".repeat(5_000),
  "a.".repeat(20_000),
  "(".repeat(20_000),
  "{a=".repeat(5_000),
  "=",
  "#",
  ",",
  "-",
  "+",
  "1e999",
  "nan",
  "-inf",
  "99999999999999999999",
  "9007199254740993",
  "0x7fffffffffffffff",
  "1979-05-27T07:32:00Z",
  "__proto__",
  "constructor.prototype",
  "\u202e",
  "é",
  "😀",
  "\ud83d",
  "\ufeff",
  "x".repeat(70_000),
];

/** `text` with one to five parts deleted, doubled, swapped or inserted, by characters and by lines; inserts `words` too. */
export function spoiled(text: string, dice: Dice, words: readonly string[] = []): string {
  let result = text;
  for (let change = 0; change <= dice.below(4); change++) {
    const at = dice.below(result.length + 1);
    const end = Math.min(result.length, at + dice.below(dice.pick([2, 8, 60])));
    const put = dice.pick([
      dice.pick(oddTexts),
      String.fromCharCode(dice.below(dice.pick([128, 0x10000]))),
      result.slice(at, end),
      words.length === 0 ? "" : dice.pick(words),
    ]);
    result = dice.chance(0.3) ? withLinesMoved(result, dice) : result.slice(0, at) + put + result.slice(end);
  }
  return result;
}

function withLinesMoved(text: string, dice: Dice): string {
  const lines = text.split("\n");
  const line = lines.splice(dice.below(lines.length), 1);
  if (dice.chance(0.8)) lines.splice(dice.below(lines.length + 1), 0, ...line);
  if (dice.chance(0.4)) lines.splice(dice.below(lines.length + 1), 0, ...line);
  return lines.join("\n");
}
