/**
 * What is wrong in a job file: collects every problem with the place of its field, and reports them in one line:
 * the first in the file, and how many more there are. Prints nothing and holds at most what one file can give.
 *
 * @module
 */

import type { z } from "zod";
import { messageOf, shortened, UsageError } from "../errors.ts";
import { nearest } from "../text/nearest.ts";
import { jobJsonSchema } from "./job_schema.ts";
import type { FieldPath, Position, TomlDocument } from "./toml_document.ts";

/** UTF-16 units of a wrong name or value that a message shows. */
const shownCharsMax = 80;

/** Characters of what is said about one field. */
const clauseCharsMax = 2_000;

/** A job file, as far as messages about it go. */
export interface ProblemSource {
  readonly document: TomlDocument;
  /** The file's name, as messages show it. */
  readonly file: string;
  /** Names a field that was given in another way than in a file, such as by a flag. */
  readonly nameOf?: ((path: FieldPath) => string | undefined) | undefined;
}

/** A whole message, and where it belongs among the others. */
interface Problem {
  readonly position: Position;
  readonly message: string;
}

/** The problems of one job file. */
export class Problems {
  readonly #source: ProblemSource;
  readonly #found: Problem[] = [];

  /** Starts an empty list. */
  constructor(source: ProblemSource) {
    this.#source = source;
  }

  /** Adds a problem of the field at `path`; `clause` says what must be and what is: `must be …: found …`. */
  add(path: FieldPath, clause: string, at: "name" | "value" = "value"): void {
    const { document, file, nameOf } = this.#source;
    const position = at === "name" ? document.namePosition(path) : document.valuePosition(path);
    const field = nameOf?.(path) ?? `${file}:${position.line}:${position.column}: ${fieldName(path)}`;
    // Texts of the file's may be in it, with line breaks, and the names of all its columns.
    this.#found.push({ position, message: `${field}: ${shortened(messageOf(clause), clauseCharsMax)}` });
  }

  /** Adds a problem of the field at `path`: it breaks `rule`. The message shows its value. */
  addRule(path: FieldPath, rule: string): void {
    this.add(path, `${rule}: found ${shown(this.#source.document.valueAt(path))}`);
  }

  /** Adds what the schema found. */
  addIssues(issues: readonly z.core.$ZodIssue[]): void {
    for (const issue of issues) {
      if (issue.code !== "unrecognized_keys") this.addRule(issue.path, issue.message);
      else for (const name of issue.keys) this.#addUnknown(issue.path, name);
    }
  }

  /** The result of `check`, or nothing if it throws a `UsageError` or a `SyntaxError`, which is added as a problem. */
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
   * Ends the collecting.
   *
   * @throws {UsageError} If there are problems.
   */
  throwIfAny(): void {
    if (this.#found.length > 0) throw this.error();
  }

  /** The error that reports the problems, of which there must be one. */
  error(): UsageError {
    const [first, ...more] = this.#found.toSorted(({ position: a }, { position: b }) =>
      a.line - b.line || a.column - b.column
    );
    const message = first?.message ?? "Cannot report problems as there must be one: there is none";
    return new UsageError(more.length === 0 ? message : `${message} (and ${more.length} more)`);
  }

  /** Says what may have been meant, or else all that is known: a misspelt field must not be passed over. */
  #addUnknown(table: FieldPath, name: string): void {
    const known = knownFields(table);
    const meant = nearest(name, known);
    const hint = meant === undefined ? `known fields are ${known.join(", ")}` : `did you mean "${meant}"`;
    this.add([...table, name], `is not a known field: ${hint}`, "name");
  }
}

/** A field as one would write it: `rows.columns.ts.path`, `accept.fail_if[0]`. */
export function fieldName(path: FieldPath): string {
  const name = path.map((part) => {
    if (typeof part === "number") return `[${part}]`;
    const text = String(part);
    const short = shortened(text, shownCharsMax);
    return /^[\w-]+…?$/.test(short) ? `.${short}` : `.${JSON.stringify(short)}`;
  });
  return name.join("").replace(/^\./, "");
}

/** A value as a message shows it: short, and on one line. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "object") return "a table";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return shortened(text, shownCharsMax);
}

/** The fields that a table of the job file may have. */
function knownFields(table: FieldPath): readonly string[] {
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
