import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import { httpLimits } from "../../lib/limits.ts";
import {
  ask,
  clientOf,
  fails,
  HandlerServer,
  head,
  patient,
  RawServer,
  requestFor,
  says,
  smallText,
} from "./support.ts";

/** Accepts requests and never answers. */
const silent = says("");

Deno.test("Client.send() sends its headers and gives status, headers and text", async () => {
  await using server = new HandlerServer((request) =>
    new Response(`${request.headers.get("x-a")} ${new URL(request.url).search}`, {
      status: 418,
      headers: { etag: '"e"' },
    })
  );
  using client = clientOf(server);
  const answer = await client.send(requestFor(`${server.url}/?q=1`, { "x-a": "b" }));
  assert.deepEqual([answer.status, answer.headers.get("etag")], [418, '"e"']);
  assert.deepEqual([await smallText(answer), answer.bytes], ["b ?q=1", 6]);
});

Deno.test("Client.send() fails with connect when no server listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const host = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  using client = clientOf({ host });
  await fails(client.send(requestFor(`http://${host}/`)), "connect");
});

Deno.test("Client.send() fails with reset when the connection ends before an answer", async () => {
  await using server = new RawServer((connection) => Promise.resolve(connection.close()));
  using client = clientOf(server);
  await fails(client.send(requestFor(server.url)), "reset");
});

/** Milliseconds. */
const short = 150;

Deno.test("Client.send() fails with reset when the connection ends, also if the URL holds words of an error", async () => {
  await using server = new RawServer((connection) => Promise.resolve(connection.close()));
  using client = clientOf(server);
  for (const key of ["(Connect)", "blocked", "connect%20error", "dns+error", "error(Connect)"]) {
    await fails(client.send(requestFor(`${server.url}/${key}`)), "reset");
  }
});

Deno.test("Client fails with first-byte-timeout when a server accepts the request and does not answer", async () => {
  await using server = new RawServer(silent);
  using client = clientOf(server, { timeouts: { ...patient, connectMs: short, firstByteMs: 2 * short } });
  await fails(client.send(requestFor(server.url)), "first-byte-timeout");
  using hurried = clientOf(server, { timeouts: { ...patient, firstByteMs: short } });
  await fails(hurried.send(requestFor(server.url)), "first-byte-timeout");
});

Deno.test("Client waits for the first byte beyond the connect timeout", async () => {
  await using server = new HandlerServer(async () => {
    await delay(4 * short);
    return new Response("late");
  });
  using client = clientOf(server, { timeouts: { ...patient, connectMs: short } });
  assert.equal(await ask(client, server.url), "late");
});

Deno.test("Client opens one probe connection for any number of late answers", async () => {
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
  name: "Client fails with connect-timeout when a server accepts no more connections",
  // On other systems, a full queue refuses or accepts connections.
  ignore: Deno.build.os !== "linux",
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
    const { port } = listener.addr;
    const waiting = [await Deno.connect({ port }), await Deno.connect({ port })];
    try {
      const host = `127.0.0.1:${port}`;
      using client = clientOf({ host }, { timeouts: { ...patient, connectMs: short } });
      const exchanges = Array.from({ length: 3 }, () => client.send(requestFor(`http://${host}/`)));
      await Promise.all(exchanges.map((exchange) => fails(exchange, "connect-timeout")));
    } finally {
      for (const connection of waiting) connection.close();
      listener.close();
    }
  },
});

Deno.test({
  name: "Client keeps an answer that comes while its probe of the server fails",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
    const { port } = listener.addr;
    const host = `127.0.0.1:${port}`;
    using client = clientOf({ host }, { timeouts: { ...patient, connectMs: 2 * short } });
    const asked = client.send(requestFor(`http://${host}/`));
    const connection = await listener.accept();
    const waiting = [await Deno.connect({ port }), await Deno.connect({ port })];
    // Now the probe runs, and fails after the same time again.
    await delay(3 * short);
    await says(`${head}content-length: 2\r\n\r\n`)(connection, "");
    const text = smallText(await asked);
    await delay(3 * short);
    await says("ok")(connection, "");
    assert.equal(await text, "ok");
    for (const open of [connection, ...waiting, listener]) open.close();
  },
});

Deno.test("Client fails with idle-timeout when a body stalls, also while it is discarded", async () => {
  for (const length of [10, 1_000_000]) {
    await using server = new RawServer(says(`${head}content-length: ${length}\r\n\r\nabc`));
    using client = clientOf(server, { timeouts: { ...patient, idleMs: short } });
    await fails(ask(client, server.url), "idle-timeout");
    await (await client.send(requestFor(server.url))).discard();
  }
});

