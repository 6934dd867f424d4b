/**
 * Paths of the grammar of RFC 9535 are followed, or refused because one pass cannot follow them. Mutated paths are
 * followed or refused. Only the parser's own errors are thrown.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parsePath, PathSyntaxError, UnsupportedPathError } from "../../lib/json/path/path_parser.ts";
import { Query } from "../../lib/json/query.ts";
import { record } from "../json/support.ts";
import type { Dice } from "../support/dice.ts";
import { fuzz, spoiled } from "./support.ts";

const document = '{"a":[{"b":1,"é":"x"},[[1,2,{"a":null}],"b"],{"a":{"b":[true,0.5]}}],"b":{"":[]}}';

/** Writes a path by the grammar (RFC 9535, appendix A), well-typed (section 2.4.3). */
class Grammar {
  readonly #dice: Dice;
  #depth = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  path(): string {
    return `$${this.#segments(4)}`;
  }

  #segments(max: number): string {
    return this.#dice.repeat(max, () => `${this.#blank()}${this.#segment()}`);
  }

  #blank(): string {
    return this.#dice.chance(0.1) ? this.#dice.pick([" ", "\t", "\n", "\r", "  "]) : "";
  }

  #segment(): string {
    const { pick, chance } = {
      pick: this.#dice.pick.bind(this.#dice),
      chance: this.#dice.chance.bind(this.#dice),
    };
    const short = chance(0.2) ? "*" : pick(["a", "b", "_x1", "größe", "名", "😀", "true", "Z9"]);
    if (chance(0.5)) return `${pick([".", "..", "."])}${short}`;
    return `${pick(["", "", ".."])}[${this.#blank()}${this.#selectors()}${this.#blank()}]`;
  }

  #selectors(): string {
    const more = this.#dice.repeat(2, () => `${this.#blank()},${this.#blank()}${this.#selector()}`);
    return this.#dice.chance(0.7) ? this.#selector() : `${this.#selector()}${more}`;
  }

  #selector(): string {
    const blank = () => this.#blank();
    switch (this.#dice.below(5)) {
      case 0:
        return this.#text();
      case 1:
        return "*";
      case 2:
        return this.#integer();
      case 3: {
        const part = () => this.#dice.chance(0.5) ? this.#integer() : "";
        const step = this.#dice.chance(0.5)
          ? `${blank()}:${this.#dice.chance(0.5) ? blank() + this.#integer() : ""}`
          : "";
        const [start, end] = [part(), part()];
        return `${start}${start && blank()}:${blank()}${end}${step}`;
      }
      default:
        return this.#depth > 3 ? "*" : `?${blank()}${this.#or()}`;
    }
  }

  #integer(): string {
    return this.#dice.pick(["0", "1", "2", "-1", "-9007199254740991", "9007199254740991", "10"]);
  }

  #text(): string {
    const quote = this.#dice.pick(['"', "'"]);
    const other = quote === '"' ? "'" : '"';
    const chars = [
      "a",
      "b",
      " ",
      "é",
      "😀",
      other,
      `\\${quote}`,
      "\\\\",
      "\\/",
      "\\n",
      "\\b",
      "\\u00e9",
      "\\uD83D\\uDE00",
    ];
    return `${quote}${this.#dice.repeat(4, () => this.#dice.pick(chars))}${quote}`;
  }

  #or(): string {
    this.#depth++;
    const more = (mark: string, part: () => string) =>
      this.#dice.repeat(1, () => `${this.#blank()}${mark}${this.#blank()}${part()}`);
    const and = () => `${this.#basic()}${more("&&", () => this.#basic())}`;
    const text = `${and()}${more("||", and)}`;
    this.#depth--;
    return text;
  }

  #basic(): string {
    const { blank, not } = {
      blank: () => this.#blank(),
      not: this.#dice.chance(0.3) ? `!${this.#blank()}` : "",
    };
    switch (this.#depth > 3 ? 2 : this.#dice.below(4)) {
      case 0:
        return `${not}(${blank()}${this.#or()}${blank()})`;
      case 1:
        return `${not}${this.#dice.pick(["@", "@", "$"])}${this.#segments(3)}`;
      case 2: {
        const operator = this.#dice.pick(["==", "!=", "<=", ">=", "<", ">"]);
        return `${this.#comparable()}${blank()}${operator}${blank()}${this.#comparable()}`;
      }
      default: {
        const name = this.#dice.pick(["match", "search"]);
        return `${not}${name}(${blank()}${this.#comparable()}${blank()},${blank()}${this.#comparable()}${blank()})`;
      }
    }
  }

  #comparable(): string {
    const singular = () =>
      `${this.#dice.pick(["@", "@", "@", "$"])}${
        this.#dice.repeat(3, () => this.#dice.pick([".a", "['b']", "[0]", "[-1]", '["é"]', ".größe"]))
      }`;
    switch (this.#dice.below(4)) {
      case 0:
        return this.#dice.pick([
          "0",
          "-0",
          "1.5",
          "-2e3",
          "1E-2",
          "true",
          "false",
          "null",
          "12345678901234567890",
        ]);
      case 1:
        return this.#text();
      case 2:
        return singular();
      default:
        return this.#dice.pick([
          () => `length(${this.#blank()}${this.#comparable()}${this.#blank()})`,
          () => `count(@${this.#depth > 3 ? ".*" : this.#segments(2)})`,
          () => `value(@${this.#depth > 3 ? "..a" : this.#segments(2)})`,
        ])();
    }
  }
}

function follow(text: string): void {
  record(new Query([{ path: parsePath(text), take: "text" }]), [document]);
}

/** Cases of each test in the gate. */
const cases = 1_500;

fuzz("Query follows a path of the grammar, or refuses it by name", {
  cases,
  once: (dice) => {
    const text = new Grammar(dice).path();
    try {
      follow(text);
    } catch (error) {
      assert.ok(
        error instanceof UnsupportedPathError,
        `${text}\n${error instanceof Error ? error.stack : error}`,
      );
    }
  },
});

fuzz("parsePath() refuses a spoiled path with its offset when it is no path", {
  cases,
  once: (dice) => {
    const words = ["?@.a", "[?", "..", "length(", "match(@,'('", "@", "&&", "!"];
    const text = spoiled(new Grammar(dice).path(), dice, words);
    try {
      follow(text);
    } catch (error) {
      assert.ok(
        error instanceof PathSyntaxError,
        `${text.slice(0, 500)}\n${error instanceof Error ? error.stack : error}`,
      );
      assert.ok(error.offset >= 0 && error.offset <= text.length);
      assert.doesNotMatch(error.message, /\n/);
    }
  },
});
