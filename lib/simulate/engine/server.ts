/**
 * The practice API's HTTP/1.1 server, on raw TCP, because what goes wrong on a network goes wrong below HTTP. Takes
 * requests to a decision and writes the answer as decided; holds one head and one block per connection. Knows no
 * profile, and speaks GET only.
 *
 * @module
 */

import { type Answer, jsonAnswer } from "./profile.ts";
import { BLOCK_BYTES } from "../profiles/ripestat/update_encoder.ts";
import { brokenGzipBody, gzipBody } from "./body.ts";
import { placeIn, type Plan } from "./fault.ts";
import type { Meter } from "./meter.ts";
import { CancellableDelays } from "./cancellable_delays.ts";
import { Wire } from "./wire.ts";

/** What is done about one request. */
export interface Decision {
  /** What goes wrong on the way. */
  readonly plan: Plan;
  /** The pause before the answer, in milliseconds. */
  readonly delayMs: number;
  /** The answer, made when it is due. */
  answer(): Answer;
}

/** How the server behaves; none of it depends on the request. */
export interface ServerOptions {
  /** What to do about a request's target. */
  readonly decide: (target: string) => Decision;
  /** Told of all requests but the introspection's. */
  readonly meter: Meter;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** `auto`: by length below 64 KiB, else by chunks. */
  readonly framing: "auto" | "length" | "chunked";
  /** Bytes of body in one write. */
  readonly pieces: number;
  /** Some requests will be reset. */
  readonly resets: boolean;
}

/**
 * The kernel resets a connection only if it is closed while bytes of the other side are unread. So where resets are to
 * come, request lines are read in steps this small, and the headers behind a line that is to be reset stay in the
 * socket. Deno shuts the sending side down first, so that the reset follows a FIN: whoever waits for bytes sees the
 * end of the stream, whoever writes sees the reset.
 */
const CAREFUL_READ_BYTES = 16;

/** A body whose end no frame tells has its fault within the first bytes, which every such body has. */
const UNKNOWN_LENGTH_BYTES = 256;

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  302: "Found",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** The server on one listener. */
export class Server {
  readonly #listener: Deno.TcpListener;
  readonly #options: ServerOptions;
  readonly #connections = new Map<Deno.TcpConn, Promise<void>>();
  readonly #delays = new CancellableDelays();
  readonly #accepting: Promise<void>;
  #closed = false;

  /** Serves from now on. */
  constructor(listener: Deno.TcpListener, options: ServerOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#accepting = this.#accept();
  }

  /** Stops listening, cuts what is under way and waits until all of it has ended. */
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
        // Closed, or a connection that was gone at once, or too many open files: the last one needs a pause.
        if (!this.#closed) await this.#delays.sleep(10);
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

  /** One request and its answer; false where the connection ends with it. */
  async #exchange(wire: Wire): Promise<boolean> {
    const { decide, meter, now, resets } = this.#options;
    let request;
    try {
      request = await wire.requestLine(resets ? CAREFUL_READ_BYTES : undefined);
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
      return await this.#refuse(wire, 400, error.message);
    }
    if (request === undefined) return false;
    const counted = !isIntrospection(request.target);
    if (counted) meter.began(now());
    wire.wrote = counted ? (bytes) => meter.wrote(bytes) : undefined;
    try {
      const decision = decide(request.target);
      if (!(decision.plan.ending?.kind.startsWith("reset") ?? false)) {
        const keeps = await wire.headers();
        if (keeps === undefined) return false;
        if (request.method !== "GET") return await this.#refuse(wire, 405, "only GET is allowed");
        return await this.#answer(wire, decision, { keepAlive: keeps && request.keepAlive, counted });
      }
      return await this.#answer(wire, decision, { keepAlive: request.keepAlive, counted });
    } finally {
      if (counted) meter.ended();
    }
  }

