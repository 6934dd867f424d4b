import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import type { Answer } from "../../lib/http/answer.ts";
import type { Client } from "../../lib/http/client.ts";
import { ExchangeError, type ExchangeFailure } from "../../lib/http/exchange_error.ts";
import { http } from "../../lib/limits.ts";
import { clientOf, gzip, HandlerServer, patient, RawServer, says, textOf } from "./support.ts";

/** Takes requests, and says nothing. */
const silent = says("");
const head = "HTTP/1.1 200 OK\r\n";

/** All text of an answer, by whichever way there is. */
async function wholeText(answer: Answer): Promise<string> {
  return await answer.smallText() ?? await textOf(answer.textStream());
}

async function fails(work: Promise<unknown>, reason: ExchangeFailure): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof ExchangeError, String(error));
    assert.equal(error.reason, reason);
    return true;
  });
}

async function ask(client: Client, url: string): Promise<string> {
  return await wholeText(await client.get(url, {}));
}

Deno.test("Client.get() sends its headers and gives status, headers and text", async () => {
  await using server = new HandlerServer((request) =>
    new Response(`${request.headers.get("x-a")} ${new URL(request.url).search}`, {
      status: 418,
      headers: { etag: '"e"' },
    })
  );
  using client = clientOf(server);
  const answer = await client.get(`${server.url}/?q=1`, { "x-a": "b" });
  assert.deepEqual([answer.status, answer.headers.get("etag")], [418, '"e"']);
  assert.deepEqual([await answer.smallText(), answer.bytes], ["b ?q=1", 6]);
});

Deno.test("Client.get() fails with connect when nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const host = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  using client = clientOf({ host });
  await fails(client.get(`http://${host}/`, {}), "connect");
});

Deno.test("Client.get() fails with reset when the connection ends before an answer", async () => {
  await using server = new RawServer((connection) => Promise.resolve(connection.close()));
  using client = clientOf(server);
  await fails(client.get(server.url, {}), "reset");
});

/** What each of the errors of a body looks like, with a length and without. */
const endings: readonly (readonly [string, string | Uint8Array, ExchangeFailure])[] = [
  ["a body that is shorter than its length", `${head}content-length: 10\r\n\r\nabc`, "cut"],
  ["a large body that is shorter than its length", `${head}content-length: 100000\r\n\r\nabc`, "cut"],
  ["a chunked body without its last chunk", `${head}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n`, "cut"],
  [
    "a small body of other bytes than UTF-8",
    bytesOf(`${head}content-length: 2\r\n\r\n`, 0xc3, 0x28),
    "bad-utf8",
  ],
  ["one that is cut within a character", bytesOf(`${head}content-length: 2\r\n\r\n`, 0x61, 0xc3), "bad-utf8"],
  ["the same of unknown length", bytesOf(`${head}connection: close\r\n\r\n`, 0xc3, 0x28), "bad-utf8"],
  [
    "no gzip in spite of the header",
    `${head}content-encoding: gzip\r\ncontent-length: 5\r\n\r\nplain`,
    "cut",
  ],
];

function bytesOf(text: string, ...more: number[]): Uint8Array {
  return Uint8Array.from([...new TextEncoder().encode(text), ...more]);
}

for (const [name, bytes, reason] of endings) {
  Deno.test(`Answer.smallText() and textStream() fail with ${reason} for ${name}`, async () => {
    await using server = new RawServer(says(bytes, (connection) => connection.close()));
    using client = clientOf(server);
    await fails(ask(client, server.url), reason);
  });
}

Deno.test("Answer.textStream() fails for a large body of other bytes than UTF-8", async () => {
  const body = new Uint8Array(http.smallBodyBytesMax * 3).fill(0x61);
  body[body.length - 5] = 0xff;
  await using server = new HandlerServer(() => new Response(body));
  using client = clientOf(server);
  await assert.rejects(ask(client, server.url), { name: "TypeError", message: /encoded data/ });
});

