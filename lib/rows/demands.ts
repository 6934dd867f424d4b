/**
 * What an answer must hold, and of which kind: the place of each table's rows, and the value of `accept.require`. A job
 * in, its demands out. An answer without them is a failure, never `empty`.
 *
 * @module
 */

import type { Job, RequiredType } from "../job/job.ts";
import type { Path, Segment } from "../json/path/path_types.ts";
import { parsePath } from "../json/path/path_parser.ts";
import { ValueKind } from "../json/value.ts";

/** A place in an answer that must hold values of some kind. */
export interface Demand {
  readonly path: Path;
  /** `container`: an array or an object. */
  readonly type: RequiredType | "container";
  /** Values that the path must select: one for each combination of its names. */
  readonly nodesMin: number;
  /** The rows of this table are the values themselves: no other path needs to find them. */
  readonly rowsOf?: number;
}

/** A demand that an answer does not meet, and the kind that was found instead; undefined if nothing was. */
export interface Unmet {
  readonly demand: Demand;
  readonly found: ValueKind | undefined;
}

/**
 * The demands of a job: first `accept.require`, then the place of the rows of each table. `accept.require` decides
 * about a place that it names. A path with `..` has no place.
 */
export function demandsOf({ accept, tables }: Pick<Job, "accept" | "tables">): readonly Demand[] {
  const required = accept.require === undefined
    ? []
    : [{ path: parsePath(accept.require.path), type: accept.require.type, nodesMin: 1 }];
  const taken = new Set(required.map(({ path }) => JSON.stringify(path.segments)));
  const places = tables.flatMap(({ path }, table) => {
    const place = placeOf(parsePath(path), table);
    return place === undefined || taken.has(JSON.stringify(place.path.segments)) ? [] : [place];
  });
  return [...required, ...places];
}

/** Whether a value of this kind meets a demand. */
export function isMet({ type }: Demand, kind: ValueKind): boolean {
  if (type === "array") return kind === ValueKind.array;
  if (type === "object") return kind === ValueKind.object;
  return type === "any" || kind <= ValueKind.array;
}

/** An unmet demand in words: `$.items must be an array, got null`. */
export function unmetText({ demand: { path, type }, found }: Unmet): string {
  return `${path.text} must be ${wanted[type]}, got ${found === undefined ? "nothing" : kindNames[found]}`;
}

const wanted = {
  array: "an array",
  object: "an object",
  any: "there",
  container: "an array or an object",
} as const satisfies Record<Demand["type"], string>;

const kindNames = {
  [ValueKind.object]: "an object",
  [ValueKind.array]: "an array",
  [ValueKind.string]: "a text",
  [ValueKind.number]: "a number",
  [ValueKind.true]: "true",
  [ValueKind.false]: "false",
  [ValueKind.null]: "null",
} as const satisfies Record<ValueKind, string>;

/** The place of the rows: their path up to its first wildcard, index, slice or filter. */
function placeOf({ segments }: Path, table: number): Demand | undefined {
  if (segments.some(({ descendant }) => descendant)) return undefined;
  const end = segments.findIndex(({ selectors }) => selectors.some(({ kind }) => kind !== "name"));
  const names = end < 0 ? segments : segments.slice(0, end);
  const nodesMin = names.reduce((product, { selectors }) => product * selectors.length, 1);
  const path = { text: textOf(names), segments: names, singular: nodesMin === 1 };
  return end < 0 ? { path, type: "container", nodesMin, rowsOf: table } : { path, type: "array", nodesMin };
}

/** A path of names as text. */
function textOf(segments: readonly Segment[]): string {
  return segments.reduce((text, { selectors }) => {
    const names = selectors.flatMap((selector) => selector.kind === "name" ? [selector.name] : []);
    const [name = "", ...others] = names;
    const isShort = others.length === 0 && /^[A-Za-z_]\w*$/.test(name);
    return text + (isShort ? `.${name}` : `[${names.map((name) => JSON.stringify(name)).join(", ")}]`);
  }, "$");
}
