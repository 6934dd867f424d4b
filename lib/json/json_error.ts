/**
 * What can be wrong with a JSON text: it is not JSON, it is no UTF-8, it ended early, or it is larger than trawl holds.
 *
 * @module
 */

import { jsonLimits } from "../limits.ts";

/** Where a JSON text stopped making sense. */
export interface JsonPlace {
  /** Bytes from the start of the text, from 0; a byte order mark counts. */
  readonly offset: number;
  /** Lines end at a line feed; the first is 1. */
  readonly line: number;
  /** Bytes in the line, from 1. */
  readonly column: number;
}

/** `cut`: all was right until the input ended. `encoding`: the bytes are no UTF-8. `grammar`: anything else. */
export type JsonFault = "cut" | "encoding" | "grammar";

/** The text is not JSON by RFC 8259, or was cut short. */
export class JsonSyntaxError extends SyntaxError implements JsonPlace {
  /** The class. */
  override readonly name = "JsonSyntaxError";
  /** What kind of mistake it is. */
  readonly fault: JsonFault;
  /** Of the byte that does not fit, or the input's length where it is cut. */
  readonly offset: number;
  /** The line of `offset`. */
  readonly line: number;
  /** The column of `offset`. */
  readonly column: number;

  /** `found` is what does not fit, as it is to be shown; nothing is where the input has ended. */
  constructor(
    rule: string,
    at: JsonPlace,
    { fault, found }: { readonly fault: JsonFault; readonly found?: string },
  ) {
    const { offset, line, column } = at;
    super(
      fault === "cut"
        ? `Cannot read JSON as ${rule}: cut at offset ${offset} (line ${line}, column ${column})`
        : `Cannot read JSON as ${rule}: ${found} at offset ${offset} (line ${line}, column ${column})`,
    );
    this.fault = fault;
    this.offset = offset;
    this.line = line;
    this.column = column;
  }
}

/** A bound on JSON texts that `limits.ts` gives: open brackets, the bytes of a captured value, or of a name. */
export type JsonLimit = "depth" | "value" | "element" | "name";

/** The text may be JSON, but it would not fit into fixed memory. */
export class JsonLimitError extends RangeError {
  /** The class. */
  override readonly name = "JsonLimitError";
  /** Which bound. */
  readonly limit: JsonLimit;

  /** `offset` is where the text passed the bound or was seen to have, in bytes. */
  constructor(limit: JsonLimit, offset: number) {
    const rules = {
      depth: `brackets may be open within each other ${jsonLimits.depthMax} deep at most`,
      value: `a captured value may have ${jsonLimits.valueBytesMax} bytes at most`,
      element: `an element that a filter looks at may have ${jsonLimits.elementBytesMax} bytes at most`,
      name: `a name may have ${jsonLimits.nameBytesMax} bytes at most`,
    } as const;
    super(`Cannot read JSON as ${rules[limit]}: more at offset ${offset}`);
    this.limit = limit;
  }
}
