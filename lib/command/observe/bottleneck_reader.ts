/**
 * Reads the bottleneck of a run since the reading before, for a line of progress. Holds the last reading only.
 *
 * @module
 */

import { type Bottleneck, bottleneckOf, type Waits, waitsOf } from "../../collect/bottleneck.ts";
import type { Progress } from "../../collect/progress.ts";

/** A function that gives the bottleneck since its call before, and first since the start. */
export function bottleneckReader(progress: Progress): () => Bottleneck | undefined {
  let last: Waits | undefined;
  return () => {
    const bottleneck = bottleneckOf(progress, last);
    last = waitsOf(progress);
    return bottleneck;
  };
}
