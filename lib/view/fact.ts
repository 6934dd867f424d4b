/**
 * Lines of a summary or a forecast: a name and a text. Pure.
 *
 * @module
 */

import { meaningOf } from "../rows/failure_reasons.ts";
import type { FailureCount } from "../store/records.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { formatCount } from "../text/format.ts";

/** One line, the text in column 15. */
export function fact(name: string, text: string): string {
  return `  ${name.padEnd(11)} ${text}`;
}

/** `3 × http-404: the server answered 404, such as 17`. */
export function failureText({ reason, count, example }: FailureCount): string {
  return `${formatCount(count)} × ${reason}: ${meaningOf(reason)}, such as ${sanitizeLine(example, 40)}`;
}
