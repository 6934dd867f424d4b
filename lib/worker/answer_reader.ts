/**
 * Reads the body of an answer into rows, within the fetch's share of the Worker's memory. A small answer is tokenized
 * whole. A large one is tokenized while it arrives, and its rows leave through a sink. A body that finds no room is
 * not read meanwhile, so that TCP slows the server. Bytes pass no streams: for a small answer streams would cost more
 * than the request.
 *
 * @module
 */

import type { Answer } from "../http/answer.ts";
import { Tokenizer } from "../json/tokenizer.ts";
import { httpLimits, memoryLimits } from "../limits.ts";
import type { AnswerCollector } from "../rows/answer_collector.ts";
import type { Extraction } from "../rows/extraction.ts";
import type { FoundRows, RowSink } from "../rows/fetch_record.ts";
import type { MemoryShare } from "./memory_budget.ts";

/** Bytes kept of an answer's beginning, to be shown if it is refused. */
const keptBytesMax = 4_096;

/** Bytes that the rows of an answer may hold without being counted: most answers are tiny. */
const uncountedBytesMax = 4 * memoryLimits.tinyBodyBytesMax;

/** Bytes that a body of unknown length counts until it turns out to be large: what `Answer.small` reads of it. */
const unknownBodyBytes = 2 * httpLimits.smallBodyBytesMax;

/** Where the rows of an answer go, and the memory that it takes meanwhile. */
export interface AnswerReaderOptions {
  readonly query: Extraction["query"];
  readonly collector: AnswerCollector;
  readonly sink: RowSink;
  readonly share: MemoryShare;
}

/** One per answer. */
export class AnswerReader {
  readonly #answer: Answer;
  readonly #options: AnswerReaderOptions;
  readonly #tokenizer: Tokenizer;
  /** The body if it is small, else its beginning. */
  #small: Uint8Array | undefined;
  #start: Uint8Array | undefined;

  constructor(answer: Answer, options: AnswerReaderOptions) {
    this.#answer = answer;
    this.#options = options;
    this.#tokenizer = new Tokenizer(options.query, options.collector);
  }

  /**
   * Reads the body to its end. Returns the rows that go with the verdict, by table: those of a table from which none
   * has gone to the sink. The share holds them.
   *
   * @throws {ExchangeError} {@linkcode JsonSyntaxError} {@linkcode JsonLimitError} {@linkcode UnusableError}
   */
  async read(): Promise<FoundRows[]> {
    const { share, collector } = this.#options;
    await this.#enter();
    const small = this.#small = await this.#answer.small();
    if (small === undefined) {
      await this.#flow();
    } else {
      if (!share.mayGrow) await this.#answer.pause(share.grow());
      this.#tokenizer.process(small);
    }
    this.#tokenizer.finalize();
    const bytes = collector.heldBytes;
    if (share.bytes > 0 || bytes > uncountedBytesMax) share.hold(bytes);
    return await this.#rest();
  }

  /** The beginning of the body as far as it was read, and whether that is only a part of it. */
  get beginning(): { readonly quote: Uint8Array | undefined; readonly isCut: boolean } {
    const quote = this.#start ?? this.#small?.subarray(0, keptBytesMax);
    return { quote, isCut: quote?.length !== this.#small?.length };
  }

  /** Waits for room to read the body, unless it is tiny and there is room. */
  async #enter(): Promise<void> {
    const { share } = this.#options;
    const { length } = this.#answer;
    const bytes = length === undefined
      ? unknownBodyBytes
      : length <= httpLimits.smallBodyBytesMax
      ? length
      : memoryLimits.readAheadBytes;
    if (share.isFree && bytes <= memoryLimits.tinyBodyBytesMax) return;
    await this.#answer.pause(share.enter(Math.max(1, bytes)));
  }

  async #flow(): Promise<void> {
    const { share, collector, sink } = this.#options;
    const answer = this.#answer;
    for (let piece = await answer.read(); piece !== undefined; piece = await answer.read()) {
      if (!share.mayGrow) await answer.pause(share.grow());
      this.#start ??= piece.slice(0, keptBytesMax);
      this.#tokenizer.process(piece);
      this.#count();
      let hasTaken = false;
      for (let batch = collector.take(); batch !== undefined; batch = collector.take()) {
        hasTaken = true;
        await sink(batch);
      }
      if (hasTaken) this.#count();
    }
  }

  #count(): void {
    const { share, collector } = this.#options;
    share.hold(memoryLimits.readAheadBytes + this.#tokenizer.heldBytes + collector.heldBytes);
  }

  async #rest(): Promise<FoundRows[]> {
    const found: FoundRows[] = [];
    for (const table of this.#options.collector.tables) {
      const rest = table.rest();
      let next = rest.next();
      for (; !next.done; next = rest.next()) await this.#options.sink(next.value);
      found.push(next.value);
    }
    return found;
  }
}
