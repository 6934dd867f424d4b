/**
 * Tells systemd how a service of `Type=notify` is, as sd_notify(3) has it: ready, doing what, alive, stopping. Loaded
 * only where systemd asks for it. What goes wrong here is said once and never ends the service.
 *
 * @module
 */

import { messageOf } from "../../errors.ts";
import { serviceLimits } from "../../limits.ts";
import type { Context } from "../context.ts";

const encoder = new TextEncoder();

/** The socket to systemd. */
export class ServiceNotifier implements AsyncDisposable {
  readonly #path: string;
  readonly #log: Context["log"];
  #socket: Deno.DatagramConn | undefined;
  /** All that was to be told has been; it never rejects. */
  #told: Promise<void> = Promise.resolve();
  #untold = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isWell: () => boolean = () => true;

  /** `path` is what `$NOTIFY_SOCKET` holds. Alive from now on, if systemd has set `$WATCHDOG_USEC` for this process. */
  constructor(path: string, { env, log }: Pick<Context, "env" | "log">) {
    this.#path = path;
    this.#log = log;
    try {
      this.#socket = open();
    } catch (error) {
      this.#giveUp(error);
    }
    const watchdogMs = Number(env("WATCHDOG_USEC")) / 1_000;
    const isMeant = [undefined, String(Deno.pid)].includes(env("WATCHDOG_PID"));
    // Twice as often as it must be, as sd_watchdog_enabled(3) recommends.
    if (isMeant && watchdogMs > 0) this.#timer = setInterval(() => this.#watch(), watchdogMs / 2);
  }

  /** The start is over. Without this, systemd takes it for failed. */
  ready(): void {
    this.#tell("READY=1");
  }

  /** The first line of a message, for `systemctl status`, which names the program itself. */
  status(message: string): void {
    const [line = ""] = message.replace(/^trawl: /, "").split("\n");
    if (this.#isHeard()) this.#tell(`STATUS=${line}`);
  }

  /** systemd is told that this process is alive as long as its main thread is, and this holds. */
  aliveWhile(isWell: () => boolean): void {
    this.#isWell = isWell;
  }

  /** The end has begun. */
  stopping(): void {
    this.#tell("STOPPING=1");
  }

  #watch(): void {
    if (this.#isHeard() && this.#isWell()) this.#tell("WATCHDOG=1");
  }

  #isHeard(): boolean {
    return this.#untold < serviceLimits.untoldMax;
  }

  #tell(state: string): void {
    this.#untold++;
    this.#told = this.#told.then(() => this.#send(state)).finally(() => this.#untold--);
  }

  async #send(state: string): Promise<void> {
    try {
      await this.#socket?.send(encoder.encode(state), { transport: "unixpacket", path: this.#path });
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #giveUp(error: unknown): void {
    const why = this.#path.startsWith("@") ? "an abstract socket cannot be reached" : messageOf(error);
    this.#log(
      `trawl: Cannot tell systemd how it goes as $NOTIFY_SOCKET must be a socket's path: ` +
        `${JSON.stringify(this.#path)}: ${why}\n`,
      "warning",
    );
    this.#close();
  }

  #close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** What was told last is on its way, or was given its time. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, serviceLimits.farewellMs));
    await Promise.race([this.#told, late]);
    clearTimeout(timer);
    this.#close();
  }
}

function open(): Deno.DatagramConn {
  const socket = Deno.listenDatagram({ transport: "unixpacket" });
  // Deno 2.7 binds a socket without a path to a file, which nobody needs.
  if ("path" in socket.addr && socket.addr.path !== null) Deno.removeSync(socket.addr.path);
  return socket;
}
