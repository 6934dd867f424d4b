/**
 * Transport over `fetch`: sends one request on pooled HTTP/1.1 connections, and gives the status, headers and body of
 * its answer. Follows no redirect, keeps no deadline (the caller's signal ends an exchange) and bounds no body.
 *
 * Another transport, such as one with its own connections, has the same four members: `send`, `failureOf`,
 * `isReachable`, dispose.
 *
 * @module
 */

import { ExchangeError } from "./exchange_error.ts";
import type { HttpRequest } from "./http_request.ts";
import { ReachabilityProbe } from "./reachable.ts";

/** What a transport gives of an answer. The body, decoded, is read once: with `bytes()` or from the stream `body`. */
export type TransportAnswer = Pick<Response, "status" | "headers" | "body" | "bytes">;

/** Bounds of a transport. */
export interface FetchTransportOptions {
  /** Idle connections kept open per host. */
  readonly connectionsMax: number;
  /** Milliseconds in which a server must accept a connection. */
  readonly connectMs: number;
}

/** One per client. Disposing it closes its connections. */
export class FetchTransport implements Disposable {
  readonly #http: Deno.HttpClient;
  readonly #probe: ReachabilityProbe;

  constructor({ connectionsMax, connectMs }: FetchTransportOptions) {
    // HTTP/2 is off: reused connections can hang, and a server may refuse more than 100 streams.
    this.#http = Deno.createHttpClient({ http2: false, poolMaxIdlePerHost: connectionsMax });
    this.#probe = new ReachabilityProbe(connectMs);
  }

  /** Sends a request. Resolves at the answer's head; rejects with an error for {@linkcode failureOf}. */
  send({ method, url, headers, body }: HttpRequest, signal: AbortSignal): Promise<TransportAnswer> {
    return fetch(url, {
      client: this.#http,
      method,
      headers,
      body: body ?? null,
      redirect: "manual",
      signal,
    });
  }

  /**
   * Translates an error of {@linkcode send}. `fetch` tells a refused connection from a broken one, or from an answer
   * that is not HTTP, by its message only. The message contains the URL, so each pattern has a space, which a URL
   * cannot have.
   */
  failureOf(error: unknown): ExchangeError {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
    const text = `${error instanceof Error ? error.message : ""} ${cause}`;
    // EMFILE and ENFILE: a lack of this process or machine, not of the server.
    if (/\(os error 2[34]\)/.test(text)) return new ExchangeError("out-of-descriptors");
    if (/error \(Connect\)|connect error|dns error|are blocked|Requires net access/i.test(text)) {
      return new ExchangeError("connect");
    }
    const isOdd = /invalid (?:HTTP|content-length|transfer-encoding)|message head is too large/i.test(text);
    return new ExchangeError(isOdd ? "bad-http" : "reset");
  }

  /** Whether the server of a URL accepts connections: `fetch` has no connect timeout. Never rejects. */
  isReachable(url: string): Promise<boolean> {
    return this.#probe.check(new URL(url));
  }

  [Symbol.dispose](): void {
    this.#http.close();
  }
}
