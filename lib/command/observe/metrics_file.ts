/**
 * A file with what is to be known of a job, for the node exporter's textfile collector: written anew while a run is
 * on and at its end, each time whole, so that nobody ever reads a half.
 *
 * @module
 */

import { messageOf, UsageError } from "../../errors.ts";
import type { Database } from "../../store/database.ts";
import { metricsText } from "../../view/metrics_text.ts";
import type { Context } from "../context.ts";
import { version } from "../version.ts";

/** Milliseconds between two writings: most collectors come every 15 s to a minute. */
const writeMs = 15_000;

/** What the file is about. */
export interface MetricsFileOptions {
  readonly file: string;
  readonly job: string;
  readonly database: Database;
  readonly context: Pick<Context, "log" | "now">;
}

/** One per start. */
export class MetricsFile {
  readonly #options: MetricsFileOptions;
  readonly #startedMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  /** The write under way: writes must not overlap, since they share one temporary file. */
  #writing: Promise<void> = Promise.resolve();
  #hasFailed = false;

  private constructor(options: MetricsFileOptions) {
    this.#options = options;
    this.#startedMs = options.context.now();
    this.#timer = setInterval(() => this.#writeOrLog(undefined), writeMs);
  }

  /** @throws {UsageError} If the file cannot be written. */
  static async start(options: MetricsFileOptions): Promise<MetricsFile> {
    const metrics = new MetricsFile(options);
    try {
      await metrics.#write(undefined);
      return metrics;
    } catch (error) {
      clearInterval(metrics.#timer);
      throw error;
    }
  }

  /** Writes the exit code. Never throws: the collected rows matter more than the metrics. */
  async end(exit: number): Promise<void> {
    clearInterval(this.#timer);
    this.#writeOrLog(exit);
    await this.#writing;
  }

  #writeOrLog(exit: number | undefined): void {
    this.#writing = this.#writing.then(() => this.#write(exit)).catch((error) => {
      if (!this.#hasFailed) this.#options.context.log(`trawl: ${messageOf(error)}\n`);
      this.#hasFailed = true;
    });
  }

  async #write(exit: number | undefined): Promise<void> {
    const { file, job, database, context } = this.#options;
    await using reader = await database.openReader();
    const state = (await reader.jobs()).find(({ newest }) => newest.job === job);
    const text = metricsText({
      job,
      version,
      state,
      failures: exit === undefined || state === undefined
        ? undefined
        : await reader.failures(state.newest.id),
      startedMs: this.#startedMs,
      nowMs: context.now(),
      exit,
      databaseBytes: await database.bytes(),
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
