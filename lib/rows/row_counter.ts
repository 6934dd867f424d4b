/**
 * Counts rows instead of keeping them: per time bucket, and per combination of the other columns. Holds one number per
 * group, at most `outboxLimits.countGroupsMax`; a new combination weighs as much as 16 of them.
 *
 * @module
 */

import { outboxLimits } from "../limits.ts";
import type { HeldValue } from "./convert.ts";
import { CountGroups } from "./count_groups.ts";

/** Bytes of V8's heap that a combination takes, beside its texts: its row, its name and their entry. */
const combinationBytes = 256;

/** The memory of a combination, in groups of about 24 bytes; it lies on V8's heap, where there is less. */
const combinationWeight = 16;

/** UTF-16 units of text that weigh as much as a group: each takes two bytes, and is held twice. */
const groupChars = 4;

/** The counts of one answer. */
export class RowCounter {
  readonly #column: number;
  readonly #everyMs: number;
  /** The numbers of the combinations by name. */
  readonly #numbers = new Map<HeldValue, number>();
  /** The first row of each combination, by number. */
  readonly #rows: (readonly HeldValue[])[] = [];
  readonly #groups = new CountGroups();
  #chars = 0;
  #weight = 0;

  /** `column` is the index of the time column. A bucket is `everyMs` long and begins at a multiple of that. */
  constructor(options: { readonly column: number; readonly everyMs: number }) {
    this.#column = options.column;
    this.#everyMs = options.everyMs;
  }

  /** Bytes of the buffers held. */
  get bufferBytes(): number {
    return this.#groups.bytes;
  }

  /** Bytes of V8's heap held. */
  get heapBytes(): number {
    return this.#rows.length * combinationBytes + 2 * 2 * this.#chars;
  }

  /** Counts one row; returns false if there are too many groups. Rows without a time share a bucket. */
  add(row: readonly HeldValue[]): boolean {
    const time = row[this.#column];
    // Whole milliseconds avoid rounded quotients; a finer time counts in the millisecond that holds it.
    const bucketMs = time === null || time === undefined
      ? NaN
      : Math.floor(millisecondOf(Number(time)) / this.#everyMs) * this.#everyMs;
    if (this.#groups.add(this.#combinationOf(row), bucketMs)) this.#weight++;
    return this.#weight <= outboxLimits.countGroupsMax;
  }

  /** The groups as rows, oldest bucket first, with the count as their last column. */
  *rows(): Generator<HeldValue[]> {
    const groups = this.#groups;
    for (const group of groups.ordered()) {
      const bucketMs = groups.bucketMsOf(group);
      const row = [...this.#rows[groups.combinationOf(group)] ?? [], groups.countOf(group)];
      row[this.#column] = Number.isNaN(bucketMs) ? null : bucketMs / 1_000;
      yield row;
    }
  }

  /** The number of a row's combination. */
  #combinationOf(row: readonly HeldValue[]): number {
    const name = this.#nameOf(row);
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#rows.push([...row]) - 1;
    this.#numbers.set(name, number);
    let chars = 0;
    for (const value of row) chars += typeof value === "string" ? value.length : 0;
    this.#chars += chars;
    this.#weight += combinationWeight + Math.floor(chars / groupChars);
    return number;
  }

  /** The value of a single other column; of several, types and lengths tell ["a", "b"] from ["ab", ""]. */
  #nameOf(row: readonly HeldValue[]): HeldValue {
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
