/**
 * What the fuzz tests share: a time to go on for, a seed that makes a failure come again, ways to spoil a text.
 *
 * @module
 */

/** Milliseconds that each test goes on for: five seconds, or what `deno task fuzz --minutes N` says. */
const forMs = Number(Deno.env.get("TRAWL_FUZZ_SECONDS") ?? 5) * 1_000;

const firstSeed = Number(Deno.env.get("TRAWL_FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 32));

/** Pseudo-random numbers that follow from a seed (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 ≤ value < 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ this.#state >>> 15, this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  }

  /** A whole number, 0 ≤ value < `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError("Cannot pick as there must be a value: there is none");
    return value;
  }

  /** So many results of `make` as the dice say, `max` at most, one behind the other. */
  repeat(max: number, make: () => string): string {
    return Array.from({ length: this.below(max + 1) }, make).join("");
  }
}

/** Calls `once` with new dice until the time is over. A failure names the seed that it follows from. */
export function fuzz(name: string, once: (dice: Dice) => void | Promise<void>): void {
  Deno.test(`fuzz: ${name}`, async () => {
    const endMs = performance.now() + forMs;
    for (let seed = firstSeed; performance.now() < endMs; seed++) {
      try {
        await once(new Dice(seed));
      } catch (error) {
        throw new Error(`Cannot stand what TRAWL_FUZZ_SEED=${seed} makes`, { cause: error });
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

/** `text` with a few things cut out, doubled, swapped or put in, by characters and by lines; `words` are put in too. */
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
