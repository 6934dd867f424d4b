/**
 * The command-line form of a fault: text in, a checked rule out, or an error that names what is allowed. Does nothing
 * else.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { type Aim, type Fault, FAULT_KINDS } from "./fault.ts";

/** A number's range, and what an error calls it. */
interface NumberRule {
  readonly rule: string;
  readonly min: number;
  readonly max: number;
  /** Fractions are allowed. */
  readonly share?: true;
}

const SHARE: NumberRule = {
  rule: "p= must be above 0 and at most 1",
  min: Number.MIN_VALUE,
  max: 1,
  share: true,
};
const ATTEMPTS: NumberRule = {
  rule: "attempts= must be a whole number from 1 to 1000000",
  min: 1,
  max: 1_000_000,
};
const SECONDS: NumberRule = {
  rule: "after= and for= must be seconds up to 86400",
  min: 0,
  max: 86_400,
  share: true,
};
const STATUS: NumberRule = { rule: "status= must be a whole number from 400 to 599", min: 400, max: 599 };
const RETRY_AFTER: NumberRule = {
  rule: "retry-after= must be S or date:S, S from 0 to 86400",
  min: 0,
  max: 86_400,
};
const STALL: NumberRule = {
  rule: "stall= must be milliseconds up to 3600000 or forever",
  min: 0,
  max: 3_600_000,
};
const SLOW: NumberRule = { rule: "slow-headers= must be milliseconds up to 3600000", min: 0, max: 3_600_000 };

/**
 * Reads a rule: the kind, with its value where it has one, then any of `p=SHARE`, `attempts=N`, `keys=A,B,…`,
 * `after=S`, `for=S` and, for `status`, `retry-after=S` or `retry-after=date:S`. For example
 * `status=503 p=0.1 retry-after=2`, `stall=5000 keys=3333`, `slow-headers=2000`, `cut attempts=1`,
 * `reset after=9 for=60`.
 *
 * @throws {UsageError} If the text is not such a rule.
 */
export function parseFault(text: string): Fault {
  const [first = "", ...rest] = text.trim().split(/\s+/);
  const { name, value } = pairOf(first);
  const kind = FAULT_KINDS.find((kind) => kind === name);
  if (kind === undefined) throw refusal(text, `it must start with one of ${FAULT_KINDS.join(", ")}`, first);
  const fields = fieldsOf(text, rest, kind === "status" ? [...AIM_FIELDS, "retry-after"] : AIM_FIELDS);
  const aim = aimOf(text, fields);
  switch (kind) {
    case "status":
      return { ...aim, kind, status: numberOf(text, value, STATUS), ...retryAfterOf(text, fields) };
    case "stall":
      return { ...aim, kind, ms: value === "forever" ? value : numberOf(text, value, STALL) };
    case "slow-headers":
      return { ...aim, kind, ms: numberOf(text, value, SLOW) };
    default:
      if (value !== undefined) throw refusal(text, `${kind} takes no value`, first);
      return { ...aim, kind };
  }
}

const AIM_FIELDS: readonly string[] = ["p", "attempts", "keys", "after", "for"];

function fieldsOf(text: string, words: readonly string[], allowed: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const word of words) {
    const { name, value } = pairOf(word);
    if (!allowed.includes(name) || value === undefined || value === "") {
      throw refusal(
        text,
        `the kind may be followed by ${allowed.map((name) => `${name}=…`).join(", ")}`,
        word,
      );
    }
    if (fields.has(name)) throw refusal(text, `${name}= may stand once`, word);
    fields.set(name, value);
  }
  return fields;
}

function aimOf(text: string, fields: ReadonlyMap<string, string>): Aim {
  const p = fields.get("p");
  const attempts = fields.get("attempts");
  const keys = fields.get("keys");
  const after = fields.get("after");
  const span = fields.get("for");
  return {
    ...(p === undefined ? {} : { probability: numberOf(text, p, SHARE) }),
    ...(attempts === undefined ? {} : { attempts: numberOf(text, attempts, ATTEMPTS) }),
    ...(keys === undefined ? {} : { keys: keys.split(",").filter((key) => key !== "") }),
    ...(after === undefined ? {} : { afterMs: numberOf(text, after, SECONDS) * 1_000 }),
    ...(span === undefined ? {} : { forMs: numberOf(text, span, SECONDS) * 1_000 }),
  };
}

function retryAfterOf(text: string, fields: ReadonlyMap<string, string>) {
  const value = fields.get("retry-after");
  if (value === undefined) return {};
  if (!value.startsWith("date:")) return { retryAfterS: numberOf(text, value, RETRY_AFTER) };
  return {
    retryAfterS: numberOf(text, value.slice("date:".length), RETRY_AFTER),
    retryAfterDate: true,
  } as const;
}

function numberOf(text: string, found: string | undefined, { rule, min, max, share }: NumberRule): number {
  const number = /^\d+(?:\.\d+)?$/.test(found ?? "") ? Number(found) : NaN;
  if (number >= min && number <= max && (share || Number.isInteger(number))) return number;
  throw refusal(text, rule, found ?? "");
}

function pairOf(word: string): { readonly name: string; readonly value: string | undefined } {
  const at = word.indexOf("=");
  return at < 0 ? { name: word, value: undefined } : { name: word.slice(0, at), value: word.slice(at + 1) };
}

function refusal(text: string, rule: string, found: string): UsageError {
  return new UsageError(`Cannot read the fault "${text.trim()}" as ${rule}: "${found}"`);
}
