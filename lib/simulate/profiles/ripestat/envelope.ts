/**
 * RIPEstat's envelope around an answer's data, in both generations: A is pretty, B is compact and in another order.
 * Takes the data, gives JSON text; what is long is left open in the middle, to be filled while it is sent.
 *
 * @module
 */

import { mix, unitOf } from "../../engine/random.ts";

/** A generation of the envelope. */
export type Generation = "a" | "b";

/** An ordered set of names and JSON values. */
export type Fields = Readonly<Record<string, unknown>>;

/** What an envelope says besides its data. */
export interface Cover {
  /** Decides white space and order. */
  readonly generation: Generation;
  /** `bgp-updates` and the like. */
  readonly call: string;
  /** All identifiers and times in it follow from this hash. */
  readonly hash: number;
  /** Unix milliseconds: when the answer was computed. */
  readonly timeMs: number;
  /** Default `ok`. */
  readonly status?: "ok" | "error";
  /** Default 200. */
  readonly statusCode?: number;
  /** Default none. */
  readonly messages?: readonly (readonly [level: string, text: string])[];
  /** `data_call_status`, default `supported`. */
  readonly callStatus?: string;
  /** Default false. */
  readonly cached?: boolean;
}

/** The JSON text of an envelope with its data. */
export function envelope(cover: Cover, data: Fields): string {
  const head = {
    messages: cover.messages ?? [],
    "see_also": [],
    version: "1.3",
    "data_call_name": cover.call,
    "data_call_status": cover.callStatus ?? "supported",
    cached: cover.cached ?? false,
  };
  const time = new Date(cover.timeMs).toISOString().slice(0, 19);
  const query = {
    "query_id": `${time.slice(0, 10).replaceAll("-", "")}${time.slice(11).replaceAll(":", "")}-${
      hex(cover.hash)
    }`,
    "process_time": 1 + Math.floor(400 * unitOf(mix(cover.hash, 1))),
    "server_id": `app${100 + mix(cover.hash, 2) % 60}`,
    "build_version": "main-2025.06.04",
  };
  const end = {
    status: cover.status ?? "ok",
    "status_code": cover.statusCode ?? 200,
    time: `${time}.${String(mix(cover.hash, 3) % 1_000_000).padStart(6, "0")}`,
  };
  return cover.generation === "a"
    ? JSON.stringify({ ...head, data, ...query, ...end }, null, 4)
    : JSON.stringify({ ...head, ...query, pipeline: "2", ...end, data });
}

/** Splits an envelope inside the brackets of its empty array `name`: `head` ends with the bracket that opens. */
export function openArray(text: string, name: string): { readonly head: string; readonly tail: string } {
  const mark = text.includes(`"${name}": []`) ? `"${name}": [` : `"${name}":[`;
  const at = text.indexOf(mark) + mark.length;
  return { head: text.slice(0, at), tail: text.slice(at) };
}

function hex(hash: number): string {
  return [4, 5, 6, 7].map((salt) => mix(hash, salt).toString(16).padStart(8, "0")).join("");
}
