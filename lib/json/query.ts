/**
 * A query: several paths compiled into one automaton, with the WebAssembly scanner that follows it. It holds what the
 * automaton holds and one scanner's memory, created at the first document.
 *
 * @module
 */

import { Automaton, type Position, type QueryState, type Take } from "./automaton.ts";
import type { Path, Segment } from "./path/path_types.ts";
import { Machine } from "./state_machine.ts";

/**
 * What is asked about the nodes that a path selects. A node that it selects in several ways (`$[0,0]`) counts once,
 * and nodes come in the order of the document. A node about which a filter decides is held whole until it ends, so
 * that it may have `json.elementBytesMax` bytes at most; only then is anything within it told.
 */
export interface Wanted {
  /** Counted from the root, or as `within` says. */
  readonly path: Path;
  /** `text`: the raw JSON of each node. `visit`: its beginning and its end. */
  readonly take: Take;
  /** The index of an earlier wanted: `path` counts from each of its nodes instead of from the root. */
  readonly within?: number;
}

/** Wanted paths, ready to be followed. One serves any number of documents, also at once. */
export class Query {
  readonly #automaton: Automaton;
  #machine: Machine | undefined;

  /**
   * `wanted` gives every path its number: its index.
   *
   * @throws {RangeError} If a `within` does not name an earlier wanted.
   */
  constructor(wanted: readonly Wanted[]) {
    let id = 0;
    const first = wanted.map(({ take }, index) => {
      let position: Position = { id: id++, wanted: index, take };
      for (const segment of segmentsFrom(wanted, index).toReversed()) {
        const filter = segment.selectors.find(({ kind }) => kind === "filter");
        if (filter?.kind === "filter") {
          position = { id: id++, wanted: index, take, expression: filter.expression, next: position };
        }
        position = { id: id++, wanted: index, take, segment, next: position };
      }
      return position;
    });
    this.#automaton = new Automaton(first);
  }

  /** The state at the root of a document. */
  get start(): QueryState {
    return this.#automaton.start;
  }

  /** What scans the documents. */
  get machine(): Machine {
    return this.#machine ??= new Machine();
  }

  /** States remembered now, at most `statesMax`. */
  get size(): number {
    return this.#automaton.size;
  }
}

/** The segments of a wanted from the root. */
function segmentsFrom(wanted: readonly Wanted[], index: number): readonly Segment[] {
  const { path, within } = wanted[index] as Wanted;
  if (within === undefined) return path.segments;
  if (!Number.isInteger(within) || within < 0 || within >= index) {
    throw new RangeError(`Cannot follow "${path.text}" as "within" must name an earlier path: ${within}`);
  }
  return [...segmentsFrom(wanted, within), ...path.segments];
}
