/**
 * A query: several JSONPaths compiled into one automaton, followed in one pass, with the WebAssembly scanner that reads
 * the texts. It holds the automaton's states and one scanner memory of 384 KiB and more, created for the first text.
 *
 * @module
 */

import { Automaton, type Position, type QueryState, type Take } from "./automaton.ts";
import type { Path, Segment } from "./path/path_types.ts";
import { WasmScanner } from "./wasm_scanner.ts";

/**
 * One path of a query. A node that the path selects in several ways (`$[0,0]`) is reported once, and nodes come in
 * document order. An element under a filter is held whole until it ends, at most `jsonLimits.elementBytesMax` bytes;
 * only then the nodes in it are reported.
 */
export interface QueryPath {
  /** Starts at the root, or at the nodes of `within`. */
  readonly path: Path;
  /** `text`: report the raw JSON of each node. `visit`: report where each node begins and ends. */
  readonly take: Take;
  /** The index of an earlier path of the query: `path` starts at each node of that path, not at the root. */
  readonly within?: number;
}

/** A compiled list of paths. One query serves any number of texts, also alternately. */
export class Query {
  readonly #automaton: Automaton;
  #scanner: WasmScanner | undefined;

  /**
   * Compiles paths. Handlers receive the index in `paths`.
   *
   * @throws {RangeError} If a `within` is not the index of an earlier path.
   */
  constructor(paths: readonly QueryPath[]) {
    let id = 0;
    const first = paths.map(({ take }, index) => {
      let position: Position = { id: id++, index, take };
      for (const segment of segmentsOf(paths, index).toReversed()) {
        const filter = segment.selectors.find(({ kind }) => kind === "filter");
        if (filter?.kind === "filter") {
          position = { id: id++, index, take, expression: filter.expression, next: position };
        }
        position = { id: id++, index, take, segment, next: position };
      }
      return position;
    });
    this.#automaton = new Automaton(first);
  }

  /** The automaton's state at the root of a text. */
  get start(): QueryState {
    return this.#automaton.start;
  }

  /** The scanner, for the tokenizers of this query. */
  get scanner(): WasmScanner {
    return this.#scanner ??= new WasmScanner();
  }

  /** The number of states that the automaton remembers now: at most 1,024. */
  get size(): number {
    return this.#automaton.size;
  }
}

/** All segments of a path from the root, those of its `within` included. */
function segmentsOf(paths: readonly QueryPath[], index: number): readonly Segment[] {
  const { path, within } = paths[index] as QueryPath;
  if (within === undefined) return path.segments;
  if (!Number.isInteger(within) || within < 0 || within >= index) {
    throw new RangeError(
      `Cannot follow the path "${path.text}": "within" must name an earlier path, got ${within}`,
    );
  }
  return [...segmentsOf(paths, within), ...path.segments];
}
