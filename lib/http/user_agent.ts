/**
 * The User-Agent of requests whose job names none: it tells the operators of an API which program asks, in which
 * version. Without it the platform would send its own name.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };

/** `trawl/VERSION`. */
export const userAgent = `trawl/${config.version}`;

/** The headers, with `trawl/VERSION` unless they have a User-Agent in any letter case. */
export function withUserAgent(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const hasOwn = Object.keys(headers).some((name) => name.toLowerCase() === "user-agent");
  return hasOwn ? headers : { "user-agent": userAgent, ...headers };
}
