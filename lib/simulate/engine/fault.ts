/**
 * What may go wrong: the rules, and the decision which of them strike an attempt on a key.
 * A decision follows from seed, rule, key, attempt and, where the rule has a time, from that alone. Does nothing wrong
 * itself: the server does.
 *
 * @module
 */

import { hashText, mix, unitOf } from "./random.ts";

/**
 * Every kind of fault:
 *
 * - `status`: another status code, maybe with `Retry-After`; `redirect`: 302 to the same question on another path;
 * - `html`: 200 with a page; `maintenance`: 200 with empty data that says so; `empty`: an empty set;
 *   `missing`: no updates array; `wrong-count`: `nr_updates` is one too high;
 * - `malformed`: a byte that no JSON may hold; `truncate-json`: the frame is whole, the JSON in it is not;
 * - `gzip`: compressed, and right; `bad-gzip`: compressed, and broken half-way;
 * - `reset`: the connection is torn down before any byte, by a FIN that a reset follows at once; `reset-body`: so
 *   within the body;
 * - `cut`: the connection ends in order, but within the body;
 * - `stall`: a pause within the body; `slow-headers`: a pause after the status line.
 */
export const FAULT_KINDS = [
  "status",
  "redirect",
  "html",
  "maintenance",
  "empty",
  "missing",
  "wrong-count",
  "malformed",
  "truncate-json",
  "gzip",
  "bad-gzip",
  "reset",
  "reset-body",
  "cut",
  "stall",
  "slow-headers",
] as const;

/** One of `FAULT_KINDS`. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Whom a rule strikes. */
export interface Aim {
  /** The share of attempts, above 0 and up to 1. Default 1. */
  readonly probability?: number;
  /** Only these keys; `"3333"` and `"AS3333"` are one. Default all, but not the list of keys, `"ris-asns"`. */
  readonly keys?: readonly string[];
  /** Only the first so many attempts on a key in a window, at least 1. Default all. */
  readonly attempts?: number;
  /** Only from so many milliseconds after the first request on, and for so many. Default from the first, for ever. */
  readonly afterMs?: number;
  readonly forMs?: number;
}

/** A fault of how a body is compressed. */
export type CodingFault = Aim & { readonly kind: "gzip" | "bad-gzip" };

/** A fault by which the connection ends too early. */
export type EndingFault = Aim & { readonly kind: "reset" | "reset-body" | "cut" };

/** A pause within the body, in milliseconds. */
export type StallFault = Aim & { readonly kind: "stall"; readonly ms: number | "forever" };

/** A pause within the head, in milliseconds. */
export type HeadFault = Aim & { readonly kind: "slow-headers"; readonly ms: number };

/** Another status code. */
export type StatusFault = Aim & {
  readonly kind: "status";
  /** 400 to 599. */
  readonly status: number;
  /** `Retry-After` in seconds. Default: no such header. */
  readonly retryAfterS?: number;
  /** `Retry-After` is an HTTP date, that many seconds ahead. */
  readonly retryAfterDate?: true;
};

/** A fault of what is said, rather than of how it arrives. */
export type ContentFault =
  | StatusFault
  | Aim & {
    readonly kind:
      | "redirect"
      | "html"
      | "maintenance"
      | "empty"
      | "missing"
      | "wrong-count"
      | "malformed"
      | "truncate-json";
  };

/** One rule. */
export type Fault = ContentFault | CodingFault | EndingFault | StallFault | HeadFault;

/**
 * What goes wrong with one attempt. Of each sort the first rule that strikes counts; rules of different sorts come
 * together, such as a compressed answer that stalls.
 */
export interface Plan {
  /** What is said. */
  readonly content?: ContentFault | undefined;
  /** How it is compressed. */
  readonly coding?: CodingFault | undefined;
  /** How the connection ends. */
  readonly ending?: EndingFault | undefined;
  /** A pause within the body. */
  readonly stall?: StallFault | undefined;
  /** A pause within the head. */
  readonly head?: HeadFault | undefined;
  /** Where in the body it goes wrong: 32 bits, see `placeIn`. */
  readonly place: number;
}

/** The plan of an attempt with which nothing is wrong. */
export const NO_FAULT: Plan = { place: 0 };

/** The key under which rules may name the list of keys. */
export const LIST_KEY = "ris-asns";

const PLACE_SALT = 0xb0d7;

/** Whether a kind of fault is about RIPEstat's envelope. */
export function needsRipestat(kind: FaultKind): boolean {
  return kind === "maintenance" || kind === "empty" || kind === "missing" || kind === "wrong-count";
}

/** A byte inside a body of `length` ≥ 2 bytes: 1 to `length` − 1. */
export function placeIn(length: number, place: number): number {
  return 1 + Math.floor(unitOf(place) * (length - 1));
}

/** Decides by the rules. Holds the rules only, nothing about keys. */
export class Faults {
  readonly #rules: readonly { readonly fault: Fault; readonly keys: ReadonlySet<string> | undefined }[];
  readonly #seed: number;

  /** `rules` in the order in which they go first. */
  constructor(rules: readonly Fault[], seed: number) {
    this.#rules = rules.map((fault) => ({
      fault,
      keys: fault.keys === undefined ? undefined : new Set(fault.keys.flatMap((key) => [key, plainKey(key)])),
    }));
    this.#seed = seed;
  }

  /** There is nothing to decide, so attempts need not be counted. */
  get none(): boolean {
    return this.#rules.length === 0;
  }

  /** Some rule resets connections. */
  get resets(): boolean {
    return this.#rules.some(({ fault }) => fault.kind === "reset" || fault.kind === "reset-body");
  }

  /** What goes wrong with the given attempt, 1 for the first, on a key, so long after the first request. */
  plan(key: string, attempt: number, elapsedMs = 0): Plan {
    if (this.none) return NO_FAULT;
    const hash = mix(hashText(key, this.#seed), attempt);
    const struck: Fault[] = [];
    for (const [index, { fault, keys }] of this.#rules.entries()) {
      const aimed = keys === undefined ? key !== LIST_KEY : keys.has(key);
      if (!aimed || attempt > (fault.attempts ?? Infinity)) continue;
      const sinceMs = elapsedMs - (fault.afterMs ?? 0);
      if (sinceMs < 0 || sinceMs >= (fault.forMs ?? Infinity)) continue;
      if (unitOf(mix(hash, index)) < (fault.probability ?? 1)) struck.push(fault);
    }
    return {
      content: struck.find(isContent),
      coding: struck.find(isCoding),
      ending: struck.find(isEnding),
      stall: struck.find((fault) => fault.kind === "stall"),
      head: struck.find((fault) => fault.kind === "slow-headers"),
      place: mix(hash, PLACE_SALT),
    };
  }
}

function isCoding(fault: Fault): fault is CodingFault {
  return fault.kind === "gzip" || fault.kind === "bad-gzip";
}

function isEnding(fault: Fault): fault is EndingFault {
  return fault.kind === "reset" || fault.kind === "reset-body" || fault.kind === "cut";
}

function isContent(fault: Fault): fault is ContentFault {
  return !isCoding(fault) && !isEnding(fault) && fault.kind !== "stall" && fault.kind !== "slow-headers";
}

/** `AS3333` is the key `3333`. */
function plainKey(key: string): string {
  return key.replace(/^AS(?=\d+$)/i, "");
}
