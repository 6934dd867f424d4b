/**
 * Servers on 127.0.0.1 whose answers a test controls down to single bytes.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Answer } from "../../lib/http/answer.ts";
import type { HttpRequest } from "../../lib/http/http_request.ts";
import { Client, type ClientOptions } from "../../lib/http/client.ts";
import { ExchangeError, type ExchangeFailure } from "../../lib/http/exchange_error.ts";

/** Timeouts that no test reaches, unless it sets its own. */
export const patient = { connectMs: 5_000, firstByteMs: 5_000, idleMs: 5_000, totalMs: 10_000 };

/** A client with access to `server`. */
export function clientOf(server: { readonly host: string }, change: Partial<ClientOptions> = {}): Client {
  return new Client({
    hosts: [server.host],
    redirectHosts: [],
    timeouts: patient,
    bodyBytesMax: 1024 * 1024,
    connectionsMax: 4,
    ...change,
  });
}

/** Handles a connection after a request has been read. */
export type Script = (connection: Deno.TcpConn, request: string) => Promise<void>;

/** A server that writes raw bytes. Accepts any number of requests on a connection. */
export class RawServer implements AsyncDisposable {
  readonly host: string;
  readonly url: string;
  /** Connections taken so far. */
  connections = 0;
  /** First lines of the requests so far. */
  readonly requests: string[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #serving: Promise<void>;

  constructor(script: Script) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.host = `127.0.0.1:${this.#listener.addr.port}`;
    this.url = `http://${this.host}`;
    this.#serving = this.#serve(script);
  }

  async #serve(script: Script): Promise<void> {
    const talks: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.connections++;
      this.#open.add(connection);
      talks.push(this.#talk(connection, script).catch(() => {}));
    }
    await Promise.all(talks);
  }

  async #talk(connection: Deno.TcpConn, script: Script): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    let text = "";
    try {
      for (;;) {
        const length = await connection.read(buffer);
        if (length === null) return;
        text += new TextDecoder().decode(buffer.subarray(0, length));
        if (!text.endsWith("\r\n\r\n")) continue;
        this.requests.push(text.slice(0, text.indexOf("\r\n")));
        await script(connection, text);
        text = "";
      }
    } finally {
      this.#close(connection);
    }
  }

  #close(connection: Deno.TcpConn): void {
    if (!this.#open.delete(connection)) return;
    try {
      connection.close();
    } catch {
      // The script has closed it.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of [...this.#open]) this.#close(connection);
    await this.#serving;
  }
}

/** A server made from a request handler. */
export class HandlerServer implements AsyncDisposable {
  readonly host: string;
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(handler: (request: Request) => Response | Promise<Response>) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
    this.host = `127.0.0.1:${this.#server.addr.port}`;
    this.url = `http://${this.host}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** Writes a whole text or all bytes. */
export async function write(connection: Deno.TcpConn, data: string | Uint8Array): Promise<void> {
  let bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  while (bytes.length > 0) bytes = bytes.subarray(await connection.write(bytes));
}

/** A script that writes a text and then runs `then`. */
export function says(
  data: string | Uint8Array,
  then: (connection: Deno.TcpConn) => void | Promise<void> = () => {},
): Script {
  return async (connection) => {
    await write(connection, data);
    await then(connection);
  };
}

/** The bytes, compressed. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}

/** The rest of an answer, as text. */
export async function restOf(answer: Answer): Promise<string> {
  return await new Response(answer.stream()).text();
}

/** The text of a small answer; undefined for a large one. */
export async function smallText(answer: Answer): Promise<string | undefined> {
  const bytes = await answer.small();
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** The head of an answer without its framing. */
export const head = "HTTP/1.1 200 OK\r\n";

/** The whole text of an answer, small or large. */
export async function wholeText(answer: Answer): Promise<string> {
  return await smallText(answer) ?? await restOf(answer);
}

/** Asserts that an exchange fails for `reason`. */
export async function fails(work: Promise<unknown>, reason: ExchangeFailure): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof ExchangeError, String(error));
    assert.equal(error.reason, reason);
    return true;
  });
}

/** A GET request. */
export function requestFor(url: string, headers: HttpRequest["headers"] = {}): HttpRequest {
  return { method: "GET", url, headers };
}

/** The text that `url` answers with. */
export async function ask(client: Client, url: string): Promise<string> {
  return await wholeText(await client.send(requestFor(url)));
}
