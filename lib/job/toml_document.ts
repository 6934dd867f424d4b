/**
 * TOML with positions: the text of a job file in, its plain value and the line and column of every field out.
 * A text is at most a million characters long. Knows nothing of jobs and touches no file.
 *
 * @module
 */

import { type AST, getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser";
import { UsageError } from "../errors.ts";

/** UTF-16 units of one job file: a hand-written file is a hundredth of this, and the parser is recursive. */
const textCharsMax = 1_000_000;

/** Tables and arrays within each other: a job needs four. */
const depthMax = 64;

/** The names and indexes that lead from the root to a value. */
export type FieldPath = readonly PropertyKey[];

/** A place in a text, both counted from 1, the column in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a field stands: its name and its value. For the item of an array both are the item. */
interface Place {
  readonly name: Position;
  readonly value: Position;
}

/** A TOML text that has been read. */
export class TomlDocument {
  /** Tables as plain objects, arrays, strings, numbers, booleans, dates as `Date`. */
  readonly value: Readonly<Record<string, unknown>>;
  readonly #places = new Map<string, Place>();
  readonly #file: string;

  /**
   * Reads a text.
   *
   * @throws {UsageError} If the text is not TOML: `FILE:LINE:COLUMN: …`.
   */
  constructor(text: string, file: string) {
    this.#file = file;
    if (text.length > textCharsMax) {
      throw new UsageError(
        `Cannot read the job file "${file}" as it may hold ${textCharsMax} characters: it holds ${text.length}`,
      );
    }
    try {
      const program = parseTOML(text.startsWith("\uFEFF") ? text.slice(1) : text);
      this.value = getStaticTOMLValue(program);
      for (const node of program.body[0].body) this.#enter(node, []);
    } catch (error) {
      // The parser's stack is at its end.
      if (error instanceof RangeError) throw this.#tooDeep({ line: 1, column: 1 }, error);
      if (!(error instanceof ParseError)) throw error;
      const reason = error.message.charAt(0).toLowerCase() + error.message.slice(1);
      throw new UsageError(
        `${file}:${error.lineNumber}:${error.column + 1}: Cannot read the job file as TOML: ${reason}`,
        { cause: error },
      );
    }
  }

  /** Where the value of a field stands or, where the field is missing, the nearest table around it. */
  valuePosition(path: FieldPath): Position {
    return this.#place(path).value;
  }

  /** Where the name of a field stands or, where the field is missing, the nearest table around it. */
  namePosition(path: FieldPath): Position {
    return this.#place(path).name;
  }

  /** The value of a field, `undefined` if it is missing. */
  valueAt(path: FieldPath): unknown {
    let value: unknown = this.value;
    for (const name of path) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
      value = Reflect.get(value, name);
    }
    return value;
  }

  /** The place of a field, or of the nearest table around it; the start of the file if there is none. */
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
      `${this.#file}:${line}:${column}: Cannot read the job file as TOML: tables and lists may stand within each ` +
        `other ${depthMax} deep at most`,
      { cause },
    );
  }

  /** Enters what a table or a line holds, `above` being the table that it stands in. */
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

  /** Enters each name of a dotted key, from the last to the first; a table between stands where it is first named. */
  #enterKey(key: AST.TOMLKey, path: FieldPath, value: AST.TOMLNode): void {
    if (path.length > depthMax) throw this.#tooDeep(positionOf(key));
    let index = key.keys.length - 1;
    for (let length = path.length; index >= 0; length -= 1) {
      const name = positionOf(key.keys[index] ?? key);
      const at = placeName(path.slice(0, length));
      if (length === path.length) this.#places.set(at, { name, value: positionOf(value) });
      else if (!this.#places.has(at)) this.#places.set(at, { name, value: name });
      // The index of a table in an array of tables is not written: it stands where the array's name does.
      if (typeof path[length - 1] === "string") index -= 1;
    }
  }

  /** Enters what stands inside a value: the fields of an inline table, the items of an array. */
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

/** One text for a path; JSON keeps `["a.b"]` and `["a", "b"]` apart. */
function placeName(path: FieldPath): string {
  return JSON.stringify(path);
}
