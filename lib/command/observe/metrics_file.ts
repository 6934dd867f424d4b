/**
 * A file of Prometheus metrics about a job, in the textfile format of node_exporter. Written at the start, every 15 s
 * and at the end; each write replaces the file atomically, so a collector never reads a part.
 *
 * @module
 */

import { messageOf, UsageError } from "../../errors.ts";
import type { Database } from "../../store/database.ts";
import { metricsText } from "../../view/metrics_text.ts";
import type { Platform } from "../context.ts";
import type { ExitCode } from "../exit_code.ts";
import { version } from "../version.ts";
import type { RunObserver } from "./run_observer.ts";

/** Most collectors scrape every 15 s to a minute. */
const writeMs = 15_000;

/** What the metrics are about. */
export interface MetricsFileOptions extends Pick<Platform, "log" | "now"> {
  readonly file: string;
  readonly job: string;
  readonly database: Database;
}

/** One per start. */
export class MetricsFile implements RunObserver {
  readonly #options: MetricsFileOptions;
  readonly #startedMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Resolves when the writes are done. They must not overlap: they share one temporary file. */
  #writing: Promise<void> = Promise.resolve();
  #hasFailed = false;

  private constructor(options: MetricsFileOptions) {
    this.#options = options;
    this.#startedMs = options.now();
    this.#timer = setInterval(() => this.#writeOrLog(undefined), writeMs);
  }

  /**
   * Writes the file, then every 15 s until `closed`.
   *
   * @throws {UsageError} If the file cannot be written.
   */
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

  /** Never throws: a metrics file that cannot be written must not fail a run. */
  async closed(exit: ExitCode): Promise<void> {
    clearInterval(this.#timer);
    this.#writeOrLog(exit);
    await this.#writing;
  }

  #writeOrLog(exit: ExitCode | undefined): void {
    this.#writing = this.#writing.then(() => this.#write(exit)).catch((error) => {
      if (!this.#hasFailed) this.#options.log(`trawl: ${messageOf(error)}\n`);
      this.#hasFailed = true;
    });
  }

  async #write(exit: ExitCode | undefined): Promise<void> {
    const { file, job, database, now } = this.#options;
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
      nowMs: now(),
      exit,
      databaseBytes: await database.bytes(),
    });
    // Collectors ignore names that do not end in .prom.
    const temporary = `${file}.${Deno.pid}.tmp`;
    try {
      // What another process of this number left, or a link that would be followed.
      if (isThere(temporary)) Deno.removeSync(temporary);
      Deno.writeTextFileSync(temporary, text, { createNew: true });
      // Set after the file is made: the umask of a service is 0077, and the collector is another user.
      if (Deno.build.os !== "windows") Deno.chmodSync(temporary, 0o644);
      Deno.renameSync(temporary, file);
    } catch (error) {
      if (isThere(temporary)) Deno.removeSync(temporary);
      throw new UsageError(`Cannot write the metrics file "${file}": ${messageOf(error)}`, { cause: error });
    }
  }
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