Deno.test("Client does not count a slow reader as idle", async () => {
  const text = "x".repeat(300_000);
  await using server = new HandlerServer(() => new Response(text));
  using client = clientOf(server, { timeouts: { ...patient, idleMs: short } });
  const answer = await client.send(requestFor(server.url));
  assert.equal(await smallText(answer), undefined);
  const reader = answer.stream().getReader();
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
  await fails(client.send(requestFor(server.url)), "total-timeout");
});

Deno.test("Client follows redirects within its hosts, with the headers", async () => {
  await using server = new HandlerServer((request) => {
    const at = Number(new URL(request.url).searchParams.get("at"));
    if (at === httpLimits.redirectsMax) return new Response(request.headers.get("x-a"));
    return new Response(null, {
      status: [301, 302, 303, 307, 308][at] ?? 302,
      headers: { location: `?at=${at + 1}` },
    });
  });
  using client = clientOf(server);
  const answer = await client.send(requestFor(`${server.url}/?at=0`, { "x-a": "kept" }));
  assert.equal(await smallText(answer), "kept");
});

Deno.test("Client fails with redirect after too many redirects", async () => {
  let asked = 0;
  await using server = new HandlerServer(() => {
    asked++;
    return new Response(null, { status: 302, headers: { location: "/again" } });
  });
  using client = clientOf(server);
  await fails(client.send(requestFor(server.url)), "redirect");
  assert.equal(asked, httpLimits.redirectsMax + 1);
});

Deno.test("Client fails with redirect, and sends no request, when a redirect leaves its hosts", async () => {
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
  for (location of targets) await fails(client.send(requestFor(server.url)), "redirect");
  const { port } = new URL(server.url);
  for (const name of ["localhost", "0.0.0.0", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "localhost."]) {
    location = `http://${name}:${port}/`;
    await fails(client.send(requestFor(server.url)), "redirect");
  }
  assert.equal(other.connections, 0);
});

Deno.test("Client sends no credentials to another origin, nor back to the first after a detour", async () => {
  const seen: (readonly [string, Readonly<Record<string, string | null>>])[] = [];
  const names = ["accept", "user-agent", "authorization", "cookie", "proxy-authorization", "x-api-key"];
  const note = (where: string, { headers }: Request) =>
    seen.push([where, Object.fromEntries(names.map((name) => [name, headers.get(name)]))]);
  let home = "";
  await using other = new HandlerServer((request) => {
    note("other", request);
    return new Response(null, { status: 307, headers: { location: `${home}/back` } });
  });
  await using server = new HandlerServer((request) => {
    const isBack = request.url.endsWith("/back");
    note(isBack ? "back" : "home", request);
    return isBack
      ? new Response("ok")
      : new Response(null, { status: 302, headers: { location: other.url } });
  });
  home = server.url;
  using client = clientOf(server, { redirectHosts: [other.host] });
  const harmless = { accept: "application/json", "user-agent": "me" };
  const secrets = { authorization: "Bearer x", cookie: "a=b", "proxy-authorization": "x", "x-api-key": "x" };
  assert.equal(await smallText(await client.send(requestFor(server.url, { ...harmless, ...secrets }))), "ok");
  const nothing = Object.fromEntries(Object.keys(secrets).map((name) => [name, null]));
  assert.deepEqual(seen, [
    ["home", { ...harmless, ...secrets }],
    ["other", { ...harmless, ...nothing }],
    ["back", { ...harmless, ...nothing }],
  ]);
});

Deno.test("Client returns a 304, and a redirect without a location, as answers", async () => {
  for (const status of [304, 302]) {
    await using server = new HandlerServer(() => new Response(null, { status }));
    using client = clientOf(server);
    const answer = await client.send(requestFor(server.url));
    assert.deepEqual([answer.status, await smallText(answer)], [status, ""]);
  }
});

Deno.test("Client.drop() ends the exchanges in flight and no later ones", async () => {
  await using server = new RawServer(async (connection, request) => {
    if (request.startsWith("GET /body")) await says(`${head}content-length: 10\r\n\r\nabc`)(connection, "");
    else if (request.startsWith("GET /ok")) await says(`${head}content-length: 2\r\n\r\nok`)(connection, "");
  });
  using client = clientOf(server);
  const thinking = client.send(requestFor(`${server.url}/think`));
  const answer = await client.send(requestFor(`${server.url}/body`));
  const reading = smallText(answer);
  const checks = [fails(thinking, "dropped"), fails(reading, "dropped")];
  await delay(30);
  client.drop();
  await Promise.all(checks);
  assert.equal(await ask(client, `${server.url}/ok`), "ok");
});

Deno.test("Client leaks nothing when it is disposed with an unread answer", async () => {
  await using server = new RawServer(says(`${head}content-length: 1000000\r\n\r\nabc`));
  const client = clientOf(server);
  await client.send(requestFor(server.url));
  client[Symbol.dispose]();
});
