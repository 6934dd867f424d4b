/**
 * A file with what is to be known of a job, for the node exporter's textfile collector: written anew while a run is
 * on and at its end, each time whole, so that nobody ever reads a half.
 *
 * @module
 */

import { messageOf, UsageError } from "../../errors.ts";
import { databaseBytes } from "../../store/free_space.ts";
import { StoreReader } from "../../store/sqlite/reader.ts";
import { metricsText } from "../../view/metrics_text.ts";
import type { Context } from "../context.ts";
import { version } from "../version.ts";

/** Milliseconds between two writings: most collectors come every 15 s to a minute. */
const writeMs = 15_000;

/** What the file is about. */
export interface MetricsFileOptions {
  readonly file: string;
  readonly job: string;
  readonly database: string;
  readonly context: Pick<Context, "log" | "now">;
}

/** One per start. */
export class MetricsFile {
  readonly #options: MetricsFileOptions;
  readonly #startedMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #hasFailed = false;

  /** @throws {UsageError} If the file cannot be written. */
  constructor(options: MetricsFileOptions) {
    this.#options = options;
    this.#startedMs = options.context.now();
    this.#write(undefined);
    this.#timer = setInterval(() => this.#writeOrSay(undefined), writeMs);
  }

  /** The start has ended. Never throws: what was collected counts more. */
  end(exit: number): void {
    clearInterval(this.#timer);
    this.#writeOrSay(exit);
  }

  #writeOrSay(exit: number | undefined): void {
    try {
      this.#write(exit);
    } catch (error) {
      if (!this.#hasFailed) this.#options.context.log(`trawl: ${messageOf(error)}\n`);
      this.#hasFailed = true;
    }
  }

  #write(exit: number | undefined): void {
    const { file, job, database, context } = this.#options;
    using reader = StoreReader.open(database);
    const state = reader.jobs().find(({ newest }) => newest.job === job);
    const text = metricsText({
      job,
      version,
      state,
      failures: exit === undefined || state === undefined ? undefined : reader.failures(state.newest.id),
      startedMs: this.#startedMs,
      nowMs: context.now(),
      exit,
      databaseBytes: databaseBytes(database),
    });
    // The collector reads names that end in .prom only.
    const half = `${file}.${Deno.pid}.tmp`;
    try {
      Deno.writeTextFileSync(half, text, { mode: 0o644 });
      Deno.renameSync(half, file);
    } catch (error) {
      throw new UsageError(`Cannot write the metrics "${file}" as ${messageOf(error)}`, { cause: error });
    }
  }
}
