/**
 * Counts rows instead of keeping them: per time bucket, and per combination of the other columns. Holds one number per
 * group, at most `outboxLimits.countGroupsMax`; a new combination weighs as much as 16 of them.
 *
 * @module
 */

import { outboxLimits } from "../limits.ts";
import type { Converted } from "./convert.ts";

/** The memory of a combination, about 500 bytes, in groups of about 30 bytes. */
const combinationWeight = 16;

/** UTF-16 units of text with the memory of a group: each is held twice. */
const groupChars = 16;

/** One combination of the other columns: its first row, and a count for each start of a bucket. */
interface Combination {
  readonly row: readonly Converted[];
  readonly counts: Map<number, number>;
}

/** The counts of one answer. */
export class RowCounter {
  readonly #column: number;
  readonly #everyMs: number;
  readonly #combinations = new Map<Converted, Combination>();
  #groups = 0;
  #weight = 0;

  /** `column` is the index of the time column. A bucket is `everyMs` long and begins at a multiple of that. */
  constructor(options: { readonly column: number; readonly everyMs: number }) {
    this.#column = options.column;
    this.#everyMs = options.everyMs;
  }

  /** Counts one row; returns false if there are too many groups. Rows without a time share a bucket. */
  add(row: readonly Converted[]): boolean {
    const time = row[this.#column];
    // Whole milliseconds avoid rounded quotients; a finer time counts in the millisecond that holds it.
    const bucketMs = time === null || time === undefined
      ? NaN
      : Math.floor(millisecondOf(Number(time)) / this.#everyMs) * this.#everyMs;
    const { counts } = this.#combinationOf(row);
    const count = counts.get(bucketMs);
    if (count === undefined) {
      this.#groups++;
      this.#weight++;
    }
    counts.set(bucketMs, (count ?? 0) + 1);
    return this.#weight <= outboxLimits.countGroupsMax;
  }

  /** The groups as rows, oldest bucket first, with the count as their last column. */
  *rows(): Generator<Converted[]> {
    // Typed arrays: one object per group would take many times the memory of the counts.
    const combinations = [...this.#combinations.values()];
    const bucketsMs = new Float64Array(this.#groups);
    const indexes = new Uint32Array(this.#groups);
    let at = 0;
    for (const [index, { counts }] of combinations.entries()) {
      for (const bucketMs of counts.keys()) {
        bucketsMs[at] = bucketMs;
        indexes[at++] = index;
      }
    }
    const order = Uint32Array.from(bucketsMs.keys())
      .sort((a, b) => (bucketsMs[a] || 0) - (bucketsMs[b] || 0) || a - b);
    for (const place of order) {
      const bucketMs = bucketsMs[place] ?? NaN;
      const combination = combinations[indexes[place] ?? 0];
      if (combination === undefined) continue;
      const row = [...combination.row, combination.counts.get(bucketMs) ?? 0];
      row[this.#column] = Number.isNaN(bucketMs) ? null : bucketMs / 1_000;
      yield row;
    }
  }

  #combinationOf(row: readonly Converted[]): Combination {
    const name = this.#nameOf(row);
    let combination = this.#combinations.get(name);
    if (combination === undefined) {
      combination = { row: [...row], counts: new Map() };
      this.#combinations.set(name, combination);
      const chars = row.reduce<number>(
        (sum, value) => sum + (typeof value === "string" ? value.length : 0),
        0,
      );
      this.#weight += combinationWeight + Math.floor(chars / groupChars);
    }
    return combination;
  }

  /** The value of a single other column; of several, types and lengths tell ["a", "b"] from ["ab", ""]. */
  #nameOf(row: readonly Converted[]): Converted {
    if (row.length === 2) return row[1 - this.#column] ?? null;
    let name = "";
    for (let column = 0; column < row.length; column++) {
      const value = row[column] ?? null;
      if (column !== this.#column) name += `${typeof value}:${String(value).length}:${value}`;
    }
    return name;
  }
}

/** The millisecond that holds a time. A time less than 0.5 µs before the next one was rounded, and counts there. */
function millisecondOf(seconds: number): number {
  const ms = seconds * 1_000;
  const nearest = Math.round(ms);
  return Math.abs(ms - nearest) < 5e-4 ? nearest : Math.floor(ms);
}
