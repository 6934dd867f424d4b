/**
 * The words for a server that refuses access: what it answered, what it said, and what to change. Pure.
 *
 * @module
 */

import { meaningOf } from "../rows/failure_reasons.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import type { AccessRefusal } from "../worker/protocol.ts";

/** Characters shown of what the server said. */
const saidCharsMax = 60;

/** One sentence. */
export function refusalText({ reason, detail }: AccessRefusal): string {
  const said = detail === undefined ? "" : `, ${sanitizeLine(detail, saidCharsMax)}`;
  return `every request was refused: ${meaningOf(reason)} (${reason}${said}); ${
    advice[reason] ?? advice.other
  }`;
}

const advice: Readonly<Record<string, string>> & { readonly other: string } = {
  "http-403": "check the credentials of the request, and what they may read",
  "http-407": "check the credentials of the proxy",
  redirect: "check the credentials of the request, or list the host in request.redirect_hosts",
  other: "check the credentials of the request",
};
