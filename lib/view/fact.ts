/**
 * Lines of a summary or a forecast: a name, and what there is to say.
 *
 * @module
 */

import { meaningOf } from "../rows/failure_reasons.ts";
import type { FailureCount } from "../store/records.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { formatCount } from "../text/format.ts";

/** One line. */
export function fact(name: string, text: string): string {
  return `  ${name.padEnd(11)} ${text}`;
}

/** Why so many keys failed, in words. */
export function failureText({ reason, count, example }: FailureCount): string {
  return `${formatCount(count)} × ${reason}: ${meaningOf(reason)}, such as ${sanitizeLine(example, 40)}`;
}
