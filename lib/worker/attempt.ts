/**
 * One attempt: sends a request, reads the answer into rows, and judges it. A small answer is tokenized whole. A
 * large one is tokenized while it arrives, and its rows leave through a sink. Bytes pass no streams: for a small answer
 * streams would cost more than the request.
 *
 * @module
 */

import type { Answer } from "../http/answer.ts";
import type { Client } from "../http/client.ts";
import { incompleteBy } from "../http/completeness.ts";
import { ExchangeError } from "../http/exchange_error.ts";
import { fieldOf } from "../http/header_field.ts";
import type { HttpRequest } from "../http/http_request.ts";
import type { Job, Window } from "../job/job.ts";
import { type KeysOfRequest, RequestBuilder } from "../job/request_builder.ts";
import { Redactor } from "../job/secret.ts";
import { expand } from "../job/template.ts";
import { JsonSyntaxError } from "../json/json_error.ts";
import { AnswerCollector } from "../rows/answer_collector.ts";
import { type Extraction, extractionOf, type TableExtraction } from "../rows/extraction.ts";
import { type FailureReason, reasonOfJson, type Said } from "../rows/failure_reasons.ts";
import type { FoundRows, RowSink } from "../rows/fetch_record.ts";
import { UnusableError } from "../rows/unusable_error.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { judge } from "./acceptance.ts";
import { AnswerReader } from "./answer_reader.ts";
import { MemoryBudget, type MemoryShare } from "./memory_budget.ts";

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
      /** What the server said, on one line and without secrets; undefined where the details are not wanted. */
      readonly detail: string | undefined;
      /** The server refused for too many requests: the same request may come again. */
      readonly isRefusal: boolean;
      /** Milliseconds that the answer's `Retry-After` asks for. */
      readonly retryAfterMs: number | undefined;
    }
    | { readonly verdict: "dropped" }
  );

/** An attempt without an answer that counts. */
export type FailedAttempt = Extract<Attempt, { readonly verdict: "failed" }>;

/** What the attempts of a Worker share. */
export interface AttemptOptions {
  readonly window: Window | undefined;
  readonly client: Client;
  /** Whether to tell what the server said in a failure of this reason. Default: always. */
  readonly isDetailWanted?: (reason: FailureReason) => boolean;
}

/** One per Worker. */
export class AttemptRunner {
  readonly #client: Client;
  readonly #requests: RequestBuilder;
  readonly #extraction: Extraction;
  readonly #control: ReadonlySet<string>;
  readonly #redactor: Redactor;
  readonly #isDetailWanted: (reason: FailureReason) => boolean;
  readonly #isOnePageWanted: boolean;
  readonly #equals: Job["accept"]["equals"];
  readonly #window: Window | undefined;

