/**
 * A contestant: plain `fetch` of every key; discards the answers. Arguments: URL with `{key}`, number of keys,
 * requests in flight, and optionally the size of a batch that must end before the next one begins.
 *
 * @module
 */

const [url = "", ...numbers] = Deno.args;
const [keys = 0, inFlight = 1, batch = keys] = numbers.map(Number);
const client = Deno.createHttpClient({ http2: false, poolMaxIdlePerHost: inFlight });

async function ask(key: number): Promise<void> {
  const response = await fetch(url.replace("{key}", String(key)), { client });
  if (!response.ok) {
    throw new Error(`Cannot read the answer to ${key} as its status must be 200: ${response.status}`);
  }
  // Reading a small answer as a stream costs more than the request.
  if (response.headers.has("content-length")) await response.bytes();
  else for await (const _ of response.body ?? []);
}

for (let first = 1; first <= keys; first += batch) {
  let next = first;
  const end = Math.min(keys + 1, first + batch);
  const loops = Array.from({ length: inFlight }, async () => {
    while (next < end) await ask(next++);
  });
  await Promise.all(loops);
}
client.close();
