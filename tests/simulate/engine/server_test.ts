/**
 * The HTTP server of the simulator: request parsing, framing, keep-alive, introspection, limits, latency and closing.
 *
 * @module
 */

import assert from "node:assert/strict";
import { helloOf } from "../../../lib/simulate/profiles/hello.ts";
import { latencyMs, parseLatency } from "../../../lib/simulate/engine/latency.ts";
import { parseSize } from "../../../lib/simulate/profiles/ripestat/ripestat_options.ts";
import type { SimulateOptions } from "../../../lib/simulate/simulate_options.ts";
import { RequestLimit } from "../../../lib/simulate/engine/request_limit.ts";
import { startSimulator } from "../../../lib/simulate/simulator.ts";
import { startSimulatorWorker } from "../../../lib/simulate/start_worker.ts";
import { getRaw, readChunks, sendRaw, updatesTarget, withSimulator } from "../support.ts";

const hello: SimulateOptions = { profile: "hello", latency: { kind: "none" } };

Deno.test("the profile hello answers 55 to 90 bytes that follow from seed and key", async () => {
  await withSimulator({ ...hello, seed: 5 }, async ({ url, port }) => {
    for (const key of ["1", "99999999", "a b", "%", "ключ"]) {
      const response = await fetch(`${url}/hello/${encodeURIComponent(key)}`);
      const text = await response.text();
      assert.deepEqual(JSON.parse(text), helloOf(key, 5));
      assert.ok(text.length >= 55 && text.length <= 90);
    }
    const { body } = await getRaw(port, "/hello/100%");
    assert.deepEqual(JSON.parse(new TextDecoder().decode(body)), helloOf("100%", 5));
  });
});

const keepAliveRequest = "GET /hello/1 HTTP/1.1\r\nhost: x\r\nx-long: " + "y".repeat(3_000) + "\r\n\r\n";
const closeRequest = "GET /hello/2 HTTP/1.1\r\nConnection: Close\r\n\r\n";

Deno.test("the server answers every request when several arrive together", async () => {
  for (const faults of [[], [{ kind: "reset", keys: ["nobody"] }]] as const) {
    await withSimulator({ ...hello, faults }, async ({ port }) => {
      const { head, body } = await sendRaw(port, keepAliveRequest + keepAliveRequest + closeRequest);
      const text = new TextDecoder().decode(body);
      assert.ok(head.startsWith("HTTP/1.1 200 OK\r\n") && !head.includes("connection:"));
      assert.equal(text.match(/HTTP\/1.1 200 OK/g)?.length, 2);
      assert.equal(text.match(/connection: close/g)?.length, 1);
      assert.ok(text.endsWith(JSON.stringify(helloOf("2", 1))));
    });
  }
});

Deno.test("the server reads a request when it arrives byte by byte, on a new or used connection", async () => {
  await withSimulator(hello, async ({ port }) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    for (const key of ["1", "longer-than-the-first"]) {
      for (const byte of new TextEncoder().encode(`GET /hello/${key} HTTP/1.1\nhost: x\n\n`)) {
        await connection.write(Uint8Array.of(byte));
      }
      const buffer = new Uint8Array(1_000);
      const bytes = await connection.read(buffer) ?? 0;
      const text = new TextDecoder().decode(buffer.subarray(0, bytes));
      assert.ok(text.endsWith(JSON.stringify(helloOf(key, 1))), text);
    }
  });
});

const refused: readonly (readonly [request: string, status: string])[] = [
  ["POST /hello/1 HTTP/1.1\r\n\r\n", "405 Method Not Allowed"],
  ["nonsense\r\n\r\n", "400 Bad Request"],
  ["GET hello HTTP/1.1\r\n\r\n", "400 Bad Request"],
  ["GET /hello/1 HTTP/2\r\n\r\n", "400 Bad Request"],
  ["GET /nothing HTTP/1.0\r\n\r\n", "404 Not Found"],
  ["GET /data/bgp-updates/data.json HTTP/1.0\r\n\r\n", "404 Not Found"],
];

for (const [request, status] of refused) {
  Deno.test(`the server answers ${status} when the request is ${JSON.stringify(request)}`, async () => {
    await withSimulator(hello, async ({ port }) => {
      const { head, end } = await sendRaw(port, request);
      assert.ok(head.startsWith(`HTTP/1.1 ${status}\r\n`), head);
      assert.equal(end, "closed");
    });
  });
}

Deno.test("the server refuses a request line when the line is longer than 16 KiB", async () => {
  await withSimulator(hello, async ({ port }) => {
    const { head } = await sendRaw(port, `GET /${"x".repeat(17_000)}`);
    assert.ok(head === "" || head.startsWith("HTTP/1.1 400"));
    assert.ok((await getRaw(port, "/hello/1")).head.startsWith("HTTP/1.1 200"));
  });
});

