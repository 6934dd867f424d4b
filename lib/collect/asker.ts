/**
 * One attempt at one key: asks, reads the answer into rows, and judges it. Small answers are tokenized in one piece,
 * since building streams for them costs more than the request; large ones flow through `TextDecoderStream` and
 * `TokenizerStream`, and their rows go out while they come in.
 *
 * @module
 */

import type { Answer } from "../http/answer.ts";
import type { Client } from "../http/client.ts";
import { ExchangeError } from "../http/exchange_error.ts";
import { rateWords } from "../http/rate_headers.ts";
import type { Job, Window } from "../job/job.ts";
import { requestHeaders, requestUrl } from "../job/request.ts";
import { JsonLimitError, JsonSyntaxError } from "../json/json_error.ts";
import { Tokenizer } from "../json/tokenizer.ts";
import { TokenizerStream } from "../json/tokenizer_stream.ts";
import type { Converted } from "./convert.ts";
import { type Question, questionOf } from "./question.ts";
import type { Reason } from "./reasons.ts";
import { RowCollector, UnusableError } from "./row_collector.ts";
import { judge } from "./verdict.ts";

/** Takes a chunk of the rows of a large answer; `first` is the number of the first of them. */
export type RowSink = (first: number, values: readonly Converted[]) => Promise<void>;

/** How an attempt ended. `dropped` is none of the server's doing. */
export type Attempt =
  & { readonly status: number | null; readonly bytes: number }
  & (
    | { readonly verdict: "ok" | "empty"; readonly kept: number; readonly rows: FoundRows } & Validators
    | {
      readonly verdict: "failed";
      readonly reason: Reason;
      /** There were too many requests; this one may come again. */
      readonly isRefusal: boolean;
      readonly retryAfter: string | null;
    }
    | { readonly verdict: "dropped" }
  );

/** An answer's rows, value after value, or that they have all gone to the sink. */
export type FoundRows = readonly Converted[] | "staged";

/** What lets the next run ask whether the answer has changed. */
interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** One per Worker. */
export class Asker {
  readonly #job: Job;
  readonly #window: Window | undefined;
  readonly #client: Client;
  readonly #question: Question;
  /** The headers of every request, where none holds the key. */
  readonly #headers: Readonly<Record<string, string>> | undefined;
  readonly #control: ReadonlySet<string>;

  constructor(job: Job, window: Window | undefined, client: Client) {
    this.#job = job;
    this.#window = window;
    this.#client = client;
    this.#question = questionOf(job, window);
    const templates = Object.values(job.request.headers);
    const isFixed = templates.every((template) => template.every(({ kind }) => kind !== "key"));
    this.#headers = isFixed ? requestHeaders(job, "", window) : undefined;
    this.#control = new Set(job.control);
  }

  /** Values in a row. */
  get width(): number {
    return this.#question.columns.length + (this.#question.counting === undefined ? 0 : 1);
  }

  /** Asks once. Whatever the server or its answer does ends in the {@linkcode Attempt}. */
  async ask(key: string, sink: RowSink): Promise<Attempt> {
    const request = this.#requestFor(key);
    if (request === undefined) return failed(undefined, "bad-key");
    let answer: Answer | undefined;
    try {
      answer = await this.#client.get(request.url, request.headers);
      if (answer.status < 200 || answer.status > 299) {
        await answer.discard();
        return failed(answer, `http-${answer.status}`);
      }
      return await this.#read(answer, key, sink);
    } catch (error) {
      if (error instanceof ExchangeError && error.reason === "dropped") {
        return { verdict: "dropped", status: null, bytes: answer?.bytes ?? 0 };
      }
      return failed(answer, reasonOf(error));
    }
  }

  /** Undefined if no URL or header of the job's can hold the key. */
  #requestFor(key: string) {
    try {
      const url = requestUrl(this.#job, key, this.#window);
      return { url, headers: this.#headers ?? requestHeaders(this.#job, key, this.#window) };
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  async #read(answer: Answer, key: string, sink: RowSink): Promise<Attempt> {
    const collector = new RowCollector(this.#question);
    const small = await answer.smallText();
    const rows = small === undefined
      ? await this.#flow(answer.textStream(), collector, sink)
      : this.#tokenize(small, collector);
    const judgement = judge(collector, {
      counted: this.#question.count !== undefined,
      control: this.#control.has(key),
    });
    if (judgement.verdict === "failed") return failed(answer, judgement.reason);
    const { status, bytes, headers } = answer;
    const validators = { etag: headers.get("etag"), lastModified: headers.get("last-modified") };
    return { verdict: judgement.verdict, kept: collector.kept, rows, status, bytes, ...validators };
  }

  #tokenize(text: string, collector: RowCollector): FoundRows {
    const tokenizer = new Tokenizer(this.#question.query, collector);
    tokenizer.process(text);
    tokenizer.finalize();
    return [...collector.rest()].flat();
  }

  async #flow(text: ReadableStream<string>, collector: RowCollector, sink: RowSink): Promise<FoundRows> {
    let first = 0;
    const put = async (values: readonly Converted[]) => {
      await sink(first, values);
      first += values.length / this.width;
    };
    const stream = text.pipeThrough(new TokenizerStream(this.#question.query, collector));
    for await (const values of stream) await put(values);
    let last: readonly Converted[] = [];
    for (const values of collector.rest()) {
      if (last.length > 0) await put(last);
      last = values;
    }
    if (first === 0) return last;
    await put(last);
    return "staged";
  }
}

function failed(answer: Answer | undefined, reason: Reason): Attempt {
  return {
    verdict: "failed",
    reason,
    status: answer?.status ?? null,
    bytes: answer?.bytes ?? 0,
    isRefusal: answer !== undefined && rateWords(answer.status, answer.headers, Date.now()).isRefusal,
    retryAfter: answer?.headers.get("retry-after") ?? null,
  };
}

/** @throws Whatever is no fault of the answer's. */
function reasonOf(error: unknown): Reason {
  if (error instanceof ExchangeError && error.reason !== "dropped") return error.reason;
  if (error instanceof UnusableError) return error.reason;
  if (error instanceof JsonSyntaxError) return error.cut ? "cut" : "bad-json";
  if (error instanceof JsonLimitError) return error.limit === "depth" ? "too-deep" : "value-too-large";
  // The only other error of the streams' own making: bytes that are no UTF-8.
  if (error instanceof TypeError && /encoded data/.test(error.message)) return "bad-utf8";
  throw error;
}
