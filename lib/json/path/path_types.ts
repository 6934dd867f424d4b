/**
 * The syntax tree of an RFC 9535 JSONPath and of the filter expressions in it (section 2.3). Types only.
 *
 * @module
 */

/** A parsed path. */
export interface Path {
  /** The path as written. */
  readonly text: string;
  /** From the root down; an empty list selects the root. */
  readonly segments: readonly Segment[];
  /** Whether the form of the path selects at most one node. A document with a repeated name can still give several. */
  readonly singular: boolean;
}

/** Selects the children of a node that any of the selectors selects. */
export interface Segment {
  /** Written with two dots: also selects children of all nodes below. */
  readonly descendant: boolean;
  /** One or more. */
  readonly selectors: readonly Selector[];
}

/** Selects children of one node. */
export type Selector =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "wildcard" }
  | { readonly kind: "index"; readonly index: number }
  | Slice
  | Filter;

/** Selects the elements `start` ≤ i < `end`, every `step`-th. Numbers below 0 occur only in paths of a filter. */
export interface Slice {
  /** Discriminates the selectors. */
  readonly kind: "slice";
  /** From 0; below 0 counts from the end; infinite is the last element. */
  readonly start: number;
  /** Absent: up to the last element, or with a negative step down to the first. */
  readonly end?: number;
  /** 0 selects nothing; a negative step goes backwards. */
  readonly step: number;
}

/** Selects the children for which `expression` holds. The only selector of its segment, except within a filter. */
export interface Filter {
  /** Discriminates the selectors. */
  readonly kind: "filter";
  /** `@` is the child. */
  readonly expression: Expression;
}

/** A logical expression: true or false for a given `@`. */
export type Expression =
  | { readonly kind: "or" | "and"; readonly parts: readonly Expression[] }
  | { readonly kind: "not"; readonly part: Expression }
  | { readonly kind: "exists"; readonly nodes: Nodes }
  | { readonly kind: "compare"; readonly operator: Operator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: "match" | "search"; readonly text: Operand; readonly pattern: Operand };

/** A comparison operator. */
export type Operator = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** A path that starts at `@`. */
export interface Nodes {
  /** Discriminates the operands. */
  readonly kind: "nodes";
  /** The segments behind `@`. */
  readonly segments: readonly Segment[];
  /** Whether the form of the path selects at most one node; only then it is an operand. */
  readonly singular: boolean;
}

/** An expression with a value, or with the RFC's special result Nothing. */
export type Operand =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "length"; readonly of: Operand }
  | { readonly kind: "count" | "value"; readonly of: Nodes }
  | Nodes;
