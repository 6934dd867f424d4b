/**
 * The errors of the tokenizer: a text that is not JSON, not UTF-8 or cut short, and a text beyond the limits.
 *
 * @module
 */

import { jsonLimits } from "../limits.ts";

/** A place in a JSON text. */
export interface JsonPlace {
  /** Bytes from the start of the text, from 0. A byte order mark counts. */
  readonly offset: number;
  /** Lines end at a line feed; the first is 1. */
  readonly line: number;
  /** Bytes from the start of the line, from 1. */
  readonly column: number;
}

/** `cut`: the input ended too early. `encoding`: the bytes are not UTF-8. `grammar`: any other mistake. */
export type JsonFault = "cut" | "encoding" | "grammar";

/** The text is not JSON by RFC 8259, or was cut short. */
export class JsonSyntaxError extends SyntaxError implements JsonPlace {
  /** The class. */
  override readonly name = "JsonSyntaxError";
  /** The kind of mistake. */
  readonly fault: JsonFault;
  /** The offset of the byte that breaks the rule; the length of the input if it was cut. */
  readonly offset: number;
  /** The line of `offset`, from 1. */
  readonly line: number;
  /** The column of `offset` in bytes, from 1. */
  readonly column: number;

  /** `rule` is the rule that is broken at `at`; `found` is shown as what was found, and absent for a cut. */
  constructor(
    rule: string,
    at: JsonPlace,
    { fault, found }: { readonly fault: JsonFault; readonly found?: string },
  ) {
    const { offset, line, column } = at;
    const what = fault === "cut" ? "cut" : `got ${found}`;
    super(`Cannot read JSON: ${rule}, ${what} at offset ${offset} (line ${line}, column ${column})`);
    this.fault = fault;
    this.offset = offset;
    this.line = line;
    this.column = column;
  }
}

/**
 * A bound of `jsonLimits`: open brackets, bytes of a captured value, of a filtered element, or of a name, or nodes that
 * a filter selects.
 */
export type JsonLimit = "depth" | "value" | "element" | "name" | "nodes";

/** The text exceeds one of the bounds that keep memory constant. It may be valid JSON. */
export class JsonLimitError extends RangeError {
  /** The class. */
  override readonly name = "JsonLimitError";
  /** The bound. */
  readonly limit: JsonLimit;

  /** `offset` is the byte offset at which the text exceeded the bound, or was found to. */
  constructor(limit: JsonLimit, offset: number) {
    const rules = {
      depth: `brackets must nest at most ${jsonLimits.depthMax} deep`,
      value: `a selected value must have at most ${jsonLimits.valueBytesMax} bytes`,
      element: `an element under a filter must have at most ${jsonLimits.elementBytesMax} bytes`,
      nodes: `a filter must select at most ${jsonLimits.filterNodesMax} nodes of an element`,
      name: `a name must have at most ${jsonLimits.nameBytesMax} bytes`,
    } as const;
    super(`Cannot read JSON: ${rules[limit]}, got more at offset ${offset}`);
    this.limit = limit;
  }
}
