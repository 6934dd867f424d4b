/**
 * The simulator's HTTP/1.1 server, on raw TCP, because network faults happen below HTTP. Reads requests, asks for a
 * decision, has the answer written. Holds one request head and one block per connection. Serves GET only.
 *
 * @module
 */

import { AnswerWriter, type AnswerWriterOptions } from "./answer_writer.ts";
import { CancellableDelays } from "./cancellable_delays.ts";
import type { Decision } from "./decision.ts";
import { noFault } from "./fault.ts";
import { isIntrospection } from "./introspection.ts";
import { errorAnswer } from "./profile.ts";
import { Wire } from "./wire.ts";

/** How the server behaves; the same for all requests. */
export interface ServerOptions extends Omit<AnswerWriterOptions, "delays"> {
  /** Decides about a request's target. */
  readonly decide: (target: string) => Decision;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Some requests will be reset. */
  readonly resets: boolean;
}

/**
 * The kernel sends RST only if a connection is closed while received bytes are unread. If some requests are to be
 * reset, the server therefore reads request lines in steps this small and leaves the headers of such a request in the
 * socket. Deno shuts the sending side down first, so a FIN precedes the RST: a client that reads sees the end of the
 * stream, a client that writes sees the reset.
 */
const carefulReadBytes = 16;

/** Pause after a failed accept, so that a lack of file descriptors does not become a busy loop. */
const acceptPauseMs = 10;

/** The server on one listener. */
export class Server {
  readonly #listener: Deno.TcpListener;
  readonly #options: ServerOptions;
  readonly #connections = new Map<Deno.TcpConn, Promise<void>>();
  readonly #delays = new CancellableDelays();
  readonly #writer: AnswerWriter;
  readonly #accepting: Promise<void>;
  #closed = false;

  /** Starts serving. */
  constructor(listener: Deno.TcpListener, options: ServerOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#writer = new AnswerWriter({ ...options, delays: this.#delays });
    this.#accepting = this.#accept();
  }

  /** Stops listening, closes all connections and waits for their ends. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#listener.close();
      for (const connection of this.#connections.keys()) closeQuietly(connection);
      this.#delays.wakeAll();
    }
    await this.#accepting;
    await Promise.all(this.#connections.values());
  }

  async #accept(): Promise<void> {
    while (!this.#closed) {
      try {
        const connection = await this.#listener.accept();
        const served = this.#serve(connection).finally(() => this.#connections.delete(connection));
        this.#connections.set(connection, served);
      } catch {
        if (!this.#closed) await this.#delays.sleep(acceptPauseMs);
      }
    }
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    try {
      connection.setNoDelay(true);
      const wire = new Wire(connection);
      while (await this.#exchange(wire) && !this.#closed);
    } catch (error) {
      if (!isGone(error)) throw error;
    } finally {
      closeQuietly(connection);
    }
  }

  /** Serves one request; resolves to false if the connection must be closed. */
  async #exchange(wire: Wire): Promise<boolean> {
    const { decide, meter, now, resets } = this.#options;
    let request;
    try {
      request = await wire.requestLine(resets ? carefulReadBytes : undefined);
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
      return await this.#refuse(wire, 400, error.message);
    }
    if (request === undefined) return false;
    const counted = !isIntrospection(request.target);
    if (counted) meter.began(now());
    wire.onWrite = counted ? (bytes) => meter.wrote(bytes) : undefined;
    try {
      const decision = decide(request.target);
      if (!(decision.plan.ending?.kind.startsWith("reset") ?? false)) {
        const keeps = await wire.headers();
        if (keeps === undefined) return false;
        if (request.method !== "GET") return await this.#refuse(wire, 405, "only GET is allowed");
        return await this.#writer.write(wire, decision, { keepAlive: keeps && request.keepAlive, counted });
      }
      return await this.#writer.write(wire, decision, { keepAlive: request.keepAlive, counted });
    } finally {
      if (counted) meter.ended();
    }
  }

  async #refuse(wire: Wire, status: number, message: string): Promise<false> {
    const decision = { plan: noFault, delayMs: 0, answer: () => errorAnswer(status, message) };
    await this.#writer.write(wire, decision, { keepAlive: false, counted: true });
    return false;
  }
}

/** Whether an error means that the client or `close()` has closed the connection. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.NotConnected;
}

function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