Deno.test("the server frames a body by length below 64 KiB, by chunks above, or by the option framing", async () => {
  const wanted = {
    auto: ["length", "chunked"],
    length: ["length", "length"],
    chunked: ["chunked", "chunked"],
  };
  for (const framing of ["auto", "length", "chunked"] as const) {
    await withSimulator({ framing, ripestat: { sizes: { "1": 20, "2": 2_000 } } }, async ({ port }) => {
      const answers = [await getRaw(port, updatesTarget(1)), await getRaw(port, updatesTarget(2))];
      const frames = answers.map(({ head }) => head.includes("content-length: ") ? "length" : "chunked");
      assert.deepEqual(frames, wanted[framing]);
      for (const { head, body } of answers) {
        const length = /content-length: (\d+)/.exec(head)?.[1];
        if (length !== undefined) assert.equal(body.length, Number(length));
        else assert.ok(readChunks(body).ended);
      }
    });
  }
});

Deno.test("the server sends chunks of `pieces` bytes when the option pieces is set", async () => {
  await withSimulator(
    { framing: "chunked", pieces: 7, ripestat: { sizes: { "1": 20 } } },
    async ({ port }) => {
      const { sizes, ended } = readChunks((await getRaw(port, updatesTarget(1))).body);
      assert.ok(ended);
      assert.deepEqual(new Set(sizes.slice(0, -1)), new Set([7]));
    },
  );
});

Deno.test("stats() counts requests, answers, bytes and requests in flight", async () => {
  await withSimulator({ ...hello, latency: { kind: "fixed", ms: 30 } }, async ({ url, stats }) => {
    assert.equal(stats().firstRequestMs, null);
    const answers = await Promise.all([1, 2, 3].map((key) => fetch(`${url}/hello/${key}`)));
    const lengths = await Promise.all(answers.map(async (answer) => (await answer.text()).length));
    const { requests, inFlight, inFlightMax, bytes, faults, firstRequestMs, lastRequestMs, ...rest } =
      stats();
    assert.deepEqual({ requests, inFlight, inFlightMax, faults }, {
      requests: 3,
      inFlight: 0,
      inFlightMax: 3,
      faults: {},
    });
    assert.deepEqual(rest.answers, { "200": 3 });
    assert.ok(bytes > lengths.reduce((a, b) => a + b, 0));
    assert.ok(Math.abs((firstRequestMs ?? 0) - Date.now()) < 60_000);
    assert.deepEqual(await (await fetch(`${url}/simulator/stats`)).json(), {
      ...stats(),
      bytes,
    });
    const log = await (await fetch(`${url}/simulator/log?last=2`)).json();
    assert.deepEqual([log.length, log[1]], [2, lastRequestMs]);
    assert.equal((await (await fetch(`${url}/simulator/log`)).json()).length, 3);
  });
});

Deno.test("RequestLimit.waitMs() admits `count` requests in any span and gives the wait for the next", () => {
  const limit = new RequestLimit({ count: 2, perMs: 100 });
  const times = [0, 10, 20, 99, 100, 105, 110, 200];
  assert.deepEqual(times.map((now) => limit.waitMs(now)), [0, 0, 80, 1, 0, 5, 0, 0]);
});

Deno.test("the server answers 429 when requests exceed the rate", async () => {
  await withSimulator({ ...hello, rate: { count: 3, perMs: 60_000 } }, async ({ url }) => {
    const statuses = [];
    for (let key = 0; key < 4; key++) {
      const response = await fetch(`${url}/hello/${key}`);
      await response.text();
      statuses.push([response.status, response.headers.get("retry-after")]);
    }
    assert.deepEqual(statuses, [[200, null], [200, null], [200, null], [429, "60"]]);
  });
});

Deno.test("latencyMs() has the range and mean of its distribution", () => {
  const hashes = Array.from({ length: 1_000 }, (_, i) => i * 4_294_967);
  const mean = (ms: number[]) => ms.reduce((a, b) => a + b, 0) / ms.length;
  const uniform = hashes.map((hash) => latencyMs({ kind: "uniform", minMs: 10, maxMs: 30 }, hash));
  assert.ok(Math.min(...uniform) >= 10 && Math.max(...uniform) < 30 && Math.abs(mean(uniform) - 20) < 1);
  const exponential = hashes.map((hash) => latencyMs({ kind: "exponential", meanMs: 100 }, hash));
  assert.ok(Math.abs(mean(exponential) - 100) < 5 && Math.max(...exponential) <= 1_000);
  assert.equal(latencyMs({ kind: "fixed", ms: 7 }, 1) + latencyMs({ kind: "none" }, 1), 7);
});

