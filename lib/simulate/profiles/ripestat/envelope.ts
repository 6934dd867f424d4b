/**
 * RIPEstat's envelope around the data of an answer, in both generations: A is indented, B is compact and has another
 * order of fields. Takes the data, gives JSON text. A long array stays open, to be filled while the answer is sent.
 *
 * @module
 */

import { mix, unitOf } from "../../engine/random.ts";

/** The generation of an envelope. */
export type Generation = "a" | "b";

/** JSON values by name, in order. */
export type Fields = Readonly<Record<string, unknown>>;

/** The fields of an envelope besides its data. */
export interface Cover {
  /** White space and order of the fields. */
  readonly generation: Generation;
  /** The data call, such as `bgp-updates`. */
  readonly call: string;
  /** Identifiers and times follow from it. */
  readonly hash: number;
  /** When the answer was computed, in unix milliseconds. */
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

/** Splits an envelope within its empty array `name`; `head` ends with the opening bracket. */
export function openArray(text: string, name: string): { readonly head: string; readonly tail: string } {
  const mark = text.includes(`"${name}": []`) ? `"${name}": [` : `"${name}":[`;
  const at = text.indexOf(mark) + mark.length;
  return { head: text.slice(0, at), tail: text.slice(at) };
}

function hex(hash: number): string {
  return [4, 5, 6, 7].map((salt) => mix(hash, salt).toString(16).padStart(8, "0")).join("");
}
