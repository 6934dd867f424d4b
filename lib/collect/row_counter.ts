/**
 * Counts rows instead of keeping them: how many per span of time, apart for each combination of the other columns.
 * Holds one number per group, at most `countGroupsMax` of them.
 *
 * @module
 */

import { pipe } from "../limits.ts";
import { type Converted, storedTime } from "./convert.ts";

/** One combination of the other columns: its first row, and a count per bucket's start. */
interface Group {
  readonly row: readonly Converted[];
  readonly counts: Map<number, number>;
}

export class RowCounter {
  readonly #column: number;
  readonly #everySeconds: number;
  readonly #groups = new Map<Converted, Group>();
  #size = 0;

  /** `column` is the index of the time column; a bucket is `everySeconds` long and begins at a multiple of that. */
  constructor(options: { readonly column: number; readonly everySeconds: number }) {
    this.#column = options.column;
    this.#everySeconds = options.everySeconds;
  }

  /** Counts one row. False if it would be one group too many. A row without a time is in a bucket of its own. */
  add(row: readonly Converted[]): boolean {
    const time = row[this.#column];
    const bucket = time === null || time === undefined
      ? NaN
      : Math.floor(Number(time) / this.#everySeconds) * this.#everySeconds;
    const { counts } = this.#groupOf(row);
    const count = counts.get(bucket);
    if (count === undefined && ++this.#size > pipe.countGroupsMax) return false;
    counts.set(bucket, (count ?? 0) + 1);
    return true;
  }

  /** Appends the groups as rows, oldest bucket first, with the count as their last column. */
  writeTo(values: Converted[]): void {
    const rows: { readonly bucket: number; readonly row: Converted[] }[] = [];
    for (const { row, counts } of this.#groups.values()) {
      for (const [bucket, count] of counts) {
        const counted = [...row, count];
        counted[this.#column] = Number.isNaN(bucket) ? null : storedTime(bucket);
        rows.push({ bucket, row: counted });
      }
    }
    rows.sort((a, b) => (a.bucket || 0) - (b.bucket || 0));
    for (const { row } of rows) values.push(...row);
    this.#groups.clear();
  }

  #groupOf(row: readonly Converted[]): Group {
    const name = this.#nameOf(row);
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, group = { row: [...row], counts: new Map() });
    return group;
  }

  /** A single other column is its own name; of several, types and lengths keep ["a", "b"] apart from ["ab", ""]. */
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
