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
import type { Job, Window } from "../job/job.ts";
import { requestHeaders, requestUrl } from "../job/request_builder.ts";
import { Redactor } from "../job/secret.ts";
import { Tokenizer } from "../json/tokenizer.ts";
import { AnswerCollector } from "../rows/answer_collector.ts";
import { type Extraction, extractionOf, type TableExtraction } from "../rows/extraction.ts";
import { type FailureReason, reasonOfJson } from "../rows/failure_reasons.ts";
import type { FoundRows, RowSink } from "../rows/fetch_record.ts";
import { UnusableError } from "../rows/row_collector.ts";
import { judge } from "./acceptance.ts";

/** How an attempt ended. `dropped` is none of the server's doing. */
export type Attempt =
  & { readonly status: number | null; readonly bytes: number }
  & (
    | { readonly verdict: "ok" | "empty"; readonly kept: number; readonly rows: readonly FoundRows[] }
      & Validators
    | {
      readonly verdict: "failed";
      readonly reason: FailureReason;
      /** What it was this time; may hold what a server said, but no secret. */
      readonly detail?: string | undefined;
      /** There were too many requests; this one may come again. */
      readonly isRefusal: boolean;
      /** Milliseconds that the answer's `Retry-After` asks for. */
      readonly retryAfterMs: number | undefined;
    }
    | { readonly verdict: "dropped" }
  );

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

  /** The job's tables, compiled. */
  get tables(): readonly TableExtraction[] {
    return this.#extraction.tables;
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
    const collector = new AnswerCollector(this.#extraction);
    const tokenizer = new Tokenizer(this.#extraction.query, collector);
    const small = await answer.small();
    if (small === undefined) await flow(answer, { tokenizer, collector, sink });
    else tokenizer.process(small);
    tokenizer.finalize();
    const rows = await restOf(collector, sink);
    const judgement = judge(collector, {
      counted: this.#extraction.isCounted,
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

/** @throws Whatever is no fault of the answer's. */
function reasonOf(error: unknown): FailureReason {
  if (error instanceof ExchangeError && error.reason !== "dropped") return error.reason;
  if (error instanceof UnusableError) return error.reason;
  const reason = reasonOfJson(error);
  if (reason === undefined) throw error;
  return reason;
}
