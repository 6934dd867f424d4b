/**
 * Fault rules, and the decision which of them apply to an attempt. A decision follows from seed, rule, key and attempt,
 * and for a rule with a time span also from the time. The answer writer carries it out.
 *
 * @module
 */

import { hashText, mix, unitOf } from "./random.ts";

/**
 * The faults of the engine; a profile may add its own.
 *
 * - `status`: another status code, optionally with `Retry-After`
 * - `redirect`: 302 to another path, where the same call is answered
 * - `html`: 200 with an HTML page
 * - `next-page`: the correct answer, with a `Link` header to a next page
 * - `malformed`: one byte that JSON allows nowhere
 * - `truncate-json`: a complete frame with incomplete JSON
 * - `gzip`: correct, compressed
 * - `bad-gzip`: compressed, and broken half-way
 * - `reset`: the connection is reset before the first byte; a FIN comes directly before the RST
 * - `reset-body`: the same within the body
 * - `cut`: the connection is closed in order, but within the body
 * - `stall`: a pause within the body
 * - `slow-headers`: a pause after the status line
 */
export const engineFaultKinds = [
  "status",
  "redirect",
  "html",
  "next-page",
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

/** The attempts that a rule applies to. */
export interface Aim {
  /** The share of attempts, above 0 and up to 1. Default 1. */
  readonly probability?: number;
  /** Only these keys. Default: all keys, but not the call that lists them. */
  readonly keys?: readonly string[];
  /** Only the first N attempts on a key in a window, at least 1. Default: all. */
  readonly attempts?: number;
  /** Only from this time on, in milliseconds since the first request. Default 0. */
  readonly afterMs?: number;
  /** Only for this long, in milliseconds. Default: for ever. */
  readonly forMs?: number;
}

/** A fault of compression. */
export type CodingFault = Aim & { readonly kind: "gzip" | "bad-gzip" };

/** A connection that ends early. */
export type EndingFault = Aim & { readonly kind: "reset" | "reset-body" | "cut" };

/** A pause within the body, in milliseconds. */
export type StallFault = Aim & { readonly kind: "stall"; readonly ms: number | "forever" };

/** A pause within the head, in milliseconds. */
export type HeadFault = Aim & { readonly kind: "slow-headers"; readonly ms: number };

/** Another status code. */
export type StatusFault = Aim & {
  readonly kind: "status";
  /** 200 to 599; an answer of 204 has no body. */
  readonly status: number;
  /** `Retry-After` in seconds. Default: no such header. */
  readonly retryAfterS?: number;
  /** Sends `Retry-After` as an HTTP date that many seconds ahead. */
  readonly retryAfterDate?: true;
};

/** A fault of the answer's content, independent of the profile. */
export type ContentFault =
  | StatusFault
  | Aim & { readonly kind: "redirect" | "html" | "next-page" | "malformed" | "truncate-json" };

/** A rule for one of the engine's faults. */
export type EngineFault = ContentFault | CodingFault | EndingFault | StallFault | HeadFault;

/** A rule for a fault of the answer's content that only the profile can answer. */
export type ProfileFault<Kind extends string = string> = Aim & { readonly kind: Kind };

/**
 * The faults of one attempt. Rules for the same thing exclude each other, and the first that applies wins; the fields
 * below combine, such as a compressed answer that stalls. At most one of `content` and `profile` is set.
 */
export interface Plan {
  /** What the answer says. */
  readonly content?: ContentFault | undefined;
  /** What the answer says, by a fault of the profile. */
  readonly profile?: ProfileFault | undefined;
  /** How the body is compressed. */
  readonly coding?: CodingFault | undefined;
  /** How the connection ends. */
  readonly ending?: EndingFault | undefined;
  /** A pause within the body. */
  readonly stall?: StallFault | undefined;
  /** A pause within the head. */
  readonly head?: HeadFault | undefined;
  /** Where in the body the fault occurs: a 32-bit hash, see `placeIn()`. */
  readonly place: number;
}

/** The plan of an attempt without faults. */
export const noFault: Plan = { place: 0 };

/** What fault rules need to know besides the rules; `Profile` documents `listKey` and `canonicalKey`. */
export interface FaultOptions {
  readonly seed: number;
  readonly listKey?: string | undefined;
  readonly canonicalKey?: ((text: string) => string) | undefined;
}

const placeSalt = 0xb0d7;

/** A byte within a body of `length` ≥ 2 bytes: 1 to `length` − 1. */
export function placeIn(length: number, place: number): number {
  return 1 + Math.floor(unitOf(place) * (length - 1));
}

/** Applies fault rules. Holds the rules and nothing about keys. */
export class Faults {
  readonly #rules: readonly {
    readonly fault: EngineFault | ProfileFault;
    readonly keys: ReadonlySet<string> | undefined;
  }[];
  readonly #seed: number;
  readonly #listKey: string | undefined;

  /** Takes the rules in order of precedence. */
  constructor(rules: readonly (EngineFault | ProfileFault)[], { seed, listKey, canonicalKey }: FaultOptions) {
    this.#rules = rules.map((fault) => ({
      fault,
      keys: fault.keys === undefined
        ? undefined
        : new Set(fault.keys.flatMap((key) => [key, canonicalKey?.(key) ?? key])),
    }));
    this.#seed = seed;
    this.#listKey = listKey;
  }

  /** There are no rules, so attempts need not be counted. */
  get none(): boolean {
    return this.#rules.length === 0;
  }

  /** Some rule resets connections. */
  get resets(): boolean {
    return this.#rules.some(({ fault }) => fault.kind === "reset" || fault.kind === "reset-body");
  }

  /** The faults of an attempt (1 is the first) on a key, `elapsedMs` after the first request. */
  plan(key: string, attempt: number, elapsedMs = 0): Plan {
    if (this.none) return noFault;
    const hash = mix(hashText(key, this.#seed), attempt);
    const struck: (EngineFault | ProfileFault)[] = [];
    for (const [index, { fault, keys }] of this.#rules.entries()) {
      const aimed = keys === undefined ? key !== this.#listKey : keys.has(key);
      if (!aimed || attempt > (fault.attempts ?? Infinity)) continue;
      const sinceMs = elapsedMs - (fault.afterMs ?? 0);
      if (sinceMs < 0 || sinceMs >= (fault.forMs ?? Infinity)) continue;
      if (unitOf(mix(hash, index)) < (fault.probability ?? 1)) struck.push(fault);
    }
    const said = struck.find((fault) => isContent(fault) || !isEngine(fault));
    return {
      ...(said === undefined ? {} : isContent(said) ? { content: said } : { profile: said }),
      coding: struck.find(isCoding),
      ending: struck.find(isEnding),
      stall: struck.find(isStall),
      head: struck.find(isHead),
      place: mix(hash, placeSalt),
    };
  }
}

type AnyFault = EngineFault | ProfileFault;

function isEngine(fault: AnyFault): fault is EngineFault {
  return engineFaultKinds.some((kind) => kind === fault.kind);
}

function isCoding(fault: AnyFault): fault is CodingFault {
  return fault.kind === "gzip" || fault.kind === "bad-gzip";
}

function isEnding(fault: AnyFault): fault is EndingFault {
  return fault.kind === "reset" || fault.kind === "reset-body" || fault.kind === "cut";
}

function isStall(fault: AnyFault): fault is StallFault {
  return fault.kind === "stall";
}

function isHead(fault: AnyFault): fault is HeadFault {
  return fault.kind === "slow-headers";
}

function isContent(fault: AnyFault): fault is ContentFault {
  return isEngine(fault) && !isCoding(fault) && !isEnding(fault) && !isStall(fault) && !isHead(fault);
}
