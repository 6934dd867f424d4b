/**
 * Shared by the tests of this folder: a handler that records its calls, ways to cut a text, and a plain evaluator of
 * paths over parsed documents, which shares no code with the automaton.
 *
 * @module
 */

import type { Handler } from "../../lib/json/handler.ts";
import { parsePath } from "../../lib/json/path/path_parser.ts";
import type { Path, Segment, Selector } from "../../lib/json/path/path_types.ts";
import { Query, type QueryPath } from "../../lib/json/query.ts";
import type { RawText } from "../../lib/json/raw_text.ts";
import { Tokenizer } from "../../lib/json/tokenizer.ts";
import type { ValueKind } from "../../lib/json/value.ts";

/** Records every call as one string. */
export class Recorder implements Handler {
  readonly calls: string[] = [];
  readonly texts: { readonly index: number; readonly kind: ValueKind; readonly raw: string }[] = [];

  enter(index: number, kind: ValueKind): void {
    this.calls.push(`enter ${index} ${kind}`);
  }

  leave(index: number): void {
    this.calls.push(`leave ${index}`);
  }

  text(index: number, kind: ValueKind, raw: RawText): void {
    this.calls.push(`text ${index} ${kind} ${raw}`);
    this.texts.push({ index, kind, raw: raw.toString() });
  }
}

/** Follows `query` through the chunks of one text. */
export function record(query: Query, chunks: Iterable<Uint8Array | string>): Recorder {
  const recorder = new Recorder();
  const tokenizer = new Tokenizer(query, recorder);
  for (const chunk of chunks) tokenizer.process(chunk);
  tokenizer.finalize();
  return recorder;
}

/** A query of texts, one path each. */
export function textQuery(...paths: readonly string[]): Query {
  return new Query(paths.map((path): QueryPath => ({ path: parsePath(path), take: "text" })));
}

/** The error that `act` throws, or `undefined`. */
export function thrown(act: () => void): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * Whether a text is JSON by `JSON.parse`, with two exceptions: a leading byte order mark is allowed, and a bare lone
 * surrogate is not.
 */
export function isJson(text: string): boolean {
  return text.isWellFormed() && thrown(() => JSON.parse(text.replace(/^\ufeff/, ""))) === undefined;
}

/** The text whole, in single UTF-16 units, and cut in two at every place. */
export function* cuttings(text: string): Generator<readonly string[]> {
  yield [text];
  yield text.split("");
  for (let at = 1; at < text.length; at++) yield [text.slice(0, at), text.slice(at)];
}

/** Whether a value passes a filter. */
export type Test = (value: unknown) => boolean;

/** The nodes of `path` in a parsed document, each once, in document order. `tests` are its filters, in order. */
export function nodesOf(path: Path, root: unknown, tests: readonly Test[] = []): unknown[] {
  const left = [...tests];
  let selected = new Set([""]);
  const nodes = new Map<string, unknown>();
  visit(root, "", (where, value) => nodes.set(where, value));
  for (const segment of path.segments) {
    const test = segment.selectors.some(({ kind }) => kind === "filter") ? left.shift() : undefined;
    const next = new Set<string>();
    for (const [where, value] of nodes) {
      if (test?.(value) === false) continue;
      if (where !== "" && reachedFrom(selected, where, segment, nodes)) next.add(where);
    }
    selected = next;
  }
  return [...nodes].filter(([where]) => selected.has(where)).map(([, value]) => value);
}

/** `where` is a chain of JSON strings and indexes, each behind a slash; slashes in the strings are escaped. */
function visit(value: unknown, where: string, see: (where: string, value: unknown) => void): void {
  see(where, value);
  if (typeof value !== "object" || value === null) return;
  for (const [name, child] of Object.entries(value)) {
    const step = Array.isArray(value) ? name : JSON.stringify(name).replaceAll("/", "\\u002f");
    visit(child, `${where}/${step}`, see);
  }
}

function reachedFrom(
  from: ReadonlySet<string>,
  where: string,
  segment: Segment,
  nodes: ReadonlyMap<string, unknown>,
): boolean {
  const parent = where.slice(0, where.lastIndexOf("/"));
  const step = where.slice(parent.length + 1);
  if (!segment.selectors.some((selector) => selects(selector, step, nodes.get(parent)))) return false;
  if (!segment.descendant) return from.has(parent);
  for (let above = parent;; above = above.slice(0, above.lastIndexOf("/"))) {
    if (from.has(above)) return true;
    if (above === "") return false;
  }
}

function selects(selector: Selector, step: string, parent: unknown): boolean {
  if (selector.kind === "wildcard" || selector.kind === "filter") return true;
  if (selector.kind === "name") return step.startsWith('"') && JSON.parse(step) === selector.name;
  if (!Array.isArray(parent)) return false;
  const index = Number(step);
  if (selector.kind === "index") return index === selector.index;
  const picked: number[] = [];
  for (let i = selector.start; i < Math.min(selector.end ?? Infinity, parent.length); i += selector.step) {
    if (selector.step === 0) break;
    picked.push(i);
  }
  return picked.includes(index);
}
