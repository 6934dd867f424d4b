/**
 * The interface between the tokenizer and its users: calls for each selected node, in document order.
 *
 * @module
 */

import type { RawText } from "./raw_text.ts";
import type { RowTaker } from "./row_scanner.ts";
import type { ValueKind } from "./value.ts";

/** Receives what a query selects, in document order. `index` is the index of the path in the query's list. */
export interface Handler {
  /** A node of a `visit` path begins. If several paths select the node, the first in the list is called first. */
  enter(index: number, kind: ValueKind): void;
  /** The node has ended. If several paths select the node, the last in the list is called first. */
  leave(index: number): void;
  /** A node of a `text` path has ended. `raw` is its JSON as it stood, valid until this method returns. */
  text(index: number, kind: ValueKind, raw: RawText): void;
  /**
   * Optional, and called in place of `text` for scalars: their JSON, each followed by a line feed, valid until this
   * method returns. Define it only with a query of one `text` path. Copying lines takes 4 ns a value, `text` 19 ns.
   */
  lines?(lines: Uint8Array): void;
}

/** A handler that receives simple rows as cells, in place of `enter`, `text` and `leave`. */
export interface RowHandler extends Handler {
  /** Requires a query whose path 0 is a `visit` path with nodes that never nest, and the columns behind it. */
  readonly rows?: RowTaker;
}
