/**
 * What passes from the tokenizer to whoever collects values.
 *
 * @module
 */

import type { ValueKind } from "./value.ts";

/** Is told what the paths of a query select, in document order. `wanted` is the index in the query's list. */
export interface Handler {
  /** A node to visit begins. Of several for one node, the first in the list comes first. */
  enter(wanted: number, kind: ValueKind): void;
  /** The node has ended; of several, the last in the list comes first. */
  leave(wanted: number): void;
  /**
   * A node has ended whose text is wanted: its JSON exactly as it stood. It may be a slice that keeps some 64 KiB
   * of input alive; a handler that holds many for long should copy them.
   */
  text(wanted: number, kind: ValueKind, raw: string): void;
}
