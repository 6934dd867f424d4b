/**
 * What can be wrong with a JSON text: it is not JSON, it ended early, or it is larger than trawl holds.
 *
 * @module
 */

/** Where a JSON text stopped making sense. */
export interface JsonPlace {
  /** UTF-16 units from the start of the text, from 0. */
  readonly offset: number;
  /** Lines end at a line feed; the first is 1. */
  readonly line: number;
  /** UTF-16 units in the line, from 1. */
  readonly column: number;
}

/** The text is not JSON by RFC 8259, or was cut short. */
export class JsonSyntaxError extends SyntaxError implements JsonPlace {
  /** The class. */
  override readonly name = "JsonSyntaxError";
  /** Of the unit that does not fit, or the input's length where it is cut. */
  readonly offset: number;
  /** The line of `offset`. */
  readonly line: number;
  /** The column of `offset`. */
  readonly column: number;
  /** Whether everything was right until the input ended: more of it might have come. */
  readonly cut: boolean;

  /** `found` is the unit that does not fit; without it the input has ended. */
  constructor(rule: string, at: JsonPlace, found?: string) {
    super(
      found === undefined
        ? `Cannot read JSON as ${rule}: cut at offset ${at.offset}`
        : `Cannot read JSON as ${rule}: ${JSON.stringify(found)} at offset ${at.offset} ` +
          `(line ${at.line}, column ${at.column})`,
    );
    this.offset = at.offset;
    this.line = at.line;
    this.column = at.column;
    this.cut = found === undefined;
  }
}

/** A bound on JSON texts that `limits.ts` gives: open brackets, the units of a captured value, or of a name. */
export type JsonLimit = "depth" | "value" | "element" | "name";

/** The text may be JSON, but it would not fit into fixed memory. */
export class JsonLimitError extends RangeError {
  /** The class. */
  override readonly name = "JsonLimitError";
  /** Which bound. */
  readonly limit: JsonLimit;

  /** `max` is the bound, `offset` where the text passed it or was seen to have. */
  constructor(limit: JsonLimit, max: number, offset: number) {
    const rules = {
      depth: `brackets may be open within each other ${max} deep at most`,
      value: `a captured value may have ${max} characters at most`,
      element: `an element that a filter looks at may have ${max} characters at most`,
      name: `a name may have ${max} characters at most`,
    } as const;
    super(`Cannot read JSON as ${rules[limit]}: more at offset ${offset}`);
    this.limit = limit;
  }
}
