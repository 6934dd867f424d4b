/**
 * Lines of a summary or a forecast: a name, and what there is to say.
 *
 * @module
 */

import { meaningOf } from "../collect/answer/reasons.ts";
import { formatCount } from "../job/units.ts";
import type { FailureCount } from "../store/reader.ts";
import { printable } from "./printable.ts";

/** One line. */
export function fact(name: string, text: string): string {
  return `  ${name.padEnd(11)} ${text}`;
}

/** Why so many keys failed, in words. */
export function failureText({ reason, count, example }: FailureCount): string {
  return `${formatCount(count)} × ${reason}: ${meaningOf(reason)}, such as ${printable(example, 40)}`;
}
