/**
 * The entry of a Worker: messages of the main thread in, calls of the batch worker out. The Worker may reach the job's
 * hosts on the network and nothing else. Its memory is freed when it ends.
 *
 * @module
 */

import { messageOf } from "../errors.ts";
import { BatchWorker } from "./batch_worker.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

declare const self: {
  postMessage(message: FromWorker, transfer: ArrayBuffer[]): void;
  close(): void;
  onmessage: (event: MessageEvent<ToWorker>) => void;
  onunhandledrejection: (event: PromiseRejectionEvent) => void;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
};

let worker: BatchWorker | undefined;

function post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  self.postMessage(message, transfer);
}

async function receive(message: ToWorker): Promise<void> {
  if (message.type === "prepare") worker = new BatchWorker(message, post);
  else if (message.type === "batch") await worker?.run(message.entries);
  else if (message.type === "acknowledged") worker?.acknowledged();
  else if (message.type === "ping") post({ type: "alive" });
  else if (message.type === "stop") worker?.stop();
  else worker?.drop();
}

/** Sends the error as a message: an uncaught one would also be printed, with its stack. */
function die(error: unknown): void {
  post({ type: "died", message: messageOf(error) });
  self.close();
}

self.onmessage = ({ data }) => void receive(data).catch(die);

self.onunhandledrejection = (event) => {
  event.preventDefault();
  die(event.reason);
};

self.addEventListener("error", (event) => {
  event.preventDefault();
  die(event.error);
});
