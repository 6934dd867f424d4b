/**
 * "Did you mean": the known name nearest to one that is unknown. Compares short names only; pure.
 *
 * @module
 */

/** Names longer than this are not compared: the work grows with the product of the lengths. */
const nameCharsMax = 64;

/**
 * The candidate that takes the fewest single-character edits from `name`, letter case and `-` against `_` free of
 * charge; nothing if every one would take more than a third of its characters.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > nameCharsMax) return undefined;
  let best: { readonly candidate: string; readonly edits: number } | undefined;
  for (const candidate of candidates) {
    const edits = editsBetween(plain(name), plain(candidate));
    const near = edits <= Math.max(1, Math.floor(candidate.length / 3));
    if (near && edits < (best?.edits ?? Infinity)) best = { candidate, edits };
  }
  return best?.candidate;
}

/** The Levenshtein distance, two swapped neighbours counted as one edit; two rows of its table at a time. */
function editsBetween(from: string, to: string): number {
  let above: readonly number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let index = 0; index < from.length; index += 1) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const changed = cell(row, column - 1) + (from[index] === to[column - 1] ? 0 : 1);
      const swapped = from[index] === to[column - 2] && from[index - 1] === to[column - 1];
      const swap = swapped ? cell(above, column - 2) + 1 : Infinity;
      next.push(Math.min(changed, swap, cell(row, column) + 1, cell(next, column - 1) + 1));
    }
    [above, row] = [row, next];
  }
  return cell(row, to.length);
}

function cell(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}
