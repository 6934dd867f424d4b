/**
 * The rule for one key, whatever list it comes from. Pure.
 *
 * @module
 */

import { runLimits } from "../limits.ts";

/** What is wrong with a key, if anything; a clause to put after its place. */
export function keyRule(key: string): string | undefined {
  if (key === "") return "must be a key that is not empty";
  if (key.trim() !== key) return "must be a key without white space around it";
  if (key.length > runLimits.keyCharsMax) {
    return `must be a key of at most ${runLimits.keyCharsMax} characters`;
  }
  if (/\p{Cc}/u.test(key)) return "must be a key without control characters";
  return undefined;
}