  async #answer(
    wire: Wire,
    { plan, delayMs, answer }: Decision,
    { keepAlive, counted }: { keepAlive: boolean; counted: boolean },
  ): Promise<boolean> {
    const { meter } = this.#options;
    if (delayMs > 0) await this.#delays.sleep(delayMs);
    for (const fault of [plan.content, plan.coding, plan.ending, plan.stall, plan.head]) {
      if (fault !== undefined) meter.failed(fault.kind);
    }
    if (plan.ending?.kind === "reset") return false;
    const coded = await codedAnswer(answer(), plan);
    const framing = this.#framingOf(coded.body.length);
    const frame = framing === "length"
      ? `content-length: ${coded.body.length}`
      : "transfer-encoding: chunked";
    const end = keepAlive ? "\r\n\r\n" : "\r\nconnection: close\r\n\r\n";
    wire.text(`HTTP/1.1 ${coded.status} ${REASONS[coded.status] ?? "Unusual"}\r\n`);
    if (plan.head !== undefined) {
      await wire.flush();
      await this.#delays.sleep(plan.head.ms);
    }
    wire.text(coded.headers.map((line) => `${line}\r\n`).join("") + frame + end);
    if (counted) meter.answered(coded.status);
    const whole = await this.#sendBody(wire, coded, { plan, framing });
    wire.rest();
    return whole && keepAlive;
  }

  /** Writes head and body; false where the body was left unfinished. */
  async #sendBody(
    wire: Wire,
    { body }: Answer,
    { plan, framing }: { plan: Plan; framing: "length" | "chunked" },
  ): Promise<boolean> {
    const place = placeIn(body.length === Infinity ? UNKNOWN_LENGTH_BYTES : body.length, plan.place);
    const endAt = plan.ending === undefined ? Infinity : place;
    // Where a body both stalls and ends early, it stalls first.
    let stallAt = plan.stall === undefined
      ? Infinity
      : plan.ending === undefined
      ? place
      : Math.ceil(place / 2);
    let sent = 0;
    for await (const block of body.blocks()) {
      for (let at = 0; at < block.length;) {
        const room = Math.min(this.#options.pieces, stallAt - sent, endAt - sent);
        const piece = block.subarray(at, at + room);
        if (framing === "chunked") wire.text(`${piece.length.toString(16)}\r\n`);
        wire.bytes(piece);
        if (framing === "chunked") wire.text("\r\n");
        at += piece.length;
        sent += piece.length;
        // The last chunk goes out with the one before it, unless there is something to go wrong.
        if (framing === "length" || sent !== body.length || endAt !== Infinity) await wire.flush();
        if (sent === endAt) return false;
        if (sent !== stallAt) continue;
        await wire.flush();
        if (plan.stall?.ms === "forever") return await wire.gone(), false;
        await this.#delays.sleep(plan.stall?.ms ?? 0);
        stallAt = Infinity;
      }
    }
    // An empty body has no place to end early at; the connection ends all the same.
    const isWhole = plan.ending === undefined;
    if (framing === "chunked" && isWhole) wire.text("0\r\n\r\n");
    await wire.flush();
    return isWhole;
  }

  #framingOf(length: number): "length" | "chunked" {
    if (length === Infinity || this.#options.framing === "chunked") return "chunked";
    return this.#options.framing === "length" || length < BLOCK_BYTES ? "length" : "chunked";
  }

  async #refuse(wire: Wire, status: number, message: string): Promise<false> {
    const answer = () => jsonAnswer(status, JSON.stringify({ status: "error", message }));
    await this.#answer(wire, { plan: { place: 0 }, delayMs: 0, answer }, { keepAlive: false, counted: true });
    return false;
  }
}

async function codedAnswer(answer: Answer, { coding }: Plan): Promise<Answer> {
  if (coding === undefined) return answer;
  const headers = [...answer.headers, "content-encoding: gzip"];
  const body = coding.kind === "gzip" ? await gzipBody(answer.body) : brokenGzipBody(answer.body);
  return { ...answer, headers, body };
}

function isIntrospection(target: string): boolean {
  return target.startsWith("/simulator/") || target.startsWith("/truth/");
}

/** Errors by which a connection ends that the other side, or `close()`, has closed. */
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
