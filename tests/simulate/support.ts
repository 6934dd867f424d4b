/**
 * Support for the tests of the simulator: a simulator for the duration of a test, and requests on raw TCP, because
 * `fetch` hides the framing of an answer and the end of a connection.
 *
 * @module
 */

import type { SimulateOptions } from "../../lib/simulate/simulate_options.ts";
import { type Simulator, startSimulator } from "../../lib/simulate/simulator.ts";

/** The UTC day of 2025-06-09, as a window and as a query. */
export const day = { startMs: Date.UTC(2025, 5, 9), endMs: Date.UTC(2025, 5, 10) } as const;

/** The target of a `bgp-updates` call for that day. */
export function updatesTarget(asn: string | number, { unix = true }: { unix?: boolean } = {}): string {
  const times = "starttime=2025-06-09T00:00:00&endtime=2025-06-10T00:00:00";
  return `/data/bgp-updates/data.json?resource=AS${asn}&${times}&unix_timestamps=${unix ? "TRUE" : "FALSE"}`;
}

/** Calls `use` with a simulator, and closes the simulator afterwards. */
export async function withSimulator<T>(
  options: SimulateOptions,
  use: (simulator: Simulator) => Promise<T>,
): Promise<T> {
  const simulator = await startSimulator(options);
  try {
    return await use(simulator);
  } finally {
    await simulator.close();
  }
}

/** An answer as received from the socket. */
export interface RawAnswer {
  readonly head: string;
  /** The bytes after the head, frames included. */
  readonly body: Uint8Array;
  /** How the connection ended. */
  readonly end: "closed" | "reset";
}

/** Sends text over a new connection and reads to the end of the connection. */
export async function sendRaw(port: number, request: string): Promise<RawAnswer> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(request));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const bytes = await connection.read(buffer);
    if (bytes === null) break;
    parts.push(buffer.slice(0, bytes));
  }
  const all = new Uint8Array(await new Blob(parts).arrayBuffer());
  const text = new TextDecoder("latin1").decode(all);
  const at = text.includes("\r\n\r\n") ? text.indexOf("\r\n\r\n") : -4;
  return { head: text.slice(0, Math.max(0, at)), body: all.subarray(at + 4), end: await endOf(connection) };
}

/** Distinguishes RST from FIN: after RST a write fails. */
async function endOf(connection: Deno.TcpConn): Promise<RawAnswer["end"]> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  try {
    await connection.write(Uint8Array.of(0));
    return "closed";
  } catch {
    return "reset";
  }
}

/** Requests a target with the headers of a real client and reads to the end of the connection. */
export function getRaw(port: number, target: string): Promise<RawAnswer> {
  const headers = "accept: */*\r\nuser-agent: test/1.0\r\nhost: 127.0.0.1\r\nconnection: close\r\n";
  return sendRaw(port, `GET ${target} HTTP/1.1\r\n${headers}\r\n`);
}

/** The chunks of a chunked body, and whether the terminating chunk arrived. */
export function readChunks(
  body: Uint8Array,
): { readonly sizes: number[]; readonly ended: boolean; text: string } {
  const text = new TextDecoder("latin1").decode(body);
  const sizes: number[] = [];
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    const lineEnd = text.indexOf("\r\n", at);
    const size = parseInt(text.slice(at, lineEnd), 16);
    if (size === 0) return { sizes, ended: text.slice(lineEnd) === "\r\n\r\n", text: parts.join("") };
    sizes.push(size);
    parts.push(text.slice(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return { sizes, ended: false, text: parts.join("") };
}

/** The fields of a `bgp-updates` answer that the tests read. */
export interface UpdatesAnswer {
  readonly "data_call_status": string;
  readonly data: {
    readonly resource: string;
    readonly "nr_updates": number;
    readonly "query_starttime": number | string;
    readonly "query_endtime": number | string;
    readonly updates?: readonly {
      readonly seq: number;
      readonly timestamp: number | string;
      readonly type: "A" | "W";
      readonly attrs: { readonly path?: readonly number[]; readonly community?: readonly string[] };
    }[];
  };
}

/** The rows of an answer within the day: what a perfect client stores. */
export function storedRows({ data }: UpdatesAnswer): [number, string][] {
  return (data.updates ?? []).map(({ timestamp, type }): [number, string] => [
    typeof timestamp === "number" ? timestamp : Date.parse(`${timestamp}Z`) / 1_000,
    type,
  ]).filter(([second]) => second * 1_000 >= day.startMs && second * 1_000 < day.endMs);
}
