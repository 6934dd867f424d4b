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

/** UTF-16 units shown of what a server said. */
const detailCharsMax = 120;

/** `3 × http-404: the server answered 404, such as 17: {"error":"gone"}`. */
export function failureText(failure: FailureCount): string {
  return `${formatCount(failure.count)} × ${failure.reason}: ${exampleText(failure)}`;
}

/** The meaning of a reason, with a key and what the server said for it. */
export function exampleText({ reason, example, detail }: FailureCount): string {
  const said = detail === null ? "" : `: ${sanitizeLine(detail, detailCharsMax)}`;
  return `${meaningOf(reason)}, such as ${sanitizeLine(example, 40)}${said}`;
}
