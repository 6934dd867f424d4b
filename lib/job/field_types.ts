/**
 * Field types of the job file's schema: texts, durations, whole numbers, rates and shares as zod schemas that carry
 * their documentation. No field of the job file is named here.
 *
 * @module
 */

import { z } from "zod";
import { UsageError } from "../errors.ts";
import { runLimits } from "../limits.ts";
import { formatDuration } from "../text/format.ts";
import type { Rate } from "./job.ts";
import { parseDuration, parseRateOrAuto } from "./parse_units.ts";

/** A day in milliseconds. */
export const dayMs = 86_400_000;

/** A leap year in milliseconds. */
export const yearMs: number = 366 * dayMs;

/** What a value must be that is no table. */
export const isTable = { error: "must be a table" } as const;

/** Rates in one list: more than any API documents. */
export const ratesMax = 8;

/** Documentation of a field that JSON Schema has no keyword for; passed through to the JSON Schema. */
export interface FieldNotes {
  /** The value's form in words, with its unit. */
  readonly form?: string;
  /** Smallest and largest value, for forms that are written as a text. */
  readonly bounds?: string;
  /** What happens without the field, where that is not a plain value. */
  readonly otherwise?: string;
  /** A value as it stands in a job file. */
  readonly example?: unknown;
}

/** Adds documentation to a field: one description, one example, and notes. */
export function field<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  notes: FieldNotes = {},
): Schema {
  return schema.meta({ description, ...notes });
}

/** A text that is converted by `parse`, which throws a `UsageError` for a wrong one. */
export function parsed<Value>(parse: (text: string) => Value, example: string, notes: FieldNotes = {}) {
  return z.string({ error: `must be a text such as "${example}"` }).transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.issues.push({ code: "custom", message: error.message, input: text });
      return z.NEVER;
    }
  }).meta({ ...notes });
}

/** A duration in milliseconds, both bounds included. */
export function duration(min: number, max: number) {
  return parsed((text) => parseDuration(text, { min, max }), "90s", {
    form: "duration",
    bounds: `${formatDuration(min)} to ${formatDuration(max)}`,
  });
}

/** A whole number, both bounds included; `or` names an alternative in the message. */
export function whole(min: number, max: number, or: string = ""): z.ZodInt {
  const error = `must be a whole number from ${min} to ${max}${or}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

const shareRule = { error: "must be a number from 0 to 1" } as const;

/** A share from 0 to 1. */
export const share: z.ZodNumber = z.number(shareRule).min(0, shareRule).max(1, shareRule);

/** Any text. */
export const text: z.ZodString = z.string({ error: "must be a text in quotes" });

/** A name that may be part of a file name. */
export const name: z.ZodString = z.string({ error: "must be a name in quotes" })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, {
    error: "must be 1 to 100 letters, digits, dots, hyphens or underscores, the first a letter or digit",
  });

/** The bounds of {@linkcode name} in words. */
export const nameBounds = "1 to 100 letters, digits, dots, hyphens or underscores";

/** A JSON path; its syntax is checked after the schema. */
export const path: z.ZodString = z.string({ error: 'must be a path in quotes, such as "$.items[*]"' });

const requiredTypes = ["array", "object", "any"] as const;

const requiredForm = {
  error:
    'must be a path in quotes, or { path = "$.items", type = "array" } with a type of array, object or any',
} as const;

/** A path and the type of the value that it must select; a path alone means an array. */
export const required = z.union([
  z.string(),
  z.strictObject({ path: z.string(), type: z.enum(requiredTypes).default("array") }),
], requiredForm).transform((value) =>
  typeof value === "string" ? { path: value, type: "array" as const } : value
);

/** A URL template; its placeholders are checked after the schema. */
export const template: z.ZodString = z.string({
  error: 'must be a URL in quotes, such as "https://host/{key}"',
});

/** One rate, or "auto". */
export const rate: z.ZodType<Rate | "auto"> = parsed(parseRateOrAuto, "50/s");

const rateForm = { error: 'must be a rate such as "50/s", "auto", or a list of them' } as const;

/** The rates of a list, without "auto", and whether "auto" was in it. */
export const rates = z.union([text, z.array(text)], rateForm)
  .transform((value, context) => {
    const list = typeof value === "string" ? [value] : value;
    if (list.length < 1 || list.length > ratesMax) {
      context.issues.push({ code: "custom", message: `must be 1 to ${ratesMax} rates`, input: value });
    }
    const given = list.map((item, index) => {
      const result = rate.safeParse(item);
      if (result.success) return result.data;
      const at = typeof value === "string" ? [] : [index];
      for (const { message } of result.error.issues) {
        context.issues.push({ code: "custom", message, path: at, input: item });
      }
      return z.NEVER;
    });
    return { isAuto: given.includes("auto"), rates: given.filter((one) => one !== "auto") };
  });

/** A number of concurrent requests, or "auto". */
export const inFlight: z.ZodType<number | "auto"> = z.union(
  [whole(1, runLimits.inFlightMax, ', or "auto"'), z.literal("auto")],
  { error: `must be a whole number from 1 to ${runLimits.inFlightMax}, or "auto"` },
);
