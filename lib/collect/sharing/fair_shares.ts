/**
 * Divides a whole number of slots, or of turns, round-robin among the holders that want more. Units that are not wanted
 * are divided too, so a single holder has everything. Pure.
 *
 * @module
 */

/** One of the processes that share, and how many it can use. */
export interface Claim {
  readonly id: string;
  readonly want: number;
}

/**
 * The share of each holder. With fewer units than holders, some get none. `first` is the index of the holder that is
 * served first, and so gets what cannot be divided evenly; each process must pass the same.
 */
export function fairShares(total: number, claims: readonly Claim[], first = 0): ReadonlyMap<string, number> {
  const sorted = claims.toSorted((a, b) => a.id < b.id ? -1 : 1);
  const circle = sorted.map((_, index) => sorted[(index + first) % sorted.length] ?? { id: "", want: 0 });
  const shares = new Map(circle.map(({ id }) => [id, 0]));
  let left = total;
  for (const isWanted of [true, false]) {
    for (let isGiving = true; isGiving && left > 0;) {
      isGiving = false;
      for (const { id, want } of circle) {
        const share = shares.get(id) ?? 0;
        if (left === 0 || (isWanted && share >= want)) continue;
        shares.set(id, share + 1);
        left--;
        isGiving = true;
      }
    }
  }
  return shares;
}
