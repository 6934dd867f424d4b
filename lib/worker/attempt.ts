/**
 * One attempt at one key: asks, reads the answer into rows, and judges it. Small answers are tokenized in one piece,
 * large ones while they come in, and so their rows go out. Bytes are read and tokenized without streams in between:
 * for a small answer they would cost more than the request.
 *
 * @module
 */

import type { Answer } from "../http/answer.ts";
import type { Client } from "../http/client.ts";
import { ExchangeError } from "../http/exchange_error.ts";
import { fieldOf } from "../http/header_field.ts";
import type { HttpRequest } from "../http/http_request.ts";
import { rateLimitInfo } from "../http/rate_headers.ts";
import type { Job, Window } from "../job/job.ts";
import { requestHeaders, requestUrl } from "../job/request_builder.ts";
import { Redactor } from "../job/secret.ts";
import { Tokenizer } from "../json/tokenizer.ts";
import { noRows, type RowBatch } from "../rows/row_batch.ts";
import { type Extraction, extractionOf, widthOf } from "../rows/extraction.ts";
import { type FailureReason, reasonOfJson } from "../rows/failure_reasons.ts";
import { RowCollector, UnusableError } from "../rows/row_collector.ts";
import { judge } from "./acceptance.ts";

/** Takes a chunk of the rows of a large answer; `first` is the number of the first of them. */
export type RowSink = (first: number, rows: RowBatch) => Promise<void>;

/** How an attempt ended. `dropped` is none of the server's doing. */
export type Attempt =
  & { readonly status: number | null; readonly bytes: number }
  & (
    | { readonly verdict: "ok" | "empty"; readonly kept: number; readonly rows: FoundRows } & Validators
    | {
      readonly verdict: "failed";
      readonly reason: FailureReason;
      /** What it was this time; may hold what a server said, but no secret. */
      readonly detail?: string | undefined;
      /** There were too many requests; this one may come again. */
      readonly isRefusal: boolean;
      readonly retryAfter: string | null;
    }
    | { readonly verdict: "dropped" }
  );

/** An answer's rows, or that they have all gone to the sink. */
export type FoundRows = RowBatch | "staged";

/** What lets the next run ask whether the answer has changed. */
interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** One per Worker. */
export class AttemptRunner {
  readonly #job: Job;
  readonly #window: Window | undefined;
  readonly #client: Client;
  readonly #extraction: Extraction;
  /** The headers of every request, where none holds the key. */
  readonly #headers: Readonly<Record<string, string>> | undefined;
  readonly #control: ReadonlySet<string>;
  readonly #redactor: Redactor;

  constructor(job: Job, window: Window | undefined, client: Client) {
    this.#job = job;
    this.#window = window;
    this.#client = client;
    this.#extraction = extractionOf(job, window);
    const templates = Object.values(job.request.headers);
    const isFixed = templates.every((template) => template.every(({ kind }) => kind !== "key"));
    this.#headers = isFixed ? requestHeaders(job, "", window) : undefined;
    this.#control = new Set(job.control);
    this.#redactor = Redactor.of(job);
  }

  /** Cells in a row. */
  get width(): number {
    return widthOf(this.#extraction);
  }

  /** Asks once. Whatever the server or its answer does ends in the {@linkcode Attempt}. */
  async ask(key: string, sink: RowSink): Promise<Attempt> {
    const request = this.#requestFor(key);
    if (request === undefined) return failed(undefined, "bad-key");
    let answer: Answer | undefined;
    try {
      answer = await this.#client.send(request);
      if (answer.status < 200 || answer.status > 299) {
        await answer.discard();
        return failed(answer, `http-${answer.status}`);
      }
      return await this.#read(answer, key, sink);
    } catch (error) {
      await answer?.discard();
      if (error instanceof ExchangeError && error.reason === "dropped") {
        return { verdict: "dropped", status: null, bytes: answer?.bytes ?? 0 };
      }
      const detail = error instanceof ExchangeError ? error.detail : undefined;
      return failed(answer, reasonOf(error), detail);
    }
  }

  /** Undefined if no URL or header of the job's can hold the key. */
  #requestFor(key: string): HttpRequest | undefined {
    try {
      const url = requestUrl(this.#job, key, this.#window);
      return { method: "GET", url, headers: this.#headers ?? requestHeaders(this.#job, key, this.#window) };
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  async #read(answer: Answer, key: string, sink: RowSink): Promise<Attempt> {
    const collector = new RowCollector(this.#extraction);
    const small = await answer.small();
    const rows = small === undefined
      ? await this.#flow(answer, collector, sink)
      : await this.#tokenize(small, collector, sink);
    const judgement = judge(collector, {
      counted: this.#extraction.count !== undefined,
      control: this.#control.has(key),
    });
    if (judgement.verdict === "failed") return failed(answer, judgement.reason);
    const { status, bytes, headers } = answer;
    const validators = {
      etag: this.#validator(fieldOf(headers, "etag")),
      lastModified: this.#validator(fieldOf(headers, "last-modified")),
    };
    return { verdict: judgement.verdict, kept: collector.kept, rows, status, bytes, ...validators };
  }

  /** A changed one is of no use, so one that gives a secret back is dropped. */
  #validator(value: string | null): string | null {
    return value === null || this.#redactor.hide(value) !== value ? null : value;
  }

  async #tokenize(body: Uint8Array, collector: RowCollector, sink: RowSink): Promise<FoundRows> {
    const tokenizer = new Tokenizer(this.#extraction.query, collector);
    tokenizer.process(body);
    tokenizer.finalize();
    return await this.#rest(collector, 0, sink);
  }

  async #flow(answer: Answer, collector: RowCollector, sink: RowSink): Promise<FoundRows> {
    let first = 0;
    const tokenizer = new Tokenizer(this.#extraction.query, collector);
    for (let piece = await answer.read(); piece !== undefined; piece = await answer.read()) {
      tokenizer.process(piece);
      const rows = collector.take();
      if (rows === undefined) continue;
      await sink(first, rows);
      first += rows.rows;
    }
    tokenizer.finalize();
    return await this.#rest(collector, first, sink);
  }

  /** The rows that are left, if no others have gone to the sink: `first` is how many have. */
  async #rest(collector: RowCollector, first: number, sink: RowSink): Promise<FoundRows> {
    let last = noRows;
    for (const rows of collector.rest()) {
      if (last.rows > 0) {
        await sink(first, last);
        first += last.rows;
      }
      last = rows;
    }
    if (first === 0) return last;
    await sink(first, last);
    return "staged";
  }
}

function failed(answer: Answer | undefined, reason: FailureReason, detail?: string): Attempt {
  return {
    verdict: "failed",
    reason,
    detail,
    status: answer?.status ?? null,
    bytes: answer?.bytes ?? 0,
    isRefusal: answer !== undefined && rateLimitInfo(answer.status, answer.headers, Date.now()).isRefusal,
    retryAfter: answer === undefined ? null : fieldOf(answer.headers, "retry-after"),
  };
}

/** @throws Whatever is no fault of the answer's. */
function reasonOf(error: unknown): FailureReason {
  if (error instanceof ExchangeError && error.reason !== "dropped") return error.reason;
  if (error instanceof UnusableError) return error.reason;
  const reason = reasonOfJson(error);
  if (reason === undefined) throw error;
  return reason;
}
