/**
 * The servers that a job may ask.
 *
 * @module
 */

import { InterruptedError, messageOf, UsageError } from "../errors.ts";
import { hostOf, isNamedAddress } from "../http/redirect_policy.ts";
import { isPrivateAddress } from "../http/private_address.ts";
import type { Job, Window } from "../job/job.ts";
import { plainUrl } from "../job/request_builder.ts";

/** `host:port` of every server of the job's requests. A key cannot change them. */
export function jobHosts(job: Job, window: Window | undefined): string[] {
  return [hostOf(new URL(plainUrl(job.request.url, window)))];
}

/** The addresses of a name. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

/**
 * Checks that the hosts which redirects may lead to are out in the internet, or at an address that the job names
 * beside them. Holds for the moment: later on it is their certificate that vouches for them.
 *
 * @throws {UsageError} If one is at a private address.
 * @throws {InterruptedError} If one cannot be found.
 */
export async function checkRedirectHosts(job: Job, lookup: Lookup = addressesOf): Promise<void> {
  const names = job.request.redirectHosts.map((host) => host.slice(0, host.lastIndexOf(":")));
  for (const name of names.filter((name) => !isNamedAddress(name))) {
    const isFine = (address: string) =>
      !isPrivateAddress(address) || names.includes(address.includes(":") ? `[${address}]` : address);
    const wrong = (await found(name, lookup)).find((address) => !isFine(address));
    if (wrong === undefined) continue;
    throw new UsageError(
      `Cannot let redirects lead to "${name}" as request.redirect_hosts must name a private address too: ` +
        `it is at ${wrong}`,
    );
  }
}

async function found(name: string, lookup: Lookup): Promise<readonly string[]> {
  try {
    return await lookup(name);
  } catch (error) {
    throw new InterruptedError(
      `Cannot find "${name}" of request.redirect_hosts: ${messageOf(error)}; run again to try again`,
      { cause: error },
    );
  }
}

/** As `fetch` looks them up. Loaded only where it is needed: that takes as long as a run of a few keys. */
async function addressesOf(hostname: string): Promise<readonly string[]> {
  const { lookup } = await import("node:dns/promises");
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}
