/**
 * Evaluates filter expressions of RFC 9535 (section 2.3.5): an expression and a parsed value in, true or false out.
 * Pure, except for the cache of compiled patterns.
 *
 * @module
 */

import { jsonLimits } from "../../limits.ts";
import { compiledPattern } from "./pattern.ts";
import type { Expression, Nodes, Operand, Operator, Selector, Slice } from "./path_types.ts";

/** Whether `expression` holds for the parsed `value`, its `@`. */
export function holds(expression: Expression, value: unknown): boolean {
  switch (expression.kind) {
    case "or":
      return expression.parts.some((part) => holds(part, value));
    case "and":
      return expression.parts.every((part) => holds(part, value));
    case "not":
      return !holds(expression.part, value);
    case "exists":
      return nodesOf(expression.nodes, value).length > 0;
    case "compare":
      return compare(valueOf(expression.left, value), expression.operator, valueOf(expression.right, value));
    default: {
      const text = valueOf(expression.text, value);
      const pattern = valueOf(expression.pattern, value);
      if (typeof text !== "string" || typeof pattern !== "string") return false;
      return compiledPattern(pattern, expression.kind)?.test(text) ?? false;
    }
  }
}

/** The value of an operand; `undefined`, which JSON does not have, is Nothing. */
function valueOf(operand: Operand, value: unknown): unknown {
  switch (operand.kind) {
    case "literal":
      return operand.value;
    case "length":
      return lengthOf(valueOf(operand.of, value));
    case "count":
      return nodesOf(operand.of, value).length;
    case "value": {
      const nodes = nodesOf(operand.of, value);
      return nodes.length === 1 ? nodes[0] : undefined;
    }
    case "nodes":
      return nodesOf(operand, value)[0];
  }
}

/** The number of code points, elements or members; Nothing for other values (section 2.4.4). */
function lengthOf(value: unknown): number | undefined {
  if (typeof value === "string") return [...value].length;
  return Array.isArray(value) || isObject(value) ? childrenOf(value).length : undefined;
}

/** A filter selects too many nodes of one element. */
export class FilterNodesError extends RangeError {
  override readonly name = "FilterNodesError";

  constructor() {
    super(`Cannot evaluate a filter: it must select at most ${jsonLimits.filterNodesMax} nodes`);
  }
}

/**
 * The selected nodes, repeated if selected repeatedly.
 *
 * @throws {FilterNodesError} If they are too many: `@..*..*` selects a node once for each node around it.
 */
function nodesOf({ segments }: Nodes, value: unknown): readonly unknown[] {
  let nodes: readonly unknown[] = [value];
  for (const { descendant, selectors } of segments) {
    const from = descendant ? gathered(nodes, addWithDescendants) : nodes;
    nodes = gathered(from, (node, found) => {
      for (const selector of selectors) for (const child of select(selector, node)) found.push(child);
    });
  }
  return nodes;
}

/** What `add` finds at each node. */
function gathered(
  nodes: readonly unknown[],
  add: (node: unknown, found: unknown[]) => void,
): readonly unknown[] {
  const found: unknown[] = [];
  for (const node of nodes) {
    add(node, found);
    if (found.length > jsonLimits.filterNodesMax) throw new FilterNodesError();
  }
  return found;
}

/** Adds the value and all values below it. */
function addWithDescendants(value: unknown, found: unknown[]): void {
  found.push(value);
  for (const child of childrenOf(value)) addWithDescendants(child, found);
}

function select(selector: Selector, value: unknown): readonly unknown[] {
  switch (selector.kind) {
    case "wildcard":
      return childrenOf(value);
    case "filter":
      return childrenOf(value).filter((child) => holds(selector.expression, child));
    case "name":
      return isObject(value) && Object.hasOwn(value, selector.name) ? [value[selector.name]] : [];
    case "index": {
      if (!Array.isArray(value)) return [];
      const index = fromStart(selector.index, value.length);
      return index >= 0 && index < value.length ? [value[index]] : [];
    }
    case "slice":
      return Array.isArray(value) ? sliceOf(value, selector) : [];
  }
}

/** RFC 9535, section 2.3.4.2.2. */
function sliceOf(array: readonly unknown[], { start, end, step }: Slice): readonly unknown[] {
  const { length } = array;
  const found: unknown[] = [];
  const first = fromStart(start, length);
  if (step > 0) {
    const stop = Math.min(fromStart(end ?? length, length), length);
    for (let i = Math.max(first, 0); i < stop; i += step) found.push(array[i]);
  } else if (step < 0) {
    const stop = end === undefined ? -1 : Math.max(fromStart(end, length), -1);
    for (let i = Math.min(first, length - 1); i > stop; i += step) found.push(array[i]);
  }
  return found;
}

/** Turns an index that counts from the end into one from the start. */
function fromStart(index: number, length: number): number {
  return index < 0 ? length + index : index;
}

/** RFC 9535, section 2.3.5.2.2. Only numbers and strings are ordered. */
function compare(left: unknown, operator: Operator, right: unknown): boolean {
  switch (operator) {
    case "==":
      return isEqual(left, right);
    case "!=":
      return !isEqual(left, right);
    case "<":
      return isLess(left, right);
    case "<=":
      return isLess(left, right) || isEqual(left, right);
    case ">":
      return isLess(right, left);
    case ">=":
      return isLess(right, left) || isEqual(left, right);
  }
}

function isEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length &&
      left.every((element, index) => isEqual(element, right[index]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const names = Object.keys(left);
  return names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && isEqual(left[name], right[name]));
}

function isLess(left: unknown, right: unknown): boolean {
  if (typeof left === "number" && typeof right === "number") return left < right;
  if (typeof left !== "string" || typeof right !== "string") return false;
  const shorter = Math.min(left.length, right.length);
  for (let i = 0; i < shorter; i++) {
    const [a, b] = [left.charCodeAt(i), right.charCodeAt(i)];
    if (a !== b) return codePointRank(a) < codePointRank(b);
  }
  return left.length < right.length;
}

/** Orders UTF-16 units by code point: a surrogate belongs to a code point above all other units. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
