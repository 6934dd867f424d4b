/**
 * Keys that a list holds more than once, in words.
 *
 * @module
 */

import { countedKeysMax } from "../collect/keys/duplicate_counter.ts";
import { formatCount } from "../text/format.ts";

/** `3 keys occur before in the list`; undefined if there are none, or if the list is not known. */
export function duplicatesText(duplicates: number | undefined, keys: number): string | undefined {
  if (duplicates === 0) return undefined;
  if (duplicates !== undefined) {
    return `${formatCount(duplicates)} ${
      duplicates === 1 ? "key occurs" : "keys occur"
    } before in the list, ` +
      `and ${duplicates === 1 ? "is" : "are"} asked again`;
  }
  return keys > countedKeysMax
    ? `not counted in a list of more than ${formatCount(countedKeysMax)} keys`
    : undefined;
}
