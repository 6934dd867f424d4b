/**
 * One HTTP/1.1 connection as bytes: reads request lines and headers, buffers output and writes it in one call. Holds
 * one request head (at most 16 KiB) and one block of output. Does not interpret targets.
 *
 * @module
 */

const lineFeed = 10;
const carriageReturn = 13;
const requestBytesFirst = 1_024;
/** Largest line of a request head. */
const requestBytesMax = 16 * 1_024;
/** Output buffer of an idle connection: 10,000 idle connections hold 10 MB. */
const outBytesKept = 1_024;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A request's first line. */
export interface RequestLine {
  /** As sent: method names are case-sensitive. */
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** HTTP/1.1 keeps the connection open unless a header says otherwise. */
  readonly keepAlive: boolean;
}

/** Reads requests from a connection and writes answers to it. */
export class Wire {
  /** Called after each write with its number of bytes. */
  onWrite: ((bytes: number) => void) | undefined;
  readonly #connection: Deno.TcpConn;
  #in = new Uint8Array(requestBytesFirst);
  /** The unread input is `#in` from `#start` to `#end`. */
  #start = 0;
  #end = 0;
  #out = new Uint8Array(outBytesKept);
  #held = 0;

  /** Reads and writes the connection, but never closes it. */
  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /**
   * Reads the next request line; undefined if the client has closed the connection.
   *
   * @param readMax The most bytes to take from the socket at once. A small number leaves the headers in the socket.
   * @throws {SyntaxError} If the line is not a request line.
   * @throws {RangeError} If the line is longer than 16 KiB.
   */
  async requestLine(readMax = Infinity): Promise<RequestLine | undefined> {
    const line = await this.#line(readMax);
    if (line === undefined) return undefined;
    const [method, target, version, ...rest] = line.split(" ");
    if (!method || !target?.startsWith("/") || !version?.startsWith("HTTP/1.") || rest.length > 0) {
      throw new SyntaxError(
        `Cannot read the request line: it must be METHOD /TARGET HTTP/1.1, got "${line}"`,
      );
    }
    return { method, target, keepAlive: version === "HTTP/1.1" };
  }

  /**
   * Reads and discards the headers.
   *
   * @returns Whether the client keeps the connection open; undefined if it closed before the end of the headers.
   * @throws {RangeError} If a header is longer than 16 KiB.
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

  /** Appends text to the output buffer. */
  text(text: string): void {
    // A UTF-16 code unit takes at most three bytes.
    this.#makeRoom(text.length * 3);
    this.#held += encoder.encodeInto(text, this.#out.subarray(this.#held)).written;
  }

  /** Appends a copy of bytes to the output buffer. */
  bytes(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#out.set(bytes, this.#held);
    this.#held += bytes.length;
  }

  /** Writes the output buffer and waits until the socket has taken it. */
  async flush(): Promise<void> {
    let written = 0;
    while (written < this.#held) {
      const bytes = await this.#connection.write(this.#out.subarray(written, this.#held));
      written += bytes;
      this.onWrite?.(bytes);
    }
    this.#held = 0;
  }

  /** Frees the memory that a large answer needed. */
  shrink(): void {
    if (this.#out.length > outBytesKept) this.#out = new Uint8Array(outBytesKept);
  }

  /** Waits until the client closes, resets or sends a byte. */
  async gone(): Promise<void> {
    await this.#connection.read(new Uint8Array(1));
  }

  /** The next line without its line end. */
  async #line(readMax: number): Promise<string | undefined> {
    let searched = this.#start;
    for (;;) {
      const at = this.#in.indexOf(lineFeed, searched);
      if (at >= 0 && at < this.#end) {
        const end = at > this.#start && this.#in[at - 1] === carriageReturn ? at - 1 : at;
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
      if (kept.length >= requestBytesMax) {
        throw new RangeError(
          `Cannot read the request: a line must fit into ${requestBytesMax} bytes, got a longer one`,
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
