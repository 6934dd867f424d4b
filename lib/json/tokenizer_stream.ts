/**
 * The tokenizer as a stream: chunks of JSON in, bytes or text, whatever a collector makes of them out. It holds no
 * more than the tokenizer does and what the collector completed in one chunk.
 *
 * @module
 */

import type { Handler } from "./handler.ts";
import type { Path } from "./path/path_types.ts";
import { Query } from "./query.ts";
import type { RawText } from "./raw_text.ts";
import { Tokenizer } from "./tokenizer.ts";

/** A handler that makes something of what it is told. */
export interface Collector<R> extends Handler {
  /** What was completed since the last call; `undefined` where nothing was. */
  take(): R | undefined;
}

/** One JSON text in; after each chunk what `collector` has to give, if anything. Fails as the tokenizer throws. */
export class TokenizerStream<R> extends TransformStream<Uint8Array | string, R> {
  /** As for `Tokenizer`. */
  constructor(query: Query, collector: Collector<R>) {
    const tokenizer = new Tokenizer(query, collector);
    const give = (controller: TransformStreamDefaultController<R>) => {
      const completed = collector.take();
      if (completed !== undefined) controller.enqueue(completed);
    };
    super({
      transform(chunk, controller) {
        tokenizer.process(chunk);
        give(controller);
      },
      flush(controller) {
        tokenizer.finalize();
        give(controller);
      },
    });
  }
}

/** One JSON text in; after each chunk the raw texts, at least one, of the nodes of `path` that it completed. */
export function selectValues(path: Path): TransformStream<Uint8Array | string, string[]> {
  return new TokenizerStream(new Query([{ path, take: "text" }]), new TextCollector());
}

class TextCollector implements Collector<string[]> {
  #texts: string[] = [];

  /** Never called: no path is visited. */
  enter(): void {}

  /** Never called: no path is visited. */
  leave(): void {}

  text(_wanted: number, _kind: number, raw: RawText): void {
    this.#texts.push(raw.toString());
  }

  take(): string[] | undefined {
    if (this.#texts.length === 0) return undefined;
    const texts = this.#texts;
    this.#texts = [];
    return texts;
  }
}
