import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import type { ExchangeFailure } from "../../lib/http/exchange_error.ts";
import { httpLimits } from "../../lib/limits.ts";
import {
  ask,
  clientOf,
  fails,
  gzip,
  HandlerServer,
  head,
  RawServer,
  requestFor,
  restOf,
  says,
  smallText,
  wholeText,
} from "./support.ts";

/** Faulty bodies, with and without a length. */
const endings: readonly (readonly [string, string | Uint8Array, ExchangeFailure])[] = [
  ["a body that is shorter than its length", `${head}content-length: 10\r\n\r\nabc`, "cut"],
  ["a large body that is shorter than its length", `${head}content-length: 100000\r\n\r\nabc`, "cut"],
  ["a chunked body without its last chunk", `${head}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n`, "cut"],
  [
    "no gzip in spite of the header",
    `${head}content-encoding: gzip\r\ncontent-length: 5\r\n\r\nplain`,
    "cut",
  ],
];

for (const [name, bytes, reason] of endings) {
  Deno.test(`Answer.small() and stream() fail with ${reason} for ${name}`, async () => {
    await using server = new RawServer(says(bytes, (connection) => connection.close()));
    using client = clientOf(server);
    await fails(ask(client, server.url), reason);
  });
}

Deno.test("Answer.small() reads the same text in pieces of any size, framed in any way", async () => {
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
      const answer = await client.send(requestFor(server.url));
      assert.deepEqual([await smallText(answer), answer.bytes], [text, bytes.length]);
    }
  }
});

for (const extra of [0, 1]) {
  Deno.test(`Answer.small() gives ${extra === 0 ? "the text" : "undefined"} at the limit plus ${extra}`, async () => {
    const text = "x".repeat(httpLimits.smallBodyBytesMax + extra);
    const expected = extra === 0 ? text : undefined;
    await using server = new HandlerServer((request) =>
      new Response(request.url.endsWith("known") ? text : new Blob([text]).stream())
    );
    using client = clientOf(server);
    for (const path of ["known", "unknown"]) {
      const answer = await client.send(requestFor(`${server.url}/${path}`));
      assert.equal(await smallText(answer), expected);
      if (extra > 0) assert.equal(await restOf(answer), text);
      assert.equal(answer.bytes, text.length);
    }
  });
}