Deno.test("Answer.smallText() reads the same text in pieces of any size, framed in any way", async () => {
  const text = "ä€😀x".repeat(100);
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 2, 3, 7, 10_000]) {
    for (const isChunked of [true, false]) {
      await using server = new RawServer(async (connection) => {
        const framing = isChunked ? "transfer-encoding: chunked" : "connection: close";
        await says(`${head}${framing}\r\n\r\n`)(connection, "");
        for (let at = 0; at < bytes.length; at += size) {
          const piece = bytes.subarray(at, at + size);
          if (isChunked) await says(`${piece.length.toString(16)}\r\n`)(connection, "");
          await says(piece)(connection, "");
          if (isChunked) await says("\r\n")(connection, "");
        }
        await says(isChunked ? "0\r\n\r\n" : "")(connection, "");
        if (!isChunked) connection.close();
      });
      using client = clientOf(server);
      const answer = await client.get(server.url, {});
      assert.deepEqual([await answer.smallText(), answer.bytes], [text, bytes.length]);
    }
  }
});

for (const extra of [0, 1]) {
  Deno.test(`Answer.smallText() gives ${extra === 0 ? "the text" : "undefined"} at the limit plus ${extra}`, async () => {
    const text = "x".repeat(http.smallBodyBytesMax + extra);
    const expected = extra === 0 ? text : undefined;
    await using server = new HandlerServer((request) =>
      new Response(request.url.endsWith("known") ? text : new Blob([text]).stream())
    );
    using client = clientOf(server);
    for (const path of ["known", "unknown"]) {
      const answer = await client.get(`${server.url}/${path}`, {});
      assert.equal(await answer.smallText(), expected);
      if (extra > 0) assert.equal(await textOf(answer.textStream()), text);
      assert.equal(answer.bytes, text.length);
    }
  });
}

Deno.test("Answer.smallText() holds no buffer of every read when a body comes byte by byte", async () => {
  const count = 1_000;
  await using server = new RawServer(async (connection) => {
    await says(`${head}connection: close\r\n\r\n`)(connection, "");
    for (let sent = 0; sent < count; sent++) {
      await says("x")(connection, "");
      // So that each is a read of its own, with a buffer of 64 KiB.
      if (sent % 2 === 0) await delay(0);
    }
    connection.close();
  });
  let reads = 0;
  let mostBytes = 0;
  using client = clientOf(server, {
    read: () => {
      reads++;
      if (reads % 50 === 0) mostBytes = Math.max(mostBytes, Deno.memoryUsage().external);
    },
  });
  const beforeBytes = Deno.memoryUsage().external;
  assert.equal((await ask(client, server.url)).length, count);
  assert.ok(
    mostBytes - beforeBytes < reads * 65_536 / 2,
    `${mostBytes - beforeBytes} bytes in ${reads} reads`,
  );
});

Deno.test("Answer fails with body-too-large early, however little of it was sent", async () => {
  const bomb = await gzip(new Uint8Array(64 * 1024 * 1024));
  for (const framing of ["length", "chunked"]) {
    await using server = new HandlerServer(() =>
      new Response(framing === "length" ? bomb : new Blob([bomb]).stream(), {
        headers: { "content-encoding": "gzip" },
      })
    );
    let read = 0;
    using client = clientOf(server, { read: (bytes) => read += bytes });
    const answer = await client.get(server.url, {});
    await fails(wholeText(answer), "body-too-large");
    assert.ok(answer.bytes > 1024 * 1024 && answer.bytes < 3 * 1024 * 1024, String(answer.bytes));
    assert.equal(read, answer.bytes);
  }
});

Deno.test("Answer fails with body-too-large when a known length is over the limit", async () => {
  await using server = new HandlerServer(() => new Response("x".repeat(200)));
  using client = clientOf(server, { bodyBytesMax: 199 });
  await fails(ask(client, server.url), "body-too-large");
  using other = clientOf(server, { bodyBytesMax: 200 });
  assert.equal((await ask(other, server.url)).length, 200);
});

Deno.test("Answer.discard() decodes no more than a read of a compressed body", async () => {
  const bomb = await gzip(new Uint8Array(32 * 1024 * 1024));
  assert.ok(bomb.length < http.smallBodyBytesMax);
  await using server = new HandlerServer(() =>
    new Response(bomb, { status: 500, headers: { "content-encoding": "gzip" } })
  );
  using client = clientOf(server, { bodyBytesMax: 1e9 });
  const answer = await client.get(server.url, {});
  await answer.discard();
  assert.equal(answer.bytes, 0);
});

Deno.test("Answer.discard() of a small rest leaves the connection for the next request", async () => {
  await using server = new RawServer(says("HTTP/1.1 503 No\r\ncontent-length: 5\r\n\r\nlater"));
  using client = clientOf(server);
  for (let round = 0; round < 5; round++) await (await client.get(server.url, {})).discard();
  assert.deepEqual([server.requests.length, server.connections], [5, 1]);
});

