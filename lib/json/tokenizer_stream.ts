/**
 * The tokenizer as a `TransformStream`: chunks of one JSON text in, what a collector makes of them out. It holds what
 * the tokenizer holds and the values that one chunk completed; backpressure passes through.
 *
 * @module
 */

import type { Handler } from "./handler.ts";
import type { Path } from "./path/path_types.ts";
import { Query } from "./query.ts";
import type { RawText } from "./raw_text.ts";
import { Tokenizer } from "./tokenizer.ts";

/** A handler that makes values of type `R` from what it receives. */
export interface Collector<R> extends Handler {
  /** Returns, and forgets, what has been completed since the last call; `undefined` if nothing was. */
  take(): R | undefined;
}

/**
 * Reads one JSON text as bytes or strings. After each chunk, and at the end, `collector.take()` is asked once and its
 * result enqueued unless it is `undefined`. The stream fails with the errors of `Tokenizer`.
 */
export class TokenizerStream<R> extends TransformStream<Uint8Array | string, R> {
  /** `query` and `collector` as for `Tokenizer`. */
  constructor(query: Query, collector: Collector<R>) {
    const tokenizer = new Tokenizer(query, collector);
    const enqueueCompleted = (controller: TransformStreamDefaultController<R>) => {
      const completed = collector.take();
      if (completed !== undefined) controller.enqueue(completed);
    };
    super({
      transform(chunk, controller) {
        tokenizer.process(chunk);
        enqueueCompleted(controller);
      },
      flush(controller) {
        tokenizer.finalize();
        enqueueCompleted(controller);
      },
    });
  }
}

/**
 * Reads one JSON text; after each chunk that completed nodes of `path`, emits their raw JSON texts in document order.
 * A selected value may have at most `jsonLimits.valueBytesMax` bytes. Fails as `TokenizerStream`.
 */
export function selectValues(path: Path): TransformStream<Uint8Array | string, string[]> {
  return new TokenizerStream(new Query([{ path, take: "text" }]), new TextCollector());
}

class TextCollector implements Collector<string[]> {
  #texts: string[] = [];

  /** Never called: the query has no `visit` path. */
  enter(): void {}

  /** Never called: the query has no `visit` path. */
  leave(): void {}

  text(_index: number, _kind: number, raw: RawText): void {
    this.#texts.push(raw.toString());
  }

  take(): string[] | undefined {
    if (this.#texts.length === 0) return undefined;
    const texts = this.#texts;
    this.#texts = [];
    return texts;
  }
}
