/**
 * The syntax tree of an RFC 9535 JSONPath and of the filter expressions in it. Types only.
 *
 * @module
 */

/** What picks children of one node. */
export type Selector =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "wildcard" }
  | { readonly kind: "index"; readonly index: number }
  | Slice
  | Filter;

/** Elements `start` ≤ i < `end`, every `step`-th. Numbers below zero stand only in the paths of a filter. */
export interface Slice {
  /** Tells it from the other selectors. */
  readonly kind: "slice";
  /** From 0; below zero it counts from the end. Infinite for the last element. */
  readonly start: number;
  /** Absent: up to the last element, or down to the first. */
  readonly end?: number;
  /** 0 picks none; below zero it goes backwards. */
  readonly step: number;
}

/** The children for which `expression` holds. It stands alone in its segment, but not within another filter. */
export interface Filter {
  /** Tells it from the other selectors. */
  readonly kind: "filter";
  /** What must hold of the child, `@`. */
  readonly expression: Expression;
}

/** The children of a node that any selector picks; with `descendant` also those of everything below it. */
export interface Segment {
  /** Whether it was written with two dots. */
  readonly descendant: boolean;
  /** One or more. */
  readonly selectors: readonly Selector[];
}

/** A path that was understood. */
export interface Path {
  /** As written. */
  readonly text: string;
  /** From the root down; none selects the root. */
  readonly segments: readonly Segment[];
  /** Whether it selects one node at most, by its form alone. (A repeated name in a document still gives several.) */
  readonly singular: boolean;
}

/** What holds or does not. */
export type Expression =
  | { readonly kind: "or" | "and"; readonly parts: readonly Expression[] }
  | { readonly kind: "not"; readonly part: Expression }
  | { readonly kind: "exists"; readonly nodes: Nodes }
  | { readonly kind: "compare"; readonly operator: Operator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: "match" | "search"; readonly text: Operand; readonly pattern: Operand };

/** How two operands are compared. */
export type Operator = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** What selects nodes, from the value at hand. */
export interface Nodes {
  /** Tells it from the other operands. */
  readonly kind: "nodes";
  /** Behind `@`. */
  readonly segments: readonly Segment[];
  /** Whether it selects one node at most, by its form alone; only then it is an operand. */
  readonly singular: boolean;
}

/** What has a value, or the special result Nothing. */
export type Operand =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "length"; readonly of: Operand }
  | { readonly kind: "count" | "value"; readonly of: Nodes }
  | Nodes;
