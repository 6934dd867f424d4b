/**
 * The command-line form of a fault rule: text in, checked rule out, or an error that names what is allowed.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { Aim } from "./engine/fault.ts";
import { type Fault, faultKinds } from "./simulate_options.ts";

/** The range of a number, and the sentence of the error. */
interface NumberRule {
  readonly rule: string;
  readonly min: number;
  readonly max: number;
  readonly fractions?: true;
}

const shareRule: NumberRule = {
  rule: "p= must be above 0 and at most 1",
  min: Number.MIN_VALUE,
  max: 1,
  fractions: true,
};
const attemptsRule: NumberRule = {
  rule: "attempts= must be a whole number from 1 to 1000000",
  min: 1,
  max: 1_000_000,
};
const secondsRule: NumberRule = {
  rule: "after= and for= must be seconds up to 86400",
  min: 0,
  max: 86_400,
  fractions: true,
};
const statusRule: NumberRule = { rule: "status= must be a whole number from 200 to 599", min: 200, max: 599 };
const retryAfterRule: NumberRule = {
  rule: "retry-after= must be S or date:S, S from 0 to 86400",
  min: 0,
  max: 86_400,
};
const stallRule: NumberRule = {
  rule: "stall= must be milliseconds up to 3600000 or forever",
  min: 0,
  max: 3_600_000,
};
const slowRule: NumberRule = {
  rule: "slow-headers= must be milliseconds up to 3600000",
  min: 0,
  max: 3_600_000,
};

/**
 * Reads a rule: a kind, with a value if the kind has one, then any of `p=SHARE`, `attempts=N`, `keys=A,B,…`, `after=S`,
 * `for=S` and, for `status`, `retry-after=S` or `retry-after=date:S`. Examples: `status=503 p=0.1 retry-after=2`,
 * `stall=5000 keys=3333`, `slow-headers=2000`, `cut attempts=1`, `reset after=9 for=60`.
 *
 * @throws {UsageError} If the text is not a fault rule.
 */
export function parseFault(text: string): Fault {
  const [first = "", ...rest] = text.trim().split(/\s+/);
  const { name, value } = pairOf(first);
  const kind = faultKinds.find((kind) => kind === name);
  if (kind === undefined) throw refusal(text, `it must start with one of ${faultKinds.join(", ")}`, first);
  const fields = fieldsOf(text, rest, kind === "status" ? [...aimFields, "retry-after"] : aimFields);
  const aim = aimOf(text, fields);
  switch (kind) {
    case "status":
      return { ...aim, kind, status: numberOf(text, value, statusRule), ...retryAfterOf(text, fields) };
    case "stall":
      return { ...aim, kind, ms: value === "forever" ? value : numberOf(text, value, stallRule) };
    case "slow-headers":
      return { ...aim, kind, ms: numberOf(text, value, slowRule) };
    default:
      if (value !== undefined) throw refusal(text, `${kind} must have no value`, first);
      return { ...aim, kind };
  }
}

const aimFields: readonly string[] = ["p", "attempts", "keys", "after", "for"];

function fieldsOf(text: string, words: readonly string[], allowed: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const word of words) {
    const { name, value } = pairOf(word);
    if (!allowed.includes(name) || value === undefined || value === "") {
      throw refusal(
        text,
        `after the kind, only these may follow: ${allowed.map((name) => `${name}=…`).join(", ")}`,
        word,
      );
    }
    if (fields.has(name)) throw refusal(text, `${name}= must occur only once`, word);
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
    ...(p === undefined ? {} : { probability: numberOf(text, p, shareRule) }),
    ...(attempts === undefined ? {} : { attempts: numberOf(text, attempts, attemptsRule) }),
    ...(keys === undefined ? {} : { keys: keys.split(",").filter((key) => key !== "") }),
    ...(after === undefined ? {} : { afterMs: numberOf(text, after, secondsRule) * 1_000 }),
    ...(span === undefined ? {} : { forMs: numberOf(text, span, secondsRule) * 1_000 }),
  };
}

function retryAfterOf(text: string, fields: ReadonlyMap<string, string>) {
  const value = fields.get("retry-after");
  if (value === undefined) return {};
  if (!value.startsWith("date:")) return { retryAfterS: numberOf(text, value, retryAfterRule) };
  return {
    retryAfterS: numberOf(text, value.slice("date:".length), retryAfterRule),
    retryAfterDate: true,
  } as const;
}

function numberOf(
  text: string,
  found: string | undefined,
  { rule, min, max, fractions }: NumberRule,
): number {
  const number = /^\d+(?:\.\d+)?$/.test(found ?? "") ? Number(found) : NaN;
  if (number >= min && number <= max && (fractions || Number.isInteger(number))) return number;
  throw refusal(text, rule, found ?? "");
}

function pairOf(word: string): { readonly name: string; readonly value: string | undefined } {
  const at = word.indexOf("=");
  return at < 0 ? { name: word, value: undefined } : { name: word.slice(0, at), value: word.slice(at + 1) };
}

function refusal(text: string, rule: string, found: string): UsageError {
  return new UsageError(`Cannot read the fault "${text.trim()}": ${rule}, got "${found}"`);
}
