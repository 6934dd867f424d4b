/**
 * Whether the head of an answer says that the answer is only a part: status 206, or a `Link` header (RFC 8288) with
 * the relation `next`. Pure: status and headers in, words out. A header is parsed only where it is there.
 *
 * @module
 */

import LinkHeader from "http-link-header";
import { httpLimits } from "../limits.ts";
import type { HeaderFields } from "./header_field.ts";

/** Finds the relation in a header that does not follow RFC 8288. */
const nextRelation = /;\s*rel\s*=\s*(?:"[^"]*\bnext\b|next\b)/i;

/**
 * What in an answer's head says that more belongs to it: `status 206`, or the link to the next page; undefined if
 * nothing does. The text quotes the server. With `isOnePageWanted`, the link says nothing.
 */
export function incompleteBy(
  { status, headers }: { readonly status: number; readonly headers: HeaderFields },
  { isOnePageWanted = false }: { readonly isOnePageWanted?: boolean } = {},
): string | undefined {
  if (status === 206) return "status 206";
  if (isOnePageWanted) return undefined;
  const link = headers.get("link");
  return link === null ? undefined : nextPageOf(link);
}

/** A link to the next page that cannot be read is one nevertheless: to drop it would be a silent gap. */
function nextPageOf(field: string): string | undefined {
  if (field.length > httpLimits.locationCharsMax) return `a Link header of ${field.length} characters`;
  if (!/next/i.test(field)) return undefined;
  try {
    const [next] = LinkHeader.parse(field).rel("next");
    return next === undefined ? undefined : `Link: <${next.uri}>; rel="next"`;
  } catch {
    return nextRelation.test(field) ? `Link: ${field}` : undefined;
  }
}
