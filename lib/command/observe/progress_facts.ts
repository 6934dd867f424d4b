/**
 * The progress of a run as one line of text, with the bottleneck since the line before. Holds the last reading only.
 *
 * @module
 */

import { bottleneckOf, type Waits, waitsOf } from "../../collect/bottleneck.ts";
import type { Progress } from "../../collect/progress.ts";
import { factsOf } from "../../view/progress_text.ts";

/** A function that reads the progress at each call. */
export function progressFacts(progress: Progress): () => string {
  let last: Waits | undefined;
  return () => {
    const bottleneck = bottleneckOf(progress, last);
    last = waitsOf(progress);
    return factsOf(progress, bottleneck);
  };
}