Deno.test("Answer.smallText() leaves the connection for the next request, of known length and unknown", async () => {
  const known = `${head}content-length: 2\r\n\r\nok`;
  const unknown = `${head}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`;
  for (const bytes of [known, unknown]) {
    await using server = new RawServer(says(bytes));
    using client = clientOf(server);
    for (let round = 0; round < 5; round++) assert.equal(await ask(client, server.url), "ok");
    assert.equal(server.connections, 1);
  }
});

Deno.test("Answer.discard() cuts off a long rest, also one that was begun", async () => {
  await using server = new RawServer(async (connection) => {
    await says(`${head}content-length: 1000000000\r\n\r\n`)(connection, "");
    for (;;) await says("x".repeat(10_000))(connection, "");
  });
  using client = clientOf(server);
  const answer = await client.get(server.url, {});
  await answer.discard();
  assert.equal(answer.bytes, 0);
  const begun = await client.get(server.url, {});
  const reader = begun.textStream().getReader();
  await reader.read();
  await reader.cancel();
  assert.ok(begun.bytes < 1024 * 1024);
});

/** Milliseconds. */
const short = 150;

Deno.test("Client fails with first-byte-timeout when a server takes the request and thinks", async () => {
  await using server = new RawServer(silent);
  using client = clientOf(server, { timeouts: { ...patient, connectMs: short, firstByteMs: 2 * short } });
  await fails(client.get(server.url, {}), "first-byte-timeout");
  using hurried = clientOf(server, { timeouts: { ...patient, firstByteMs: short } });
  await fails(hurried.get(server.url, {}), "first-byte-timeout");
});

Deno.test("Client waits for the first byte for longer than for a connection", async () => {
  await using server = new HandlerServer(async () => {
    await delay(4 * short);
    return new Response("late");
  });
  using client = clientOf(server, { timeouts: { ...patient, connectMs: short } });
  assert.equal(await ask(client, server.url), "late");
});

Deno.test("Client looks once whether a server takes connections, however many answers are late", async () => {
  await using server = new RawServer(async (connection) => {
    await delay(700);
    await says(`${head}content-length: 2\r\n\r\nok`)(connection, "");
  });
  using client = clientOf(server, { timeouts: { ...patient, connectMs: 400 }, connectionsMax: 50 });
  const texts = await Promise.all(Array.from({ length: 50 }, () => ask(client, server.url)));
  assert.equal(texts.filter((text) => text === "ok").length, 50);
  assert.equal(server.connections, 51);
});

Deno.test({
  name: "Client fails with connect-timeout when a server takes no more connections",
  // Elsewhere, a full queue refuses connections or lets them in.
  ignore: Deno.build.os !== "linux",
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
    const { port } = listener.addr;
    const waiting = [await Deno.connect({ port }), await Deno.connect({ port })];
    try {
      const host = `127.0.0.1:${port}`;
      using client = clientOf({ host }, { timeouts: { ...patient, connectMs: short } });
      const exchanges = Array.from({ length: 3 }, () => client.get(`http://${host}/`, {}));
      await Promise.all(exchanges.map((exchange) => fails(exchange, "connect-timeout")));
    } finally {
      for (const connection of waiting) connection.close();
      listener.close();
    }
  },
});

Deno.test({
  name: "Client does not give up an answer that comes while it looks for the server in vain",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
    const { port } = listener.addr;
    const host = `127.0.0.1:${port}`;
    using client = clientOf({ host }, { timeouts: { ...patient, connectMs: 2 * short } });
    const asked = client.get(`http://${host}/`, {});
    const connection = await listener.accept();
    const waiting = [await Deno.connect({ port }), await Deno.connect({ port })];
    // Now it looks, and finds nobody for as long again.
    await delay(3 * short);
    await says(`${head}content-length: 2\r\n\r\n`)(connection, "");
    const text = (await asked).smallText();
    await delay(3 * short);
    await says("ok")(connection, "");
    assert.equal(await text, "ok");
    for (const open of [connection, ...waiting, listener]) open.close();
  },
});

Deno.test("Client fails with idle-timeout when a body stands still, also one that is to be discarded", async () => {
  for (const length of [10, 1_000_000]) {
    await using server = new RawServer(says(`${head}content-length: ${length}\r\n\r\nabc`));
    using client = clientOf(server, { timeouts: { ...patient, idleMs: short } });
    await fails(ask(client, server.url), "idle-timeout");
    await (await client.get(server.url, {})).discard();
  }
});

