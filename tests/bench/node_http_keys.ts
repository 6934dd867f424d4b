/**
 * A contestant: every key by `node:http` with an agent that keeps connections, which discards the answers. Arguments:
 * URL with `{key}`, number of keys, requests in flight.
 *
 * @module
 */

import { Agent, get } from "node:http";

const [url = "", ...numbers] = Deno.args;
const [keys = 0, inFlight = 1] = numbers.map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: inFlight, maxFreeSockets: inFlight });

async function ask(key: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  get(url.replace("{key}", String(key)), { agent }, (response) => {
    if (response.statusCode !== 200) {
      reject(new Error(`Cannot read the answer to ${key} as its status must be 200: ${response.statusCode}`));
    }
    response.on("data", () => {}).on("end", resolve).on("error", reject);
  }).on("error", reject);
  await promise;
}

let next = 1;
await Promise.all(Array.from({ length: inFlight }, async () => {
  while (next <= keys) await ask(next++);
}));
agent.destroy();
