/**
 * The seam between engine and profile. A profile maps a request's target to an API call and its answer; the engine
 * adds faults, latency, limits, meters and HTTP. Knows nothing of sockets.
 *
 * @module
 */

import { type Body, textBody } from "./body.ts";
import type { Latency } from "./latency.ts";

/** An answer before it is framed. */
export interface Answer {
  /** The HTTP status code. */
  readonly status: number;
  /** Header lines in addition to the frame's, such as `retry-after: 2`. */
  readonly headers: readonly string[];
  /** The bytes after the head. */
  readonly body: Body;
}

/** One API call: a request that the profile knows how to answer. */
export interface ApiCall {
  /** The key that fault rules and latency refer to. */
  readonly key: string;
  /** Key and window; attempts are counted by identity. */
  readonly identity: string;
  /** The answer; with `fault`, one of the profile's `faultKinds`, an answer that is wrong in that way. */
  answer(fault: string | undefined): Answer;
}

/** A request's path and query. */
export interface Target {
  /** From the first slash, without the query. */
  readonly path: string;
  /** Empty if the target has no query. */
  readonly query: URLSearchParams;
}

/** The content that the simulator serves. All of it follows from the seed. */
export interface Profile {
  /** The name that options and messages use. */
  readonly name: string;
  /** The latency if the options set none. */
  readonly latency: Latency;
  /** The kinds of fault that this profile answers in addition to the engine's. */
  readonly faultKinds: readonly string[];
  /** The keys that `/simulator/keys` lists; empty if any key is answered. */
  readonly keys: readonly (string | number)[];
  /** The key of the call that lists the keys. A fault rule without keys spares it. */
  readonly listKey?: string;
  /** The form in which calls name a key, for fault rules that spell it in another way. Default: the text itself. */
  canonicalKey?(text: string): string;
  /** The call at a target; undefined if the profile answers nothing there. */
  match(target: Target): ApiCall | undefined;
  /** The answer to a path below `/truth/`: the rows that a perfect client stores. Undefined if there is none. */
  truth?(target: Target): Answer | undefined;
}

/** An answer of JSON text. */
export function jsonAnswer(status: number, text: string): Answer {
  return { status, headers: ["content-type: application/json"], body: textBody(text) };
}

/** An error as JSON: `{"status":"error","message":…}`. */
export function errorAnswer(status: number, message: string): Answer {
  return jsonAnswer(status, JSON.stringify({ status: "error", message }));
}

/** Splits the target of a request line. */
export function parseTarget(target: string): Target {
  const at = target.indexOf("?");
  return at < 0
    ? { path: target, query: new URLSearchParams() }
    : { path: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) };
}
