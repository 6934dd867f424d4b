/**
 * The field reference of `docs/job-file.md`, from the job file's schema: each field's value, unit, default, bounds
 * and example. Pure: schema in, Markdown out.
 *
 * @module
 */

import { jobJsonSchema } from "../../lib/job/job_schema.ts";
import { formatCount } from "../../lib/text/format.ts";

type Schema = ReturnType<typeof jobJsonSchema>;

/** One field of the job file. */
export interface Field {
  /** Names from the top, such as `request`, `timeout`, `idle`; `NAME` stands for a name of the user's choice. */
  readonly path: readonly string[];
  readonly schema: Schema;
  readonly isRequired: boolean;
}

/** Every field, tables before their fields, in the schema's order. */
export function* jobFields(schema: Schema = jobJsonSchema(), path: readonly string[] = []): Iterable<Field> {
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    if (typeof inner === "boolean") continue;
    const field = {
      path: [...path, name],
      schema: inner,
      isRequired: schema.required?.includes(name) ?? false,
    };
    yield field;
    yield* jobFields(inner, field.path);
    const { items, additionalProperties } = inner;
    if (typeof items === "object" && !Array.isArray(items)) yield* jobFields(items, field.path);
    if (typeof additionalProperties === "object") {
      yield* jobFields(additionalProperties, [...field.path, "NAME"]);
    }
  }
}

/** Whether a field holds others that are documented by themselves. */
export function isTable({ schema }: Field): boolean {
  return schema.properties !== undefined;
}

/** The reference as Markdown: a heading for each table, a list for each field. */
export function jobFileReference(): string {
  return [...jobFields()].map((field) => isTable(field) ? tableText(field) : fieldText(field)).join("\n");
}

function tableText({ path, schema, isRequired }: Field): string {
  const otherwise = isRequired
    ? "Required."
    : schema["otherwise"] === undefined
    ? ""
    : `Without it, ${schema["otherwise"]}.`;
  return `### \`[${path.join(".")}]\`\n\n${escaped(schema.description ?? "")} ${escaped(otherwise)}\n`;
}

function fieldText(field: Field): string {
  const { path, schema } = field;
  const facts = [
    ["Value", valueOf(schema)],
    ["Bounds", boundsOf(schema)],
    ["Default", defaultOf(field)],
    ["Example", exampleOf(field)],
  ].filter(([, text]) => text !== undefined);
  const list = facts.map(([name, text]) => `- ${name}: ${text}`).join("\n");
  return `#### \`${path.join(".")}\`\n\n${escaped(schema.description ?? "")}\n\n${list}\n`;
}

function valueOf(schema: Schema): string {
  const form = schema["form"];
  if (typeof form === "string") return form.includes('"') ? form.replaceAll(/"\w+"/g, "`$&`") : form;
  return schema.type === "string" ? "text" : String(schema.type);
}

function boundsOf(schema: Schema): string | undefined {
  const { minimum, maximum, maxItems } = schema;
  if (typeof schema["bounds"] === "string") return schema["bounds"];
  if (minimum !== undefined && maximum !== undefined) return `${digits(minimum)} to ${digits(maximum)}`;
  return maxItems === undefined ? undefined : `at most ${formatCount(maxItems)} items`;
}

function digits(number: number): string {
  return String(number).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

function defaultOf({ schema, isRequired }: Field): string {
  if (isRequired) return "none, the field is required";
  if (typeof schema["otherwise"] === "string") return schema["otherwise"];
  const value = schema.default;
  if (value === undefined) return "none";
  const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  return isEmpty ? "empty" : `\`${toml(value)}\``;
}

function exampleOf({ path, schema }: Field): string | undefined {
  const example = schema["example"];
  return example === undefined ? undefined : `\`${path.at(-1)} = ${toml(example)}\``;
}

/** A value as TOML; tables are written inline. */
export function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(", ")}]`;
  // TOML separates the digits of a long number by underscores.
  if (typeof value === "number" && value >= 1e5) return digits(value).replaceAll(",", "_");
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, inner]) => {
    return `${/^[\w-]+$/.test(name) ? name : JSON.stringify(name)} = ${toml(inner)}`;
  });
  return `{ ${fields.join(", ")} }`;
}

/** Placeholders, flags and field names as code. */
function escaped(text: string): string {
  return text.replaceAll(/\{\{|\}\}|\{[\w.]+\}|--[a-z-]+(?: NAME=VALUE)?|\[\w+\]|"auto"/g, "`$&`");
}
