/**
 * Whether the head of an answer says that the answer is only a part: status 206, or a `Link` header (RFC 8288) with
 * the relation `next`. Status and headers in, words out. The parser is loaded by the first header that may have the
 * relation: as a CommonJS module it costs the start of every Worker 35 ms of CPU.
 *
 * @module
 */

import { httpLimits } from "../limits.ts";
import type { HeaderFields } from "./header_field.ts";

/** Finds the relation in a header that does not follow RFC 8288. */
const nextRelation = /;\s*rel\s*=\s*(?:"[^"]*\bnext\b|next\b)/i;

/**
 * What in an answer's head says that more belongs to it: `status 206`, or the link to the next page; undefined if
 * nothing does. The text quotes the server. With `isOnePageWanted`, the link says nothing.
 */
export async function incompleteBy(
  { status, headers }: { readonly status: number; readonly headers: HeaderFields },
  { isOnePageWanted = false }: { readonly isOnePageWanted?: boolean } = {},
): Promise<string | undefined> {
  if (status === 206) return "status 206";
  if (isOnePageWanted) return undefined;
  const link = headers.get("link");
  return link === null ? undefined : await nextPageOf(link);
}

/** A link to the next page that cannot be read is one nevertheless: to drop it would be a silent gap. */
async function nextPageOf(field: string): Promise<string | undefined> {
  if (field.length > httpLimits.locationCharsMax) return `a Link header of ${field.length} characters`;
  if (!/next/i.test(field)) return undefined;
  const { default: LinkHeader } = await import("http-link-header");
  try {
    const [next] = LinkHeader.parse(field).rel("next");
    return next === undefined ? undefined : `Link: <${next.uri}>; rel="next"`;
  } catch {
    return nextRelation.test(field) ? `Link: ${field}` : undefined;
  }
}
