/**
 * The servers that a job may reach.
 *
 * @module
 */

import { InterruptedError, messageOf, UsageError } from "../errors.ts";
import { hostOf, isNamedAddress } from "../http/redirect_policy.ts";
import { isPrivateAddress } from "../http/private_address.ts";
import type { Job, Window } from "../job/job.ts";
import { plainUrl } from "../job/request_builder.ts";

/** `host:port` of each server that the job's requests go to. No key can change them. */
export function jobHosts(job: Job, window: Window | undefined): string[] {
  return [hostOf(new URL(plainUrl(job.request.url, window)))];
}

/** Looks up the addresses of a host name. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

/**
 * Checks that each host of `request.redirect_hosts` has public addresses, or private ones that the list names too. A
 * name may move after this check; from then on only its TLS certificate protects a redirect.
 *
 * @throws {UsageError} If a host has a private address that the list does not name.
 * @throws {InterruptedError} If a host name cannot be resolved.
 */
export async function checkRedirectHosts(job: Job, lookup: Lookup = addressesOf): Promise<void> {
  const names = job.request.redirectHosts.map((host) => host.slice(0, host.lastIndexOf(":")));
  for (const name of names.filter((name) => !isNamedAddress(name))) {
    for (const address of await resolved(name, lookup)) {
      if (names.includes(address.includes(":") ? `[${address}]` : address)) continue;
      if (!await isPrivateAddress(address)) continue;
      throw new UsageError(
        `Cannot allow redirects to "${name}": request.redirect_hosts must name its private address too, got ${address}`,
      );
    }
  }
}

async function resolved(name: string, lookup: Lookup): Promise<readonly string[]> {
  try {
    return await lookup(name);
  } catch (error) {
    throw new InterruptedError(
      `Cannot resolve "${name}" of request.redirect_hosts: ${messageOf(error)}; run again to retry`,
      { cause: error },
    );
  }
}

/** Resolves as `fetch` does. `node:dns` is loaded on demand: loading it takes as long as a run of a few keys. */
async function addressesOf(hostname: string): Promise<readonly string[]> {
  const { lookup } = await import("node:dns/promises");
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}
