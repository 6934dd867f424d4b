/**
 * Asks one URL at a time over pooled HTTP/1.1 connections, with four deadlines and redirects within the given hosts
 * only. Knows nothing of retries, jobs or JSON.
 *
 * @module
 */

import { httpLimits } from "../limits.ts";
import { Answer } from "./answer.ts";
import { Deadlines, type Watched } from "./deadlines.ts";
import { ExchangeError, type ExchangeFailure } from "./exchange_error.ts";
import type { HttpRequest } from "./http_request.ts";
import { type AllowedHosts, forwardedHeaders, hostOf, redirectTarget } from "./redirect_policy.ts";
import { isReachable } from "./reachable.ts";

/** Milliseconds. `total` is from the start to the last byte; `idle` is between two reads of the body. */
export interface ClientTimeouts {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

/** What a client may do, and how long it waits. */
export interface ClientOptions extends AllowedHosts {
  readonly timeouts: ClientTimeouts;
  /** Decoded bytes of one body. */
  readonly bodyBytesMax: number;
  /** Connections kept open while idle. */
  readonly connectionsMax: number;
  /** Told how many decoded bytes have been read, as they come. */
  readonly read?: (bytes: number) => void;
  /** Told what the head of every answer says, and the milliseconds until it came. */
  readonly onHead?: (status: number, headers: Headers, afterMs: number) => void;
}

/** One per Worker. Disposing it aborts what is under way and closes its connections. */
export class Client implements Disposable {
  readonly #options: ClientOptions;
  readonly #http: Deno.HttpClient;
  readonly #deadlines: Deadlines;
  readonly #exchanges = new Set<Exchange>();
  /** The last look at whether a server takes connections, by host. */
  readonly #probes = new Map<string, Probe>();

  constructor(options: ClientOptions) {
    this.#options = options;
    // Reused HTTP/2 connections can hang, and more than 100 streams can be refused.
    this.#http = Deno.createHttpClient({ http2: false, poolMaxIdlePerHost: options.connectionsMax });
    this.#deadlines = new Deadlines(nowMs);
  }

  /**
   * Sends one request. Redirects within the allowed hosts are followed; credentials stay at the URL's origin. The
   * caller must read or discard the answer's body.
   *
   * @throws {ExchangeError} If no answer comes.
   */
  async send(request: HttpRequest): Promise<Answer> {
    const exchange = new Exchange(request.url, this.#options.timeouts, (late) => void this.#probe(late));
    this.#exchanges.add(exchange);
    this.#deadlines.add(exchange);
    try {
      const response = await this.#follow(exchange, request);
      exchange.enter("body");
      this.#options.onHead?.(response.status, response.headers, exchange.ageMs);
      return new Answer(response, {
        bodyBytesMax: this.#options.bodyBytesMax,
        waiting: () => exchange.enter("idle"),
        progressed: () => exchange.enter("body"),
        counted: (bytes) => this.#options.read?.(bytes),
        abort: (reason, detail) => exchange.abort(reason, detail),
        ended: () => this.#end(exchange),
        failure: () => exchange.failure,
      });
    } catch (error) {
      this.#end(exchange);
      throw exchange.failure ?? (error instanceof ExchangeError ? error : asExchangeError(error));
    }
  }

  /** Aborts everything under way. */
  drop(): void {
    for (const exchange of this.#exchanges) exchange.abort("dropped");
  }

  [Symbol.dispose](): void {
    this.drop();
    this.#deadlines[Symbol.dispose]();
    this.#http.close();
  }

  async #follow(exchange: Exchange, request: HttpRequest): Promise<Response> {
    let { url, headers: along } = request;
    for (let redirects = 0; redirects <= httpLimits.redirectsMax; redirects++) {
      const response = await fetch(url, {
        client: this.#http,
        method: request.method,
        body: request.body ?? null,
        headers: { ...along },
        redirect: "manual",
        signal: exchange.signal,
      });
      const location = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || location === null) return response;
      await response.body?.cancel();
      const from = new URL(url);
      const to = redirectTarget(location, from, this.#options);
      along = forwardedHeaders(along, { from, to });
      url = to.href;
    }
    throw new ExchangeError("redirect", {
      detail: `more than ${httpLimits.redirectsMax}, one after the other`,
    });
  }

  /** No answer within the connect timeout: either the server thinks, or it cannot be reached at all. */
  async #probe(exchange: Exchange): Promise<void> {
    const url = new URL(exchange.url);
    const host = hostOf(url);
    const { connectMs } = this.#options.timeouts;
    let probe = this.#probes.get(host);
    // Asked again only after a while, or a thousand slow answers would mean a thousand more connections.
    if (probe === undefined || nowMs() - probe.startedMs >= connectMs) {
      probe = { startedMs: nowMs(), reachable: isReachable(url, connectMs) };
      this.#probes.set(host, probe);
    }
    exchange.probed(await probe.reachable);
  }

