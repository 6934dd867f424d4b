/**
 * The rule for a key, the same for every source of keys. Pure.
 *
 * @module
 */

import { runLimits } from "../limits.ts";

/** The rule that a key breaks, as a clause that follows the key's position; undefined if the key is valid. */
export function keyRule(key: string): string | undefined {
  if (key === "") return "must be a key that is not empty";
  if (key.trim() !== key) return "must be a key without white space around it";
  if (key.length > runLimits.keyCharsMax) {
    return `must be a key of at most ${runLimits.keyCharsMax} characters`;
  }
  // U+0000 is a control character: SQLite's functions would end the text there.
  if (/\p{Cc}/u.test(key)) return "must be a key without control characters";
  // A lone surrogate has no UTF-8 form: it would be stored, and asked, as another key.
  if (!key.isWellFormed()) return "must be a key of whole Unicode characters";
  return undefined;
}