Deno.test("parseLatency() reads every form and throws when the text has none", () => {
  assert.deepEqual(["0", "80", "0..80", "~20"].map(parseLatency), [
    { kind: "none" },
    { kind: "fixed", ms: 80 },
    { kind: "uniform", minMs: 0, maxMs: 80 },
    { kind: "exponential", meanMs: 20 },
  ]);
  for (const text of ["", "x", "-1", "1..", "80..0", "3600001", "~"]) {
    assert.throws(() => parseLatency(text), { name: "UsageError" });
  }
});

Deno.test("parseSize() reads updates and bytes and throws when the text is neither", () => {
  assert.deepEqual(parseSize("AS3333=5000"), { key: "3333", updates: 5_000 });
  assert.equal(Math.round(parseSize("3333=1GiB").updates * 275 / 2 ** 30), 1);
  for (
    const text of ["", "3333", "3333=", "x=1", "3333=1GB", "3333=-1", "3333=99999999999", "99999999999=1"]
  ) {
    assert.throws(() => parseSize(text), { name: "UsageError" });
  }
});

const badOptions: readonly (readonly [options: SimulateOptions, message: RegExp])[] = [
  [{ pieces: 0 }, /^Cannot use "pieces": it must be a whole number from 1 to 65536, got 0$/],
  [{ port: 65_536 }, /"port"/],
  [{ ripestat: { asns: 100_001 } }, /"asns"/],
  [{ ripestat: { updatesMax: 1.5 } }, /"updatesMax"/],
  [{ seed: NaN }, /"seed"/],
  [{ ripestat: { sizes: { x: 1 } } }, /the size of "x": the key must be an AS number/],
  [{ ripestat: { sizes: { "1": -1 } } }, /"sizes\.1"/],
  [{ rate: { count: 0, perMs: 1 } }, /"rate\.count"/],
  [
    { profile: "hello", faults: [{ kind: "empty" }] },
    /fault "empty": the profile must have this fault, got "hello"/,
  ],
];

for (const [options, message] of badOptions) {
  Deno.test(`startSimulator() throws when the options are ${JSON.stringify(options)}`, async () => {
    await assert.rejects(startSimulator(options), { name: "UsageError", message });
  });
}

Deno.test("startSimulator() throws when the port is in use", async () => {
  await withSimulator(hello, async ({ port }) => {
    await assert.rejects(startSimulator({ ...hello, port }), {
      name: "UsageError",
      message: `Cannot listen on port "${port}": it is in use, choose another or 0 for any`,
    });
  });
});

Deno.test({
  name: "close() leaves nothing behind when requests are under way, and is idempotent",
  sanitizeOps: true,
  sanitizeResources: true,
  fn: async () => {
    const simulator = await startSimulator({ profile: "hello", latency: { kind: "fixed", ms: 3_000 } });
    using _idle = await Deno.connect({ hostname: "127.0.0.1", port: simulator.port });
    const waiting = sendRaw(simulator.port, "GET /hello/1 HTTP/1.1\r\n\r\n");
    const answered = fetch(`${simulator.url}/simulator/stats`).then((response) => response.text());
    await answered;
    while (simulator.stats().inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await Promise.all([simulator.close(), simulator.close()]);
    assert.equal((await waiting).body.length, 0);
  },
});

Deno.test("startSimulatorWorker() serves from a Worker until close()", async () => {
  const worker = await startSimulatorWorker(hello);
  assert.deepEqual(await (await fetch(`${worker.url}/hello/9`)).json(), helloOf("9", 1));
  await assert.rejects(startSimulatorWorker({ ...hello, port: worker.port }), {
    name: "UsageError",
    message: /port/,
  });
  await worker.close();
  await worker.close();
  await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port: worker.port }));
});

Deno.test("the server streams an answer of 128 MiB in constant memory, with backpressure from a slow reader", async () => {
  const { key, updates } = parseSize("3333=128MiB");
  await withSimulator({ ripestat: { sizes: { [key]: updates }, envelope: "b" } }, async ({ port, stats }) => {
    await getRaw(port, updatesTarget(12_654));
    const before = { memory: memoryBytes(), bytes: stats().bytes };
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode(`GET ${updatesTarget(key)} HTTP/1.0\r\n\r\n`));
    const buffer = new Uint8Array(64 * 1024);
    let bytes = await connection.read(buffer) ?? 0;
    // The client stops reading: the sockets fill up, and the server stops producing.
    let sent = -1;
    for (let now = 0; now !== sent; await new Promise((resolve) => setTimeout(resolve, 50))) {
      sent = now;
      now = stats().bytes - before.bytes;
    }
    assert.ok(sent < 32 * 2 ** 20, `${sent}`);
    for (let more: number | null = 0; more !== null; more = await connection.read(buffer)) bytes += more;
    assert.ok(Math.abs(bytes / 2 ** 27 - 1) < 0.1, `${bytes}`);
    const grown = memoryBytes() - before.memory;
    assert.ok(grown < 32 * 2 ** 20, `${grown}`);
  });
});

/** Memory of this thread; the resident memory of the process includes other tests. */
function memoryBytes(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
