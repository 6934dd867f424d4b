/**
 * Redirect policy: which URLs from an answer may be requested, and with which headers. The same rule holds for
 * redirects and for any other URL that an answer contains. Pure: no I/O, no name lookup.
 *
 * @module
 */

import { httpLimits } from "../limits.ts";
import { ExchangeError } from "./exchange_error.ts";

/** The servers that may be asked, each as `host:port`. */
export interface AllowedHosts {
  /** Those of the job's own URLs. */
  readonly hosts: readonly string[];
  /** Those that an answer may lead to besides. */
  readonly redirectHosts: readonly string[];
}

/** Headers without credentials. All others are sent to the request's own origin only. */
const forwarded: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "user-agent",
]);

/**
 * Resolves `location`, found in an answer of `base`, to a URL that may be requested.
 *
 * - The job's hosts keep the protocol of `base`: a port speaks one protocol, so a change is a mistake or a downgrade.
 * - Redirect hosts need https, so that a certificate confirms the name whatever its address is now. A redirect host
 *   that is listed as an address, or as `localhost`, may keep the protocol of `base` too.
 *
 * @throws {ExchangeError} `redirect`, with the host in `detail`, for any other URL.
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

/** The headers to send when an answer of `from` leads to `to`: without credentials if the origin changes. */
export function forwardedHeaders<Value>(
  headers: Readonly<Record<string, Value>>,
  { from, to }: { readonly from: URL; readonly to: URL },
): Readonly<Record<string, Value>> {
  if (from.origin === to.origin) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => forwarded.has(name.toLowerCase())));
}

/** `host:port` of a URL, including a default port. */
export function hostOf(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
}

/** Whether a hostname of a URL is an IP address or `localhost`, so that no name server decides where it leads. */
export function isNamedAddress(hostname: string): boolean {
  return /^(?:\d+\.){3}\d+$|^\[|^(?:.*\.)?localhost$/.test(hostname);
}
