/**
 * The mistakes in a job file: collects each with the position of its field, and reports them in the order of the file.
 * Unknown fields get a suggestion. Bounded by the size of one job file. Prints nothing.
 *
 * @module
 */

import type { z } from "zod";
import { messageOf, shortened, UsageError } from "../errors.ts";
import { nearest } from "../text/nearest.ts";
import { jobJsonSchema } from "./job_schema.ts";
import { hintFor } from "./other_words.ts";
import type { FieldPath, Position, TomlDocument } from "./toml_document.ts";

/** UTF-16 code units of a wrong name or value in a message. */
const shownCharsMax = 80;

/** Characters of the message about one field. */
const clauseCharsMax = 2_000;

/** What messages need to know about a job file. */
export interface DiagnosticSource {
  readonly document: TomlDocument;
  /** The name of the file in messages. */
  readonly file: string;
  /** The name of a field that comes from somewhere else than the file, such as a flag. */
  readonly nameOf?: ((path: FieldPath) => string | undefined) | undefined;
}

/** A job file has mistakes. The message is the first of them and the number of others. */
export class MistakesError extends UsageError {
  /** A message for each mistake, in the order of the file. */
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    const [first = "", ...others] = mistakes;
    super(others.length === 0 ? first : `${first} (and ${others.length} more: trawl check lists all)`);
    this.mistakes = mistakes;
  }
}

/** A complete message, and the position that it is sorted by. */
interface Diagnostic {
  readonly position: Position;
  readonly message: string;
}

/** Collects the mistakes of one job file. */
export class Diagnostics {
  readonly #source: DiagnosticSource;
  readonly #found: Diagnostic[] = [];

  /** Starts an empty list. */
  constructor(source: DiagnosticSource) {
    this.#source = source;
  }

  /** Adds a mistake in the field at `path`. `clause` gives the rule and the value: `must be …: found …`. */
  add(path: FieldPath, clause: string, at: "name" | "value" = "value"): void {
    const { document, file, nameOf } = this.#source;
    const position = at === "name" ? document.namePosition(path) : document.valuePosition(path);
    const field = nameOf?.(path) ?? `${file}:${position.line}:${position.column}: ${fieldName(path)}`;
    // A clause may contain text of the file with line breaks, or the names of all columns.
    this.#found.push({ position, message: `${field}: ${shortened(messageOf(clause), clauseCharsMax)}` });
  }

  /** Adds that the field at `path` breaks `rule`. The message shows the field's value. */
  addRule(path: FieldPath, rule: string): void {
    this.add(path, `${rule}: found ${shown(this.#source.document.valueAt(path))}`);
  }

  /** Whether the job file has the field at `path`. */
  has(path: FieldPath): boolean {
    return this.#source.document.valueAt(path) !== undefined;
  }

  /** Adds the issues that the schema found. */
  addIssues(issues: readonly z.core.$ZodIssue[]): void {
    for (const issue of issues) {
      if (issue.code !== "unrecognized_keys") this.addRule(issue.path, issue.message);
      else for (const name of issue.keys) this.#addUnknown(issue.path, name);
    }
  }

  /** The result of `check`. If it throws a `UsageError` or `SyntaxError`, adds its message and returns undefined. */
  try<Value>(path: FieldPath, check: () => Value, addAs: "clause" | "rule" = "clause"): Value | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof UsageError || error instanceof SyntaxError)) throw error;
      if (addAs === "rule") this.addRule(path, error.message);
      else this.add(path, error.message);
      return undefined;
    }
  }

  /**
   * Reports the mistakes, if there are any.
   *
   * @throws {MistakesError} If there is a mistake.
   */
  throwIfAny(): void {
    if (this.#found.length > 0) throw this.error();
  }

  /** The error that reports the mistakes, of which there must be at least one. */
  error(): MistakesError {
    const sorted = this.#found.toSorted(({ position: a }, { position: b }) =>
      a.line - b.line || a.column - b.column
    );
    return new MistakesError(sorted.map(({ message }) => message));
  }

  /** Adds an unknown field with a suggestion, or with all known fields if there is none. */
  #addUnknown(table: FieldPath, name: string): void {
    this.add([...table, name], `is not a known field: ${suggestion(table, name)}`, "name");
  }
}

/** What may be meant by an unknown field: a misspelling, another tool's word, a field of another table. */
function suggestion(table: FieldPath, name: string): string {
  const known = knownFields(table);
  const meant = nearest(name, known);
  if (meant !== undefined) return `did you mean "${meant}"`;
  // The fields of a column and of a rule are few, and words such as "field" mean another thing there.
  const isInner = table.length > 2 || table[1] === "fail_if";
  const tables = isInner ? [] : tablesWith(name);
  return (isInner ? undefined : hintFor(name)) ??
    (tables.length > 0 ? `it belongs to ${tables.join(" or ")}` : `known fields are ${known.join(", ")}`);
}

/** The tables of the job file that have a field of this name. */
function tablesWith(name: string): string[] {
  const { properties = {} } = jobJsonSchema();
  return Object.entries(properties).flatMap(([table, schema]) =>
    typeof schema === "object" && Object.hasOwn(schema.properties ?? {}, name) ? [`[${table}]`] : []
  );
}

/** A field in TOML notation: `rows.columns.ts.path`, `accept.fail_if[0]`. */
export function fieldName(path: FieldPath): string {
  const name = path.map((part) => {
    if (typeof part === "number") return `[${part}]`;
    const text = String(part);
    const short = shortened(text, shownCharsMax);
    return /^[\w-]+…?$/.test(short) ? `.${short}` : `.${JSON.stringify(short)}`;
  });
  return name.join("").replace(/^\./, "");
}

/** A value in a message: short, on one line. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "object") return "a table";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return shortened(text, shownCharsMax);
}

/** The fields that the schema has for a table of the job file. */
export function knownFields(table: FieldPath): readonly string[] {
  let schema: Schema = jobJsonSchema();
  for (const part of table) {
    const inner = typeof part === "number"
      ? schema.items
      : schema.properties?.[String(part)] ?? schema.additionalProperties;
    if (typeof inner !== "object" || Array.isArray(inner)) return [];
    schema = inner;
  }
  return Object.keys(schema.properties ?? {});
}

type Schema = ReturnType<typeof jobJsonSchema>;
