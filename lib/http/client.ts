/**
 * HTTP client: sends a request, follows redirects to allowed hosts, and gives an answer with bounded body and
 * deadlines. Knows nothing of retries, jobs or JSON.
 *
 * @module
 */

import { httpLimits } from "../limits.ts";
import { Answer } from "./answer.ts";
import { Deadlines } from "./deadlines.ts";
import { type ClientTimeouts, Exchange, type ExchangeOptions } from "./exchange.ts";
import { ExchangeError } from "./exchange_error.ts";
import { FetchTransport, type TransportAnswer } from "./fetch_transport.ts";
import type { HttpRequest } from "./http_request.ts";
import { type AllowedHosts, forwardedHeaders, redirectTarget } from "./redirect_policy.ts";

/** Hosts, deadlines and bounds of a client. */
export interface ClientOptions extends AllowedHosts {
  readonly timeouts: ClientTimeouts;
  /** Decoded bytes that one body may have. */
  readonly bodyBytesMax: number;
  /** Idle connections kept open per host. */
  readonly connectionsMax: number;
  /** Called with the number of decoded bytes, as they are read. */
  readonly onBytes?: (bytes: number) => void;
  /** Called at the head of each answer, with the milliseconds since the request was sent. */
  readonly onHead?: (answer: Answer, latencyMs: number) => void;
}

/**
 * Idle connections kept once bodies are large, and large bodies until then: a connection keeps up to 0.6 MB with which
 * the platform has read ahead, and a new one costs little beside a large body.
 */
const largeMax = 32;

/** One per Worker. Disposing it aborts its exchanges and closes its connections. */
export class Client implements Disposable {
  readonly #options: ClientOptions;
  #transport: FetchTransport;
  #largeBodies = 0;
  readonly #deadlines = new Deadlines(() => performance.now());
  readonly #exchanges = new Set<Exchange>();
  readonly #exchangeOptions: ExchangeOptions;

  constructor(options: ClientOptions) {
    const { timeouts, bodyBytesMax, connectionsMax, onBytes } = options;
    this.#options = options;
    this.#transport = new FetchTransport({ connectionsMax, connectMs: timeouts.connectMs });
    this.#exchangeOptions = {
      timeouts,
      bodyBytesMax,
      onBytes,
      onSilence: (exchange) => void this.#probe(exchange),
      onLarge: () => this.#keepFewer(),
      onEnd: (exchange) => this.#end(exchange),
    };
  }

  /**
   * Sends one request. Redirects within the allowed hosts are followed; credentials stay at the URL's origin. The
   * caller must read or discard the answer's body.
   *
   * @throws {ExchangeError} If no answer comes.
   */
  async send(request: HttpRequest): Promise<Answer> {
    const exchange = new Exchange(request.url, this.#exchangeOptions);
    this.#exchanges.add(exchange);
    this.#deadlines.add(exchange);
    try {
      const head = await this.#follow(request, exchange);
      exchange.enter("body");
      const answer = new Answer(head, exchange);
      this.#options.onHead?.(answer, exchange.ageMs);
      return answer;
    } catch (error) {
      exchange.end();
      throw exchange.failure ?? (error instanceof ExchangeError ? error : this.#transport.failureOf(error));
    }
  }

  /** Aborts all exchanges, with the failure `dropped`. */
  drop(): void {
    for (const exchange of this.#exchanges) exchange.abort("dropped");
  }

  [Symbol.dispose](): void {
    this.drop();
    this.#deadlines[Symbol.dispose]();
    this.#transport[Symbol.dispose]();
  }

  async #follow(request: HttpRequest, { signal }: Exchange): Promise<TransportAnswer> {
    let next = request;
    for (let redirects = 0; redirects <= httpLimits.redirectsMax; redirects++) {
      const answer = await this.#transport.send(next, signal);
      const location = answer.headers.get("location");
      if (location === null || answer.status < 300 || answer.status > 399) return answer;
      await answer.body?.cancel();
      const from = new URL(next.url);
      const to = redirectTarget(location, from, this.#options);
      next = { ...next, url: to.href, headers: forwardedHeaders(next.headers, { from, to }) };
    }
    throw new ExchangeError("redirect", { detail: `more than ${httpLimits.redirectsMax} in a row` });
  }

  /** A body is large. The answers that are being read keep their connections to their end. */
  #keepFewer(): void {
    const { connectionsMax, timeouts: { connectMs } } = this.#options;
    if (++this.#largeBodies !== largeMax || connectionsMax <= largeMax) return;
    this.#transport[Symbol.dispose]();
    this.#transport = new FetchTransport({ connectionsMax: largeMax, connectMs });
  }

  async #probe(exchange: Exchange): Promise<void> {
    exchange.probed(await this.#transport.isReachable(exchange.url));
  }

  #end(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
    this.#deadlines.delete(exchange);
  }
}
