/**
 * Tells a collector how a run goes, over OpenTelemetry: a span for every run, and counters meanwhile. Deno itself
 * exports them, and a span for each request, where it was told to by `OTEL_DENO=true`; else nothing here is loaded.
 *
 * @module
 */

import type { Counter, Gauge, Span } from "@opentelemetry/api";
import type { Progress } from "../collect/progress.ts";
import { verdicts } from "../rows/fetch_record.ts";

/** Milliseconds between two looks at the sums of a run. */
const lookMs = 5_000;

/** The API keeps whoever registered as its provider here; loading it to find nobody costs 50 ms of a start. */
const registry = Symbol.for("opentelemetry.js.api.1");

/** What a run is about. */
export interface RunAttributes {
  readonly "trawl.job": string;
  readonly "trawl.run": number;
  readonly "trawl.window"?: string;
}

/** Begins to tell of a run; undefined where nobody listens. */
export async function startTelemetry(attributes: RunAttributes): Promise<Telemetry | undefined> {
  if (!(registry in globalThis)) return undefined;
  const { metrics, SpanStatusCode, trace } = await import("@opentelemetry/api");
  const meter = metrics.getMeter("trawl");
  return new Telemetry({
    job: attributes["trawl.job"],
    span: trace.getTracer("trawl").startSpan("trawl.run", { attributes: { ...attributes } }),
    errorCode: SpanStatusCode.ERROR,
    keys: meter.createCounter("trawl.keys", { description: "Keys with a verdict", unit: "{key}" }),
    attempts: meter.createCounter("trawl.attempts", { description: "Requests made", unit: "{request}" }),
    rows: meter.createCounter("trawl.rows", { description: "Rows stored or counted", unit: "{row}" }),
    bytes: meter.createCounter("trawl.bytes", { description: "Decoded bytes read", unit: "By" }),
    inFlight: meter.createGauge("trawl.in_flight", { description: "Requests under way", unit: "{request}" }),
  });
}

interface Instruments {
  readonly job: string;
  readonly span: Span;
  readonly errorCode: number;
  readonly keys: Counter;
  readonly attempts: Counter;
  readonly rows: Counter;
  readonly bytes: Counter;
  readonly inFlight: Gauge;
}

/** Of one run. */
export class Telemetry {
  readonly #instruments: Instruments;
  #progress: Progress | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** What has been told so far, by instrument and verdict. */
  readonly #told = new Map<string, number>();

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
  }

  /** Requests may be made from now on. What was done by earlier starts is not told again. */
  started(progress: Progress): void {
    this.#progress = progress;
    for (const [name, , value] of this.#sums(progress)) this.#told.set(name, value);
    this.#timer = setInterval(() => this.#look(), lookMs);
  }

  /** The run has ended, with an exit code or an error. */
  ended(exit: number, message?: string): void {
    clearInterval(this.#timer);
    this.#look();
    const { span, errorCode } = this.#instruments;
    span.setAttribute("trawl.exit_code", exit);
    for (const [name, , value] of this.#progress === undefined ? [] : this.#sums(this.#progress)) {
      span.setAttribute(`trawl.${name}`, value);
    }
    if (exit !== 0) span.setStatus({ code: errorCode, ...(message !== undefined && { message }) });
    span.end();
  }

  #look(): void {
    if (this.#progress === undefined) return;
    const { job, inFlight } = this.#instruments;
    for (const [name, counter, value, verdict] of this.#sums(this.#progress)) {
      const more = value - (this.#told.get(name) ?? 0);
      this.#told.set(name, value);
      if (more > 0) counter.add(more, { "trawl.job": job, ...(verdict && { "trawl.verdict": verdict }) });
    }
    inFlight.record(this.#progress.inFlight, { "trawl.job": job });
  }

  #sums(progress: Progress): (readonly [name: string, counter: Counter, value: number, verdict?: string])[] {
    const { keys, attempts, rows, bytes } = this.#instruments;
    return [
      ...verdicts.map((verdict) => [`keys.${verdict}`, keys, progress.verdicts[verdict], verdict] as const),
      ["attempts", attempts, progress.attempts],
      ["rows", rows, progress.rows],
      ["bytes", bytes, progress.bytes],
    ];
  }
}
