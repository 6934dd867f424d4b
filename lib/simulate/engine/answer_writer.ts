/**
 * Writes one answer to a connection: delay, head, framing, body, and the faults on the wire at their places. Holds one
 * block of the body.
 *
 * @module
 */

import { blockBytes, brokenGzipBody, gzipBody } from "./body.ts";
import type { CancellableDelays } from "./cancellable_delays.ts";
import type { Decision } from "./decision.ts";
import { placeIn, type Plan } from "./fault.ts";
import type { Meter } from "./meter.ts";
import type { Answer } from "./profile.ts";
import type { Wire } from "./wire.ts";

/** How answers are written; the same for all requests. */
export interface AnswerWriterOptions {
  readonly meter: Meter;
  readonly delays: CancellableDelays;
  /** `auto`: by length below 64 KiB, otherwise chunked. */
  readonly framing: "auto" | "length" | "chunked";
  /** Bytes of the body in one write, at most. */
  readonly pieces: number;
}

/** A body of unknown length has its fault within the first bytes, which every such body has. */
const unknownLengthBytes = 256;

const reasonPhrases: Readonly<Record<number, string>> = {
  200: "OK",
  202: "Accepted",
  204: "No Content",
  206: "Partial Content",
  302: "Found",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** Writes the answers of one server. */
export class AnswerWriter {
  readonly #options: AnswerWriterOptions;

  /** All connections share one writer. */
  constructor(options: AnswerWriterOptions) {
    this.#options = options;
  }

  /** Writes the answer of a decision; resolves to false if the connection must be closed. */
  async write(
    wire: Wire,
    { plan, delayMs, answer }: Decision,
    { keepAlive, counted }: { keepAlive: boolean; counted: boolean },
  ): Promise<boolean> {
    const { meter, delays } = this.#options;
    if (delayMs > 0) await delays.sleep(delayMs);
    for (const fault of [plan.content, plan.profile, plan.coding, plan.ending, plan.stall, plan.head]) {
      if (fault !== undefined) meter.failed(fault.kind);
    }
    if (plan.ending?.kind === "reset") return false;
    const coded = await codedAnswer(answer(), plan);
    const framing = this.#framingOf(coded.body.length);
    const frame = framing === "length"
      ? `content-length: ${coded.body.length}`
      : "transfer-encoding: chunked";
    const end = keepAlive ? "\r\n\r\n" : "\r\nconnection: close\r\n\r\n";
    wire.text(`HTTP/1.1 ${coded.status} ${reasonPhrases[coded.status] ?? "Unusual"}\r\n`);
    if (plan.head !== undefined) {
      await wire.flush();
      await delays.sleep(plan.head.ms);
    }
    wire.text(coded.headers.map((line) => `${line}\r\n`).join("") + frame + end);
    if (counted) meter.answered(coded.status);
    const whole = await this.#writeBody(wire, coded, { plan, framing });
    wire.shrink();
    return whole && keepAlive;
  }

  /** Writes the body and flushes the head with it; resolves to false if the body ended early. */
  async #writeBody(
    wire: Wire,
    { body }: Answer,
    { plan, framing }: { plan: Plan; framing: "length" | "chunked" },
  ): Promise<boolean> {
    const { pieces, delays } = this.#options;
    const place = placeIn(body.length === Infinity ? unknownLengthBytes : body.length, plan.place);
    const endAt = plan.ending === undefined ? Infinity : place;
    // A body that both stalls and ends early stalls first.
    let stallAt = plan.stall === undefined
      ? Infinity
      : plan.ending === undefined
      ? place
      : Math.ceil(place / 2);
    let sent = 0;
    for await (const block of body.blocks()) {
      for (let at = 0; at < block.length;) {
        const room = Math.min(pieces, stallAt - sent, endAt - sent);
        const piece = block.subarray(at, at + room);
        if (framing === "chunked") wire.text(`${piece.length.toString(16)}\r\n`);
        wire.bytes(piece);
        if (framing === "chunked") wire.text("\r\n");
        at += piece.length;
        sent += piece.length;
        // The terminating chunk shares a write with the last piece, unless a fault is due.
        if (framing === "length" || sent !== body.length || endAt !== Infinity) await wire.flush();
        if (sent === endAt) return false;
        if (sent !== stallAt) continue;
        await wire.flush();
        if (plan.stall?.ms === "forever") return await wire.gone(), false;
        await delays.sleep(plan.stall?.ms ?? 0);
        stallAt = Infinity;
      }
    }
    // An empty body has no byte to end early at, but its connection still ends.
    const isWhole = plan.ending === undefined;
    if (framing === "chunked" && isWhole) wire.text("0\r\n\r\n");
    await wire.flush();
    return isWhole;
  }

  #framingOf(length: number): "length" | "chunked" {
    if (length === Infinity || this.#options.framing === "chunked") return "chunked";
    return this.#options.framing === "length" || length < blockBytes ? "length" : "chunked";
  }
}

async function codedAnswer(answer: Answer, { coding }: Plan): Promise<Answer> {
  if (coding === undefined) return answer;
  const headers = [...answer.headers, "content-encoding: gzip"];
  const body = coding.kind === "gzip" ? await gzipBody(answer.body) : brokenGzipBody(answer.body);
  return { ...answer, headers, body };
}
