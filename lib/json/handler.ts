/**
 * What passes from the tokenizer to whoever collects values.
 *
 * @module
 */

import type { RowTaker } from "./row_scanner.ts";
import type { RawText } from "./raw_text.ts";
import type { ValueKind } from "./value.ts";

/** Is told what the paths of a query select, in document order. `wanted` is the index in the query's list. */
export interface Handler {
  /** A node to visit begins. Of several for one node, the first in the list comes first. */
  enter(wanted: number, kind: ValueKind): void;
  /** The node has ended; of several, the last in the list comes first. */
  leave(wanted: number): void;
  /** A node has ended whose text is wanted. `raw` is its JSON as it stood, until this returns. */
  text(wanted: number, kind: ValueKind, raw: RawText): void;
  /**
   * Instead of `text`, for numbers, strings and words in a row: their JSON, each with a line feed behind it, until this
   * returns. Only a handler whose query has one path, and takes its texts, may have it.
   */
  lines?(lines: Uint8Array): void;
  /**
   * Has whole rows instead of `enter`, `text` and `leave`, where they are simple: the nodes of the query's first path,
   * if that is one to visit and they do not lie within each other, with the texts that the next ones select in them.
   */
  readonly rows?: RowTaker;
}