  #end(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
    this.#deadlines.delete(exchange);
  }
}

/** Milliseconds on a clock that only goes forward. */
function nowMs(): number {
  return performance.now();
}

interface Probe {
  readonly startedMs: number;
  readonly reachable: Promise<boolean>;
}

/** One exchange and the deadline of the phase that it is in. */
class Exchange implements Watched {
  readonly url: string;
  dueMs: number;
  readonly #timeouts: ClientTimeouts;
  readonly #startedMs = nowMs();
  readonly #controller = new AbortController();
  readonly #probe: (late: Exchange) => void;
  #phase: "connect" | "probing" | "first-byte" | "body" | "idle" = "connect";
  #failure: ExchangeError | undefined;

  constructor(url: string, timeouts: ClientTimeouts, probe: (late: Exchange) => void) {
    this.url = url;
    this.#timeouts = timeouts;
    this.#probe = probe;
    this.dueMs = this.#startedMs + Math.min(timeouts.connectMs, timeouts.firstByteMs, timeouts.totalMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get failure(): ExchangeError | undefined {
    return this.#failure;
  }

  get ageMs(): number {
    return nowMs() - this.#startedMs;
  }

  /** `idle`: a read of the body is under way; `body`: none is, so only the total counts. */
  enter(phase: "body" | "idle"): void {
    this.#phase = phase;
    if (phase === "body") this.dueMs = this.#totalMs;
    else this.dueMs = Math.min(nowMs() + this.#timeouts.idleMs, this.#totalMs);
  }

  /** The server was looked for. Tells nothing if it has answered meanwhile. */
  probed(isReachable: boolean): void {
    if (this.#phase !== "probing") return;
    if (!isReachable) return this.abort("connect-timeout");
    this.#phase = "first-byte";
    this.dueMs = Math.min(this.#firstByteMs, this.#totalMs);
  }

  expire(): void {
    const now = nowMs();
    if (now >= this.#totalMs) return this.abort("total-timeout");
    if (this.#phase === "idle") return this.abort("idle-timeout");
    if (this.#phase === "first-byte" || now >= this.#firstByteMs) return this.abort("first-byte-timeout");
    this.#phase = "probing";
    this.dueMs = this.#totalMs;
    this.#probe(this);
  }

  abort(reason: ExchangeFailure, detail?: string): void {
    this.#failure ??= new ExchangeError(reason, detail === undefined ? {} : { detail });
    this.#controller.abort(this.#failure);
  }

  get #firstByteMs(): number {
    return this.#startedMs + this.#timeouts.firstByteMs;
  }

  get #totalMs(): number {
    return this.#startedMs + this.#timeouts.totalMs;
  }
}

/**
 * `fetch` tells a refused connection from a broken one, and from an answer that is no HTTP, only in its message, which
 * has the URL in it: what is looked for holds a space, which no URL does.
 */
function asExchangeError(error: unknown): ExchangeError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  const text = `${error instanceof Error ? error.message : ""} ${cause}`;
  if (/error \(Connect\)|connect error|dns error|are blocked|Requires net access/i.test(text)) {
    return new ExchangeError("connect");
  }
  const isOdd = /invalid (?:HTTP|content-length|transfer-encoding)|message head is too large/i.test(text);
  return new ExchangeError(isOdd ? "bad-http" : "reset");
}
