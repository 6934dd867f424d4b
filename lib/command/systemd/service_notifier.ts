/**
 * Tells systemd the state of a service of `Type=notify` (sd_notify(3)): ready, status, watchdog, stopping. Loaded only
 * where systemd set `$NOTIFY_SOCKET`. A socket that fails is reported once and never ends the service.
 *
 * @module
 */

import { type Progress, pulseOf } from "../../collect/progress.ts";
import { messageOf } from "../../errors.ts";
import { progressText } from "../../view/progress_text.ts";
import { startText, windowSuffix } from "../../view/run_text.ts";
import { finishedText, summaryText } from "../../view/summary.ts";
import type { Platform } from "../context.ts";
import { bottleneckReader } from "../observe/bottleneck_reader.ts";
import type { ChosenRun, EndedRun, RunObserver } from "../observe/run_observer.ts";

/** People read `systemctl status`, so this often is enough. */
const statusMs = 5_000;

/** With this many unsent messages the manager does not read, so status and watchdog messages are skipped. */
const unsentMax = 4;

/** At the end, the last messages get this long to be sent. */
const closeMs = 1_000;

const encoder = new TextEncoder();

/** The socket to systemd. */
export class ServiceNotifier implements RunObserver, AsyncDisposable {
  readonly #path: string;
  readonly #log: Platform["log"];
  #socket: Deno.DatagramConn | undefined;
  /** Resolves when all messages are sent; never rejects. */
  #sent: Promise<void> = Promise.resolve();
  #unsent = 0;
  #watchdog: ReturnType<typeof setInterval> | undefined;
  #statusTimer: ReturnType<typeof setInterval> | undefined;
  #isAlive: () => boolean = () => true;
  #run: ChosenRun | undefined;

  /** `path` is the value of `$NOTIFY_SOCKET`. Starts the watchdog if `$WATCHDOG_USEC` is set for this process. */
  constructor(path: string, { env, log }: Pick<Platform, "env" | "log">) {
    this.#path = path;
    this.#log = log;
    try {
      this.#socket = open();
    } catch (error) {
      this.#giveUp(error);
    }
    const watchdogMs = Number(env("WATCHDOG_USEC")) / 1_000;
    const isForThisProcess = [undefined, String(Deno.pid)].includes(env("WATCHDOG_PID"));
    // Half the interval, as sd_watchdog_enabled(3) recommends.
    if (isForThisProcess && watchdogMs > 0) {
      this.#watchdog = setInterval(() => this.#feedWatchdog(), watchdogMs / 2);
    }
  }

  /** The service has started. Without this message, systemd counts the start as failed. */
  ready(): void {
    this.#send("READY=1");
  }

  chosen(run: ChosenRun): void {
    this.#run = run;
    this.#status(startText(run));
  }

  /** From now on the watchdog is fed only while the run is alive. */
  started(progress: Progress): void {
    const run = this.#run;
    if (run === undefined) return;
    const bottleneck = bottleneckReader(progress);
    this.#statusTimer = setInterval(
      () => this.#status(`${run.job}${windowSuffix(run)}: ${progressText(progress, bottleneck())}`),
      statusMs,
    );
    if (!run.readsStdin) this.#isAlive = pulseOf(progress);
  }

  stopping(): void {
    this.#send("STOPPING=1");
  }

  finishedBefore({ summary }: EndedRun): void {
    this.#status(finishedText(summary));
  }

  ended({ summary }: EndedRun): void {
    this.failed();
    this.#status(summaryText(summary));
  }

  failed(): void {
    clearInterval(this.#statusTimer);
    this.#isAlive = () => true;
  }

  /** Sends the first line, which `systemctl status` shows. */
  #status(text: string): void {
    const [line = ""] = text.split("\n");
    if (this.#isRead()) this.#send(`STATUS=${line}`);
  }

  #feedWatchdog(): void {
    if (this.#isRead() && this.#isAlive()) this.#send("WATCHDOG=1");
  }

  #isRead(): boolean {
    return this.#unsent < unsentMax;
  }

  #send(state: string): void {
    this.#unsent++;
    this.#sent = this.#sent.then(() => this.#sendNow(state)).finally(() => this.#unsent--);
  }

  async #sendNow(state: string): Promise<void> {
    try {
      await this.#socket?.send(encoder.encode(state), { transport: "unixpacket", path: this.#path });
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #giveUp(error: unknown): void {
    const why = this.#path.startsWith("@") ? "abstract sockets are not supported" : messageOf(error);
    this.#log(
      `trawl: Cannot notify systemd: $NOTIFY_SOCKET must be the path of a socket, got ${
        JSON.stringify(this.#path)
      } (${why})\n`,
      "warning",
    );
    this.#close();
  }

  #close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** Waits until the last messages are sent, at most 1 s. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#watchdog);
    clearInterval(this.#statusTimer);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, closeMs));
    await Promise.race([this.#sent, late]);
    clearTimeout(timer);
    this.#close();
  }
}

function open(): Deno.DatagramConn {
  const socket = Deno.listenDatagram({ transport: "unixpacket" });
  // Deno 2.7 binds a socket without a path to a file.
  if ("path" in socket.addr && socket.addr.path !== null) Deno.removeSync(socket.addr.path);
  return socket;
}
