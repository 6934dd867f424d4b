/**
 * "Did you mean": the known name closest to an unknown one. Compares names of at most 64 characters, because the work
 * grows with the product of the lengths. Pure.
 *
 * @module
 */

import { closestString } from "@std/text/closest-string";
import { levenshteinDistance } from "@std/text/levenshtein-distance";

const nameCharsMax = 64;

/**
 * The candidate closest to `name` by edit distance. Letter case and `-` against `_` do not count, and a swap of two
 * letters counts once. Undefined if the distance exceeds 1 and a third of the candidate's length.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > nameCharsMax || candidates.length === 0) return undefined;
  const closest = closestString(name, candidates, { compareFn: distance });
  return distance(name, closest) <= Math.max(1, Math.floor(closest.length / 3)) ? closest : undefined;
}

function distance(a: string, b: string): number {
  const [from, to] = [plain(a), plain(b)];
  const edits = levenshteinDistance(from, to);
  return edits === 2 && sorted(from) === sorted(to) ? 1 : edits;
}

function sorted(text: string): string {
  return [...text].toSorted().join("");
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}
