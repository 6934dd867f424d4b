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
import { Tokenizer } from "../json/tokenizer.ts";
import { JsonSyntaxError } from "../json/json_error.ts";
import { AnswerCollector } from "../rows/answer_collector.ts";
import { type Extraction, extractionOf, type TableExtraction } from "../rows/extraction.ts";
import { type FailureReason, reasonOfJson, type Said } from "../rows/failure_reasons.ts";
import type { FoundRows, RowSink } from "../rows/fetch_record.ts";
import { UnusableError } from "../rows/row_collector.ts";
import { sanitizeLine } from "../text/sanitize.ts";
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
      /** What the server said, on one line and without secrets; undefined where the details are not wanted. */
      readonly detail: string | undefined;
      /** The server refused for too many requests: the same request may come again. */
      readonly isRefusal: boolean;
      /** Milliseconds that the answer's `Retry-After` asks for. */
      readonly retryAfterMs: number | undefined;
    }
    | { readonly verdict: "dropped" }
  );

/** What the attempts of a Worker share. */
export interface AttemptOptions {
  readonly window: Window | undefined;
  readonly client: Client;
  /** Whether to tell what the server said in a failure of this reason. Default: always. */
  readonly isDetailWanted?: (reason: FailureReason) => boolean;
}

/** Bytes kept of an answer's beginning, to be shown if it is refused. */
const keptBytesMax = 4_096;

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
   * void unless the verdict is `ok`.
   */
  async ask(keys: KeysOfRequest, sink: RowSink): Promise<Attempt> {
    const request = this.#requestFor(keys);
    if (request === undefined) return this.#failed(undefined, "bad-key");
    const body = new BodyStart();
    let answer: Answer | undefined;
    try {
      answer = await this.#client.send(request);
      return await this.#byHead(answer, keys) ?? await this.#read(answer, { keys, sink, body });
    } catch (error) {
      await answer?.discard();
      if (error instanceof ExchangeError && error.reason === "dropped") {
        return { verdict: "dropped", status: null, bytes: answer?.bytes ?? 0 };
      }
      return this.#failed(answer, reasonOf(error), saidBy(error, body));
    }
  }

  /** The outcome where the head of an answer decides; undefined where its body does. */
  async #byHead(answer: Answer, [{ key }]: KeysOfRequest): Promise<Attempt | undefined> {
    const { status } = answer;
    // 202 promises an answer for later: it is asked for again.
    if (status < 200 || status > 299 || status === 202) return await this.#refused(answer);
    const part = incompleteBy(answer, { isOnePageWanted: this.#isOnePageWanted });
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

  async #read(
    answer: Answer,
    { keys: [{ key }], sink, body }: {
      readonly keys: KeysOfRequest;
      readonly sink: RowSink;
      readonly body: BodyStart;
    },
  ): Promise<Attempt> {
    const expected = this.#equals.map(({ value }) => expand(value, { key, window: this.#window }, "plain"));
    const collector = new AnswerCollector(this.#extraction, expected);
    const tokenizer = new Tokenizer(this.#extraction.query, collector);
    const small = await answer.small();
    body.small = small;
    if (small === undefined) await flow(answer, { tokenizer, collector, sink, body });
    else tokenizer.process(small);
    tokenizer.finalize();
    const rows = await restOf(collector, sink);
    const judgement = judge(collector, {
      isCounted: this.#extraction.isCounted,
      isControl: this.#control.has(key),
    });
    if (judgement.verdict === "failed") {
      return this.#failed(answer, judgement.reason, { ...body.quoted, ...judgement.said });
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

/** The beginning of an answer's body, in case that the answer is refused. */
class BodyStart {
  small: Uint8Array | undefined;
  #start: Uint8Array | undefined;

  /** Keeps the beginning of a large body. */
  keep(piece: Uint8Array): void {
    this.#start ??= piece.slice(0, keptBytesMax);
  }

  get quoted(): Said {
    const quote = this.#start ?? this.small?.subarray(0, keptBytesMax);
    return { quote, isCut: quote?.length !== this.small?.length };
  }
}

/** Tokenizes an answer while it arrives, and its rows leave. */
async function flow(
  answer: Answer,
  { tokenizer, collector, sink, body }: {
    readonly tokenizer: Tokenizer;
    readonly collector: AnswerCollector;
    readonly sink: RowSink;
    readonly body: BodyStart;
  },
): Promise<void> {
  for (let piece = await answer.read(); piece !== undefined; piece = await answer.read()) {
    body.keep(piece);
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

/** What an error that ended an attempt says, and the beginning of the answer where it is about the answer. */
function saidBy(error: unknown, body: BodyStart): Said {
  if (error instanceof ExchangeError) return { quote: error.detail };
  if (error instanceof UnusableError) return error.said;
  const what = error instanceof Error ? error.message.replace(/^Cannot read JSON: /, "") : undefined;
  return error instanceof JsonSyntaxError ? { what, ...body.quoted } : { what };
}

/** @throws The error itself, if it is not about the answer. */
function reasonOf(error: unknown): FailureReason {
  if (error instanceof ExchangeError && error.reason !== "dropped") return error.reason;
  if (error instanceof UnusableError) return error.reason;
  const reason = reasonOfJson(error);
  if (reason === undefined) throw error;
  return reason;
}
