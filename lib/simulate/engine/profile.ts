/**
 * What passes between a profile and the server: the question that a request puts, and the answer to it. Knows
 * nothing of sockets.
 *
 * @module
 */

import { type Body, textBody } from "./body.ts";
import type { ContentFault } from "./fault.ts";

/** An answer before it is framed. */
export interface Answer {
  /** The HTTP status code. */
  readonly status: number;
  /** Further header lines, such as `retry-after: 2`. */
  readonly headers: readonly string[];
  /** What follows the head. */
  readonly body: Body;
}

/** What a request asks for. */
export interface Question {
  /** What fault rules name: the AS number, the key of `hello`, or `ris-asns` for the list. */
  readonly key: string;
  /** Key and window: attempts are counted by it. */
  readonly identity: string;
  /** The answer; `fault` says in which way it is to be wrong. */
  answer(fault: ContentFault | undefined): Answer;
}

/** A request's path and query. */
export interface Target {
  /** From the slash on, without the query. */
  readonly path: string;
  /** Empty where there is none. */
  readonly query: URLSearchParams;
}

/** What answers: a profile or the introspection. Undefined where the path is none of its own. */
export type Profile = (target: Target) => Question | undefined;

/** An answer of JSON text. */
export function jsonAnswer(status: number, text: string): Answer {
  return { status, headers: ["content-type: application/json"], body: textBody(text) };
}

/** The target that a request line names. */
export function parseTarget(target: string): Target {
  const at = target.indexOf("?");
  return at < 0
    ? { path: target, query: new URLSearchParams() }
    : { path: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) };
}
