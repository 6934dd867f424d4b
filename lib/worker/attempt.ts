/**
 * One attempt: sends a request, reads the answer into rows, and judges it. A small answer is tokenized whole. A
 * large one is tokenized while it arrives, and its rows leave through a sink. Bytes pass no streams: for a small answer
 * streams would cost more than the request.
 *
 * @module
 */

import type { Answer } from "../http/answer.ts";
import type { Client } from "../http/client.ts";
import { ExchangeError } from "../http/exchange_error.ts";
import { fieldOf } from "../http/header_field.ts";
import type { HttpRequest } from "../http/http_request.ts";
import type { Job, Window } from "../job/job.ts";
import { type KeysOfRequest, RequestBuilder } from "../job/request_builder.ts";
import { Redactor } from "../job/secret.ts";
import { Tokenizer } from "../json/tokenizer.ts";
import { AnswerCollector } from "../rows/answer_collector.ts";
import { type Extraction, extractionOf, type TableExtraction } from "../rows/extraction.ts";
import { type FailureReason, reasonOfJson } from "../rows/failure_reasons.ts";
import type { FoundRows, RowSink } from "../rows/fetch_record.ts";
import { UnusableError } from "../rows/row_collector.ts";
import { judge } from "./acceptance.ts";

/** The outcome of one HTTP exchange. `dropped`: trawl gave the exchange up, so it says nothing about the key. */
export type Attempt =
  & { readonly status: number | null; readonly bytes: number }
  & (
    | {
      readonly verdict: "ok" | "empty";
      /** Rows that the job keeps. */
      readonly kept: number;
      /** By table, in the order of the job. */
      readonly rows: readonly FoundRows[];
      /** Validators, for a conditional request by the next run. */
      readonly etag: string | null;
      readonly lastModified: string | null;
    }
    | {
      readonly verdict: "failed";
      readonly reason: FailureReason;
      /** Particulars. May quote the server, but holds no secret. */
      readonly detail?: string | undefined;
      /** The server refused for too many requests: the same request may come again. */
      readonly isRefusal: boolean;
      /** Milliseconds that the answer's `Retry-After` asks for. */
      readonly retryAfterMs: number | undefined;
    }
    | { readonly verdict: "dropped" }
  );

/** One per Worker. */
export class AttemptRunner {
  readonly #client: Client;
  readonly #requests: RequestBuilder;
  readonly #extraction: Extraction;
  readonly #control: ReadonlySet<string>;
  readonly #redactor: Redactor;

  constructor(
    job: Job,
    { window, client }: { readonly window: Window | undefined; readonly client: Client },
  ) {
    this.#client = client;
    this.#requests = RequestBuilder.of(job, window);
    this.#extraction = extractionOf(job, window);
    this.#control = new Set(job.control);
    this.#redactor = Redactor.of(job);
  }

  /** The job's tables, compiled. */
  get tables(): readonly TableExtraction[] {
    return this.#extraction.tables;
  }

  /**
   * Sends one request for `keys`. Whatever the server does ends in the {@linkcode Attempt}. Rows that `sink` took are
   * void unless the verdict is `ok`.
   */
  async ask(keys: KeysOfRequest, sink: RowSink): Promise<Attempt> {
    const request = this.#requestFor(keys);
    if (request === undefined) return failed(undefined, "bad-key");
    let answer: Answer | undefined;
    try {
      answer = await this.#client.send(request);
      if (answer.status < 200 || answer.status > 299) {
        await answer.discard();
        return failed(answer, `http-${answer.status}`);
      }
      return await this.#read(answer, keys, sink);
    } catch (error) {
      await answer?.discard();
      if (error instanceof ExchangeError && error.reason === "dropped") {
        return { verdict: "dropped", status: null, bytes: answer?.bytes ?? 0 };
      }
      const detail = error instanceof ExchangeError ? error.detail : undefined;
      return failed(answer, reasonOf(error), detail);
    }
  }

  /** Undefined if a URL or header of the job cannot hold a key. */
  #requestFor(keys: KeysOfRequest): HttpRequest | undefined {
    try {
      return this.#requests.first(keys);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  async #read(answer: Answer, [{ key }]: KeysOfRequest, sink: RowSink): Promise<Attempt> {
    const collector = new AnswerCollector(this.#extraction);
    const tokenizer = new Tokenizer(this.#extraction.query, collector);
    const small = await answer.small();
    if (small === undefined) await flow(answer, { tokenizer, collector, sink });
    else tokenizer.process(small);
    tokenizer.finalize();
    const rows = await restOf(collector, sink);
    const judgement = judge(collector, {
      isCounted: this.#extraction.isCounted,
      isControl: this.#control.has(key),
    });
    if (judgement.verdict === "failed") return failed(answer, judgement.reason);
    const { status, bytes, headers } = answer;
    return {
      verdict: judgement.verdict,
      kept: collector.kept,
      rows,
      status,
      bytes,
      etag: this.#validator(fieldOf(headers, "etag")),
      lastModified: this.#validator(fieldOf(headers, "last-modified")),
    };
  }

  /** Drops a validator that quotes a secret: it cannot be stored, and redacted it is useless. */
  #validator(value: string | null): string | null {
    return value === null || this.#redactor.hide(value) !== value ? null : value;
  }
}

/** Tokenizes an answer while it arrives, and its rows leave. */
async function flow(
  answer: Answer,
  { tokenizer, collector, sink }: {
    readonly tokenizer: Tokenizer;
    readonly collector: AnswerCollector;
    readonly sink: RowSink;
  },
): Promise<void> {
  for (let piece = await answer.read(); piece !== undefined; piece = await answer.read()) {
    tokenizer.process(piece);
    for (let batch = collector.take(); batch !== undefined; batch = collector.take()) await sink(batch);
  }
}

/** The rows that go with the verdict, by table: those of a table from which none has gone to the sink. */
async function restOf(collector: AnswerCollector, sink: RowSink): Promise<FoundRows[]> {
  const found: FoundRows[] = [];
  for (const table of collector.tables) {
    const rest = table.rest();
    let next = rest.next();
    for (; !next.done; next = rest.next()) await sink(next.value);
    found.push(next.value);
  }
  return found;
}

function failed(answer: Answer | undefined, reason: FailureReason, detail?: string): Attempt {
  const rateLimit = answer?.rateLimitInfo(Date.now());
  return {
    verdict: "failed",
    reason,
    detail,
    status: answer?.status ?? null,
    bytes: answer?.bytes ?? 0,
    isRefusal: rateLimit?.isRefusal ?? false,
    retryAfterMs: rateLimit?.retryAfterMs,
  };
}

/** @throws The error itself, if it is not about the answer. */
function reasonOf(error: unknown): FailureReason {
  if (error instanceof ExchangeError && error.reason !== "dropped") return error.reason;
  if (error instanceof UnusableError) return error.reason;
  const reason = reasonOfJson(error);
  if (reason === undefined) throw error;
  return reason;
}