Deno.test("Client does not count what its reader takes its time for as idle", async () => {
  const text = "x".repeat(300_000);
  await using server = new HandlerServer(() => new Response(text));
  using client = clientOf(server, { timeouts: { ...patient, idleMs: short } });
  const answer = await client.get(server.url, {});
  assert.equal(await answer.smallText(), undefined);
  const reader = answer.textStream().getReader();
  let length = (await reader.read()).value?.length ?? 0;
  await delay(3 * short);
  for (let read = await reader.read(); !read.done; read = await reader.read()) length += read.value.length;
  assert.equal(length, text.length);
});

Deno.test("Client fails with total-timeout when a body trickles", async () => {
  await using server = new RawServer(async (connection) => {
    await says(`${head}content-length: 1000\r\n\r\n`)(connection, "");
    for (;; await delay(20)) await says("x")(connection, "");
  });
  using client = clientOf(server, { timeouts: { ...patient, totalMs: 3 * short } });
  await fails(ask(client, server.url), "total-timeout");
});

Deno.test("Client fails with total-timeout before any other deadline when it is the shortest", async () => {
  await using server = new RawServer(silent);
  using client = clientOf(server, { timeouts: { ...patient, totalMs: short } });
  await fails(client.get(server.url, {}), "total-timeout");
});

Deno.test("Client follows redirects within its hosts, with the headers", async () => {
  await using server = new HandlerServer((request) => {
    const at = Number(new URL(request.url).searchParams.get("at"));
    if (at === http.redirectsMax) return new Response(request.headers.get("x-a"));
    return new Response(null, {
      status: [301, 302, 303, 307, 308][at] ?? 302,
      headers: { location: `?at=${at + 1}` },
    });
  });
  using client = clientOf(server);
  const answer = await client.get(`${server.url}/?at=0`, { "x-a": "kept" });
  assert.equal(await answer.smallText(), "kept");
});

Deno.test("Client fails with redirect after too many", async () => {
  let asked = 0;
  await using server = new HandlerServer(() => {
    asked++;
    return new Response(null, { status: 302, headers: { location: "/again" } });
  });
  using client = clientOf(server);
  await fails(client.get(server.url, {}), "redirect");
  assert.equal(asked, http.redirectsMax + 1);
});

Deno.test("Client fails with redirect, and asks nobody, when it leads out of its hosts", async () => {
  await using other = new RawServer(silent);
  let location = "";
  await using server = new HandlerServer(() => new Response(null, { status: 302, headers: { location } }));
  using client = clientOf(server);
  const targets = [
    other.url,
    `//${other.host}/x`,
    `https://${server.host}/`,
    `ftp://${server.host}/`,
    "http://[",
    "data:,x",
  ];
  for (location of targets) await fails(client.get(server.url, {}), "redirect");
  assert.equal(other.connections, 0);
});

Deno.test("Client gives a 304 and a redirect without a location as they are", async () => {
  for (const status of [304, 302]) {
    await using server = new HandlerServer(() => new Response(null, { status }));
    using client = clientOf(server);
    const answer = await client.get(server.url, {});
    assert.deepEqual([answer.status, await answer.smallText()], [status, ""]);
  }
});

Deno.test("Client.drop() ends whatever is under way, and nothing that comes after", async () => {
  await using server = new RawServer(async (connection, request) => {
    if (request.startsWith("GET /body")) await says(`${head}content-length: 10\r\n\r\nabc`)(connection, "");
    else if (request.startsWith("GET /ok")) await says(`${head}content-length: 2\r\n\r\nok`)(connection, "");
  });
  using client = clientOf(server);
  const thinking = client.get(`${server.url}/think`, {});
  const answer = await client.get(`${server.url}/body`, {});
  const reading = answer.smallText();
  const checks = [fails(thinking, "dropped"), fails(reading, "dropped")];
  await delay(30);
  client.drop();
  await Promise.all(checks);
  assert.equal(await ask(client, `${server.url}/ok`), "ok");
});

Deno.test("Client leaves nothing behind when it is disposed of with an answer unread", async () => {
  await using server = new RawServer(says(`${head}content-length: 1000000\r\n\r\nabc`));
  const client = clientOf(server);
  await client.get(server.url, {});
  client[Symbol.dispose]();
});