  constructor(job: Job, { window, client, isDetailWanted = () => true }: AttemptOptions) {
    this.#client = client;
    this.#isDetailWanted = isDetailWanted;
    this.#isOnePageWanted = job.paging !== undefined;
    this.#equals = job.accept.equals;
    this.#window = window;
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
   * void unless the verdict is `ok`. The attempt's rows are held by `share`.
   */
  async ask(
    keys: KeysOfRequest,
    sink: RowSink,
    share: MemoryShare = new MemoryBudget().share(),
  ): Promise<Attempt> {
    const request = this.#requestFor(keys);
    if (request === undefined) return this.#failed(undefined, "bad-key");
    let answer: Answer | undefined;
    let reader: AnswerReader | undefined;
    try {
      answer = await this.#client.send(request);
      const byHead = await this.#byHead(answer, keys);
      if (byHead !== undefined) return byHead;
      const collector = new AnswerCollector(this.#extraction, this.#echoesOf(keys));
      reader = new AnswerReader(answer, { query: this.#extraction.query, collector, sink, share });
      const rows = await reader.read();
      return this.#judged(answer, { keys, collector, reader, rows });
    } catch (error) {
      await answer?.discard();
      if (error instanceof ExchangeError && error.reason === "dropped") {
        return { verdict: "dropped", status: null, bytes: answer?.bytes ?? 0 };
      }
      return this.#failed(answer, reasonOf(error), saidBy(error, reader));
    }
  }

  /** The outcome where the head of an answer decides; undefined where its body does. */
  async #byHead(answer: Answer, [{ key }]: KeysOfRequest): Promise<Attempt | undefined> {
    const { status } = answer;
    // 202 promises an answer for later: it is asked for again.
    if (status < 200 || status > 299 || status === 202) return await this.#refused(answer);
    const part = await incompleteBy(answer, { isOnePageWanted: this.#isOnePageWanted });
    if (part === undefined && status !== 204) return undefined;
    await answer.discard();
    if (part !== undefined) return this.#failed(answer, "incomplete", { quote: part });
    if (this.#control.has(key)) return this.#failed(answer, "control-empty", { what: "status 204" });
    return { verdict: "empty", kept: 0, rows: [], ...this.#headOf(answer) };
  }

  async #refused(answer: Answer): Promise<Attempt> {
    const reason = `http-${answer.status}` as const;
    if (this.#isDetailWanted(reason)) {
      const { bytes, isWhole } = await answer.beginning();
      return this.#failed(answer, reason, { quote: bytes, isCut: !isWhole });
    }
    await answer.discard();
    return this.#failed(answer, reason);
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

  /** What the answer must say about the question, in the order of `accept.equals`. */
  #echoesOf([{ key }]: KeysOfRequest): string[] {
    return this.#equals.map(({ value }) => expand(value, { key, window: this.#window }, "plain"));
  }

  /** The outcome of an answer that was read whole. */
  #judged(
    answer: Answer,
    { keys: [{ key }], collector, reader, rows }: {
      readonly keys: KeysOfRequest;
      readonly collector: AnswerCollector;
      readonly reader: AnswerReader;
      readonly rows: readonly FoundRows[];
    },
  ): Attempt {
    const judgement = judge(collector, {
      isCounted: this.#extraction.isCounted,
      isControl: this.#control.has(key),
    });
    if (judgement.verdict === "failed") {
      return this.#failed(answer, judgement.reason, { ...reader.beginning, ...judgement.said });
    }
    return { verdict: judgement.verdict, kept: collector.kept, rows, ...this.#headOf(answer) };
  }

  /** What is stored of an answer's head. */
  #headOf({ status, bytes, headers }: Answer) {
    return {
      status,
      bytes,
      etag: this.#validator(fieldOf(headers, "etag")),
      lastModified: this.#validator(fieldOf(headers, "last-modified")),
    };
  }

  #failed(answer: Answer | undefined, reason: FailureReason, said: Said = {}): Attempt {
    const rateLimit = answer?.rateLimitInfo(Date.now());
    return {
      verdict: "failed",
      reason,
      detail: this.#isDetailWanted(reason) ? this.#detailOf(said) : undefined,
      status: answer?.status ?? null,
      bytes: answer?.bytes ?? 0,
      isRefusal: rateLimit?.isRefusal ?? false,
      retryAfterMs: rateLimit?.retryAfterMs,
    };
  }

  #detailOf({ what, quote, isCut = false }: Said): string | undefined {
    const parts = [
      ...(what === undefined ? [] : [sanitizeLine(what)]),
      ...(quote === undefined ? [] : [this.#redactor.excerpt(quote, { isCut })]),
    ].filter((part) => part !== "");
    return parts.length === 0 ? undefined : parts.join(what?.endsWith(", got") ? " " : ": ");
  }

  /** Drops a validator that quotes a secret: it cannot be stored, and redacted it is useless. */
  #validator(value: string | null): string | null {
    return value === null || this.#redactor.hide(value) !== value ? null : value;
  }
}

/** What an error that ended an attempt says, and the beginning of the answer where it is about the answer. */
function saidBy(error: unknown, reader: AnswerReader | undefined): Said {
  if (error instanceof ExchangeError) return { quote: error.detail };
  if (error instanceof UnusableError) return error.said;
  const what = error instanceof Error ? error.message.replace(/^Cannot read JSON: /, "") : undefined;
  return error instanceof JsonSyntaxError ? { what, ...reader?.beginning } : { what };
}

/** @throws The error itself, if it is not about the answer. */
function reasonOf(error: unknown): FailureReason {
  if (error instanceof ExchangeError && error.reason !== "dropped") return error.reason;
  if (error instanceof UnusableError) return error.reason;
  const reason = reasonOfJson(error);
  if (reason === undefined) throw error;
  return reason;
}
