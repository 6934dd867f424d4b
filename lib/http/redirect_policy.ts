/**
 * Where a server may lead a client, and what goes along: one rule for redirects and for every other URL that an
 * answer holds. Pure: asks nobody.
 *
 * @module
 */

import { httpLimits } from "../limits.ts";
import { ExchangeError } from "./exchange_error.ts";

/** The servers that may be asked, each as `host:port`. */
export interface AllowedHosts {
  /** Those that the job asks. */
  readonly hosts: readonly string[];
  /** Those that a server may lead to besides. */
  readonly redirectHosts: readonly string[];
}

/** Headers that say nothing about who asks; all others stay with the origin that they were written for. */
const sanitize: ReadonlySet<string> = new Set(["accept", "accept-encoding", "accept-language", "user-agent"]);

/**
 * The URL that `location`, found in an answer of `base`, stands for. The job's hosts are asked in the protocol that
 * led there: a port speaks one, so another one there is a mistake, or sends in the open what was encrypted. The others
 * are asked over https, so that a certificate vouches for them whatever address their name has by now; one that is
 * listed as an address, or as this machine, also as the job's hosts are.
 *
 * @throws {ExchangeError} If it leads elsewhere: `redirect`, with the host in `detail`.
 */
export function redirectTarget(location: string, base: URL, { hosts, redirectHosts }: AllowedHosts): URL {
  if (location.length > httpLimits.locationCharsMax) {
    throw new ExchangeError("redirect", { detail: `a URL of ${location.length} characters` });
  }
  const target = URL.parse(location, base);
  if (target === null || !/^https?:$/.test(target.protocol)) {
    throw new ExchangeError("redirect", { detail: "to no http or https URL" });
  }
  const host = hostOf(target);
  const isSameProtocol = target.protocol === base.protocol;
  const isAllowed = (hosts.includes(host) && isSameProtocol) ||
    (redirectHosts.includes(host) &&
      (target.protocol === "https:" || (isSameProtocol && isNamedAddress(target.hostname))));
  if (!isAllowed) throw new ExchangeError("redirect", { detail: `to ${target.protocol}//${host}` });
  return target;
}

/** The headers that may go with a request that `from` led to. */
export function forwardedHeaders(
  headers: Readonly<Record<string, string>>,
  { from, to }: { readonly from: URL; readonly to: URL },
): Readonly<Record<string, string>> {
  if (from.origin === to.origin) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => sanitize.has(name.toLowerCase())));
}

/** `host:port` of a URL, the port always written out. */
export function hostOf(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
}

/** Whether a URL's hostname is an address, or this machine by its own name, so that no name server has a say. */
export function isNamedAddress(hostname: string): boolean {
  return /^(?:\d+\.){3}\d+$|^\[|^(?:.*\.)?localhost$/.test(hostname);
}
