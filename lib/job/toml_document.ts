/**
 * TOML with positions: the text of a job file in, its value and the line and column of every field out. A text has at
 * most 1,000,000 characters and a nesting depth of 64. Knows no fields and does no I/O.
 *
 * @module
 */

import { type AST, getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser";
import { UsageError } from "../errors.ts";

/** UTF-16 code units of a job file. A hand-written file has a hundredth of this, and the parser is recursive. */
const textCharsMax = 1_000_000;

/** Nesting of tables and arrays. A job needs four levels. */
const depthMax = 64;

/** The names and indexes from the root to a value. */
export type FieldPath = readonly PropertyKey[];

/** A position in a text. Both count from 1, the column in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The positions of a field. For an array item, both are the item's. */
interface Place {
  readonly name: Position;
  readonly value: Position;
}

/** A parsed TOML text. */
export class TomlDocument {
  /** The root table: tables as plain objects, dates as `Date`. */
  readonly value: Readonly<Record<string, unknown>>;
  readonly #places = new Map<string, Place>();
  readonly #file: string;

  /**
   * Parses a text.
   *
   * @throws {UsageError} If the text is not TOML: `FILE:LINE:COLUMN: …`.
   */
  constructor(text: string, file: string) {
    this.#file = file;
    if (text.length > textCharsMax) {
      throw new UsageError(
        `Cannot read the job file "${file}": it must have at most ${textCharsMax} characters, got ${text.length}`,
      );
    }
    try {
      const program = parseTOML(text.startsWith("\uFEFF") ? text.slice(1) : text);
      this.value = getStaticTOMLValue(program);
      for (const node of program.body[0].body) this.#enter(node, []);
    } catch (error) {
      // The recursive parser ran out of stack.
      if (error instanceof RangeError) throw this.#tooDeep({ line: 1, column: 1 }, error);
      if (!(error instanceof ParseError)) throw error;
      const reason = error.message.charAt(0).toLowerCase() + error.message.slice(1);
      throw new UsageError(
        `${file}:${error.lineNumber}:${error.column + 1}: Cannot read the job file as TOML: ${reason}`,
        { cause: error },
      );
    }
  }

  /** The position of a field's value; if the field is missing, of the innermost table around it. */
  valuePosition(path: FieldPath): Position {
    return this.#place(path).value;
  }

  /** The position of a field's name; if the field is missing, of the innermost table around it. */
  namePosition(path: FieldPath): Position {
    return this.#place(path).name;
  }

  /** The value of a field; undefined if the field is missing. */
  valueAt(path: FieldPath): unknown {
    let value: unknown = this.value;
    for (const name of path) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
      value = Reflect.get(value, name);
    }
    return value;
  }

  /** The place of a field, or of the innermost table around it, or the start of the file. */
  #place(path: FieldPath): Place {
    for (let length = path.length; length > 0; length -= 1) {
      const place = this.#places.get(placeName(path.slice(0, length)));
      if (place !== undefined) return place;
    }
    const start = { line: 1, column: 1 };
    return { name: start, value: start };
  }

  #tooDeep({ line, column }: Position, cause?: RangeError): UsageError {
    return new UsageError(
      `${this.#file}:${line}:${column}: Cannot read the job file as TOML: tables and lists must be nested at most ` +
        `${depthMax} deep`,
      { cause },
    );
  }

  /** A plain object cannot hold this name: the parser drops the field without a word. */
  #reserved(key: AST.TOMLNode, path: FieldPath): UsageError {
    const { line, column } = positionOf(key);
    return new UsageError(
      `${this.#file}:${line}:${column}: ${path.join(".")}: must have another name: found "__proto__"`,
    );
  }

  /** Records the places within a table or key-value pair; `above` is the path of the table around it. */
  #enter(node: AST.TOMLTable | AST.TOMLKeyValue, above: FieldPath): void {
    if (node.type === "TOMLTable") {
      this.#enterKey(node.key, node.resolvedKey, node.key);
      for (const child of node.body) this.#enter(child, node.resolvedKey);
    } else {
      const path = [...above, ...node.key.keys.map(keyName)];
      this.#enterKey(node.key, path, node.value);
      this.#enterContent(node.value, path);
    }
  }

  /** Records the names of a dotted key, from last to first. An implicit table has the place of its first mention. */
  #enterKey(key: AST.TOMLKey, path: FieldPath, value: AST.TOMLNode): void {
    if (path.length > depthMax) throw this.#tooDeep(positionOf(key));
    for (const part of key.keys) if (keyName(part) === "__proto__") throw this.#reserved(part, path);
    let index = key.keys.length - 1;
    for (let length = path.length; index >= 0; length -= 1) {
      const name = positionOf(key.keys[index] ?? key);
      const at = placeName(path.slice(0, length));
      if (length === path.length) this.#places.set(at, { name, value: positionOf(value) });
      else if (!this.#places.has(at)) this.#places.set(at, { name, value: name });
      // The index in an array of tables is not written: its place is that of the array's name.
      if (typeof path[length - 1] === "string") index -= 1;
    }
  }

  /** Records the places within a value: the fields of an inline table, the items of an array. */
  #enterContent(value: AST.TOMLContentNode, path: FieldPath): void {
    if (value.type === "TOMLInlineTable") {
      for (const child of value.body) this.#enter(child, path);
    } else if (value.type === "TOMLArray") {
      for (const [index, item] of value.elements.entries()) {
        const at = positionOf(item);
        if (path.length >= depthMax) throw this.#tooDeep(at);
        this.#places.set(placeName([...path, index]), { name: at, value: at });
        this.#enterContent(item, [...path, index]);
      }
    }
  }
}

function positionOf(node: AST.TOMLNode): Position {
  return { line: node.loc.start.line, column: node.loc.start.column + 1 };
}

function keyName(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}

/** A map key for a path. JSON distinguishes `["a.b"]` from `["a", "b"]`. */
function placeName(path: FieldPath): string {
  return JSON.stringify(path);
}
