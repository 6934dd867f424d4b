/**
 * Checks whether servers accept connections, by opening one and closing it again. At most one connection per server
 * and connect timeout, however many requests ask.
 *
 * @module
 */

import { descriptorText } from "../errors.ts";
import { hostOf } from "./redirect_policy.ts";

interface Check {
  readonly startedMs: number;
  readonly isReachable: Promise<boolean>;
}

/** One per transport. Holds the last check of each server. */
export class ReachabilityProbe {
  readonly #connectMs: number;
  readonly #checks = new Map<string, Check>();

  constructor(connectMs: number) {
    this.#connectMs = connectMs;
  }

  /** Resolves to false if the server of `url` accepts no connection within the connect timeout. */
  check(url: URL): Promise<boolean> {
    const host = hostOf(url);
    let check = this.#checks.get(host);
    if (check === undefined || performance.now() - check.startedMs >= this.#connectMs) {
      check = { startedMs: performance.now(), isReachable: acceptsConnection(url, this.#connectMs) };
      this.#checks.set(host, check);
    }
    return check.isReachable;
  }
}

async function acceptsConnection(url: URL, timeoutMs: number): Promise<boolean> {
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    const connection = await Deno.connect({ hostname, port, signal: deadline.signal });
    connection.close();
    return true;
  } catch (error) {
    // Without a file descriptor for the check, nothing is known about the server.
    return descriptorText(error) !== undefined;
  } finally {
    clearTimeout(timer);
  }
}