Deno.test("Answer.small() keeps no buffer per read when a body comes byte by byte", async () => {
  const count = 1_000;
  await using server = new RawServer(async (connection) => {
    await says(`${head}connection: close\r\n\r\n`)(connection, "");
    for (let sent = 0; sent < count; sent++) {
      await says("x")(connection, "");
      // The delay makes each byte a separate read, with a buffer of 64 KiB.
      if (sent % 2 === 0) await delay(0);
    }
    connection.close();
  });
  let reads = 0;
  let mostBytes = 0;
  using client = clientOf(server, {
    onBytes: () => {
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

Deno.test("Answer fails with body-too-large early when a compressed body expands", async () => {
  const bomb = await gzip(new Uint8Array(32 * 1024 * 1024));
  for (const framing of ["length", "chunked"]) {
    await using server = new HandlerServer(() =>
      new Response(framing === "length" ? bomb : new Blob([bomb]).stream(), {
        headers: { "content-encoding": "gzip" },
      })
    );
    let read = 0;
    using client = clientOf(server, { onBytes: (bytes) => read += bytes });
    const answer = await client.send(requestFor(server.url));
    await fails(wholeText(answer), "body-too-large");
    assert.ok(answer.bytes > 1024 * 1024 && answer.bytes < 3 * 1024 * 1024, String(answer.bytes));
    assert.equal(read, answer.bytes);
  }
});

const megabyte = 1024 * 1024;

Deno.test("Answer fails with too-compressed, and its ratio, when a large body was sent in few bytes", async () => {
  const bomb = await gzip(new Uint8Array(80 * megabyte).fill(0x20));
  const headers = { "content-encoding": "gzip" };
  await using server = new HandlerServer(() => new Response(bomb, { headers }));
  using client = clientOf(server, { bodyBytesMax: 1e9 });
  const answer = await client.send(requestFor(server.url));
  await assert.rejects(wholeText(answer), {
    reason: "too-compressed",
    detail: /^8\d\d times what was sent$/,
  });
  assert.ok(answer.bytes > httpLimits.ratioBytesMin && answer.bytes < httpLimits.ratioBytesMin + megabyte);
});

Deno.test("Answer accepts a compressed body of a smaller size or ratio", async () => {
  const rows = new Uint8Array(httpLimits.ratioBytesMin + megabyte);
  const row = new TextEncoder().encode('{"timestamp":1795132800,"type":"A","prefix":"192.0.2.0/24"},');
  for (let at = 0; at < rows.length; at += row.length) rows.set(row.subarray(0, rows.length - at), at);
  for (const bytes of [new Uint8Array(httpLimits.ratioBytesMin).fill(0x20), rows]) {
    const body = await gzip(bytes);
    await using server = new HandlerServer(() =>
      new Response(body, { headers: { "content-encoding": "gzip" } })
    );
    using client = clientOf(server, { bodyBytesMax: 1e9 });
    const answer = await client.send(requestFor(server.url));
    while (await answer.read() !== undefined);
    assert.equal(answer.bytes, bytes.length);
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
  assert.ok(bomb.length < httpLimits.smallBodyBytesMax);
  await using server = new HandlerServer(() =>
    new Response(bomb, { status: 500, headers: { "content-encoding": "gzip" } })
  );
  using client = clientOf(server, { bodyBytesMax: 1e9 });
  const answer = await client.send(requestFor(server.url));
  await answer.discard();
  assert.equal(answer.bytes, 0);
});

Deno.test("Answer.discard() of a small rest leaves the connection for the next request", async () => {
  await using server = new RawServer(says("HTTP/1.1 503 No\r\ncontent-length: 5\r\n\r\nlater"));
  using client = clientOf(server);
  for (let round = 0; round < 5; round++) await (await client.send(requestFor(server.url))).discard();
  assert.deepEqual([server.requests.length, server.connections], [5, 1]);
});

Deno.test("Answer.small() leaves the connection for the next request, of known length and unknown", async () => {
  const known = `${head}content-length: 2\r\n\r\nok`;
  const unknown = `${head}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`;
  for (const bytes of [known, unknown]) {
    await using server = new RawServer(says(bytes));
    using client = clientOf(server);
    for (let round = 0; round < 5; round++) assert.equal(await ask(client, server.url), "ok");
    assert.equal(server.connections, 1);
  }
});

Deno.test("Answer.discard() cancels a long rest, also after the first read", async () => {
  await using server = new RawServer(async (connection) => {
    await says(`${head}content-length: 1000000000\r\n\r\n`)(connection, "");
    for (;;) await says("x".repeat(10_000))(connection, "");
  });
  using client = clientOf(server);
  const answer = await client.send(requestFor(server.url));
  await answer.discard();
  assert.equal(answer.bytes, 0);
  const begun = await client.send(requestFor(server.url));
  const reader = begun.stream().getReader();
  await reader.read();
  await reader.cancel();
  assert.ok(begun.bytes < 1024 * 1024);
});

Deno.test("Answer.beginning() gives a short body whole, framed in any way, and its connection is reused", async () => {
  const framings = [
    "content-length: 3\r\n\r\nabc",
    "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  ];
  for (const framing of framings) {
    await using server = new RawServer(says(`HTTP/1.1 500 No\r\n${framing}`));
    using client = clientOf(server);
    for (let round = 0; round < 3; round++) {
      const { bytes, isWhole } = await (await client.send(requestFor(server.url))).beginning();
      assert.deepEqual([new TextDecoder().decode(bytes), isWhole], ["abc", true]);
    }
    assert.equal(server.connections, 1);
  }
});

Deno.test("Answer.beginning() reads little of a long body, of one that pauses, and of one that is cut", async () => {
  const long = "x".repeat(4 * httpLimits.refusedBytesMax);
  const bodies: readonly (readonly [string, number])[] = [
    [`content-length: ${long.length}\r\n\r\n${long}`, httpLimits.refusedBytesMax],
    ["transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", 3],
  ];
  for (const [body, length] of bodies) {
    await using server = new RawServer(says(`HTTP/1.1 500 No\r\n${body}`));
    using client = clientOf(server);
    const { bytes, isWhole } = await (await client.send(requestFor(server.url))).beginning();
    assert.deepEqual([bytes.length, isWhole], [length, false]);
  }
  await using server = new RawServer(
    says("HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", (c) => c.close()),
  );
  using client = clientOf(server);
  const { bytes, isWhole } = await (await client.send(requestFor(server.url))).beginning();
  assert.deepEqual([new TextDecoder().decode(bytes), isWhole], ["abc", false]);
});

Deno.test("Answer.pause() lets no deadline pass, neither meanwhile nor afterwards", async () => {
  const text = "x".repeat(httpLimits.smallBodyBytesMax + 1);
  await using server = new HandlerServer(() => new Response(text));
  using client = clientOf(server, {
    timeouts: { connectMs: 1_000, firstByteMs: 1_000, idleMs: 300, totalMs: 1_000 },
  });
  const answer = await client.send(requestFor(server.url));
  await answer.pause(delay(1_300));
  assert.equal(await answer.small(), undefined);
  assert.equal(await restOf(answer), text);
});

Deno.test("Client keeps fewer idle connections once 32 bodies were large, and breaks off none", async () => {
  const large = httpLimits.smallBodyBytesMax + 1;
  await using server = new RawServer(says(`${head}content-length: ${large}\r\n\r\n${"x".repeat(large)}`));
  using client = clientOf(server, { connectionsMax: 100 });
  const askMany = async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => client.send(requestFor(server.url))));
    const texts = await Promise.all(answers.map((answer) => wholeText(answer)));
    assert.ok(texts.every((text) => text.length === large));
  };
  for (const expected of [40, 80, 88]) {
    await askMany();
    assert.ok(server.connections >= expected, `${server.connections} connections`);
  }
});
