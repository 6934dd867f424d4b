/**
 * One HTTP/1.1 connection as bytes: reads request lines and headers, gathers what is to be written and writes it at
 * once. Holds one request head (at most 16 KiB) and one block. Knows nothing of what is asked.
 *
 * @module
 */

const LF = 10;
const CR = 13;
const REQUEST_BYTES_FIRST = 1_024;
/** A request line with its headers must fit. */
const REQUEST_BYTES_MAX = 16 * 1_024;
/** An idle connection keeps no more of its output buffer, so that ten thousand of them fit into memory. */
const OUT_BYTES_KEPT = 1_024;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A request's first line. */
export interface RequestLine {
  /** In the letters it came in. */
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** The connection goes on after the answer, unless a header says otherwise. */
  readonly keepAlive: boolean;
}

/** A connection that requests are read from and answers are written to. */
export class Wire {
  /** Is told of every write, in bytes. */
  wrote: ((bytes: number) => void) | undefined;
  readonly #connection: Deno.TcpConn;
  #in = new Uint8Array(REQUEST_BYTES_FIRST);
  /** What was read and not used yet is `#in` from `#start` to `#end`. */
  #start = 0;
  #end = 0;
  #out = new Uint8Array(OUT_BYTES_KEPT);
  #held = 0;

  /** Takes over a connection, but for its end. */
  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /**
   * Reads the next request's first line; undefined where the caller has closed.
   *
   * @param readMax The most bytes to take from the socket at once: a small figure leaves the headers there.
   * @throws {SyntaxError} If it is no request line.
   * @throws {RangeError} If it is longer than 16 KiB.
   */
  async requestLine(readMax = Infinity): Promise<RequestLine | undefined> {
    const line = await this.#line(readMax);
    if (line === undefined) return undefined;
    const [method, target, version, ...rest] = line.split(" ");
    if (!method || !target?.startsWith("/") || !version?.startsWith("HTTP/1.") || rest.length > 0) {
      throw new SyntaxError(`Cannot read the request line as it must be METHOD /TARGET HTTP/1.1: ${line}`);
    }
    return { method, target, keepAlive: version === "HTTP/1.1" };
  }

  /**
   * Reads the headers up to their end.
   *
   * @returns Whether the caller keeps the connection; undefined where it has closed before their end.
   * @throws {RangeError} If they are longer than 16 KiB.
   */
  async headers(): Promise<boolean | undefined> {
    let keepAlive = true;
    for (;;) {
      const line = await this.#line(Infinity);
      if (line === undefined) return undefined;
      if (line === "") return keepAlive;
      if (/^connection:.*\bclose\b/i.test(line)) keepAlive = false;
    }
  }

  /** Adds text to what is to be written. */
  text(text: string): void {
    // A UTF-16 unit takes at most three bytes.
    this.#makeRoom(text.length * 3);
    this.#held += encoder.encodeInto(text, this.#out.subarray(this.#held)).written;
  }

  /** Adds bytes to what is to be written; they are copied. */
  bytes(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#out.set(bytes, this.#held);
    this.#held += bytes.length;
  }

  /** Writes what was added, when the socket takes it. */
  async flush(): Promise<void> {
    let written = 0;
    while (written < this.#held) {
      const bytes = await this.#connection.write(this.#out.subarray(written, this.#held));
      written += bytes;
      this.wrote?.(bytes);
    }
    this.#held = 0;
  }

  /** Gives back what a large answer needed. */
  rest(): void {
    if (this.#out.length > OUT_BYTES_KEPT) this.#out = new Uint8Array(OUT_BYTES_KEPT);
  }

  /** Waits until the other side closes, or resets, or sends something. */
  async gone(): Promise<void> {
    await this.#connection.read(new Uint8Array(1));
  }

  /** The next line without its end. */
  async #line(readMax: number): Promise<string | undefined> {
    let searched = this.#start;
    for (;;) {
      const at = this.#in.indexOf(LF, searched);
      if (at >= 0 && at < this.#end) {
        const end = at > this.#start && this.#in[at - 1] === CR ? at - 1 : at;
        const line = end === this.#start ? "" : decoder.decode(this.#in.subarray(this.#start, end));
        this.#start = at + 1;
        return line;
      }
      const fresh = this.#end - this.#start;
      if (!(await this.#read(readMax))) return undefined;
      searched = this.#start + fresh;
    }
  }

  async #read(readMax: number): Promise<boolean> {
    if (this.#start === this.#end) {
      this.#start = this.#end = 0;
    } else if (this.#end === this.#in.length) {
      const kept = this.#in.subarray(this.#start, this.#end);
      if (kept.length >= REQUEST_BYTES_MAX) {
        throw new RangeError(
          `Cannot read the request as its line must fit into ${REQUEST_BYTES_MAX} bytes: too long`,
        );
      }
      const larger = this.#start > 0 ? this.#in : new Uint8Array(this.#in.length * 2);
      larger.set(kept);
      this.#in = larger;
      this.#end = kept.length;
      this.#start = 0;
    }
    const until = Math.min(this.#in.length, this.#end + readMax);
    const bytes = await this.#connection.read(this.#in.subarray(this.#end, until));
    this.#end += bytes ?? 0;
    return bytes !== null;
  }

  #makeRoom(bytes: number): void {
    if (this.#out.length - this.#held >= bytes) return;
    const larger = new Uint8Array(Math.max(2 * this.#out.length, this.#held + bytes));
    larger.set(this.#out.subarray(0, this.#held));
    this.#out = larger;
  }
}
