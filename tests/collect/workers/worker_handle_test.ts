import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import { SharedState } from "../../../lib/pace/shared_state.ts";
import { permissionsFor, WorkerHandle } from "../../../lib/collect/workers/worker_handle.ts";
import type { ToStore } from "../../../lib/worker/protocol.ts";
import { rowsOf } from "../../support/rows.ts";
import { HandlerServer } from "../../http/support.ts";
import { runLimits } from "../../../lib/limits.ts";
import { supervisorTickMs } from "../../../lib/pace/clock.ts";
import { tearWorkers } from "../../torture/torn.ts";
import { jobOf, until } from "../support.ts";

Deno.test("permissionsFor() lets a Worker reach the job's hosts, and nothing else", async () => {
  const { request, ...rest } = jobOf("http://127.0.0.1:8001");
  const job = { ...rest, request: { ...request, redirectHosts: ["cdn.example:443"] } };
  const worker = new Worker(new URL("./permission_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: permissionsFor({ hosts: ["127.0.0.1:8001"], job }) },
  });
  const told = new Promise<Record<string, string>>((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
  });
  const granted: readonly Deno.PermissionDescriptor[] = [
    { name: "net", host: "127.0.0.1:8001" },
    { name: "net", host: "cdn.example:443" },
  ];
  const denied: readonly Deno.PermissionDescriptor[] = [
    { name: "net" },
    { name: "net", host: "127.0.0.1" },
    { name: "net", host: "127.0.0.1:8002" },
    { name: "net", host: "cdn.example" },
    { name: "net", host: "example.org" },
    { name: "read" },
    { name: "read", path: "/etc" },
    { name: "write" },
    { name: "env" },
    { name: "env", variable: "HOME" },
    { name: "run" },
    { name: "sys" },
    { name: "ffi" },
    { name: "import" },
  ];
  worker.postMessage([...granted, ...denied]);
  const states = await told;
  worker.terminate();
  for (const [descriptors, isGranted] of [[granted, true], [denied, false]] as const) {
    for (const descriptor of descriptors) {
      const name = JSON.stringify(descriptor);
      assert.equal(states[name] === "granted", isGranted, `${name}: ${states[name]}`);
      delete states[name];
    }
  }
  assert.ok(Object.keys(states).length >= 10);
  for (const [deed, how] of Object.entries(states)) {
    assert.match(how, /^Requires \w+ access|escalate parent thread permissions/, deed);
  }
});

/** Has a Worker ask one key; returns what it found. */
async function askOne(url: string, hosts: readonly string[]): Promise<readonly ToStore[]> {
  const taken: ToStore[] = [];
  const memory = SharedState.create(4);
  const job = jobOf(url, { attempts: 1 });
  await new Promise<void>((resolve, reject) => {
    const handle = new WorkerHandle({
      type: "prepare",
      worker: 0,
      answeredKey: undefined,
      job,
      window: undefined,
      shared: memory,
      hosts,
    }, {
      store: (message) => Promise.resolve(void taken.push(message)),
      onDrained: () => {},
      onRefused: () => {},
      onEnded: () => {
        handle.terminate();
        resolve();
      },
      onDied: (_, error) => reject(error),
      onStoreError: reject,
    });
    handle.start({ number: 0, first: 5, size: 1, entries: [{ sequence: 5, key: "k" }] });
  });
  return taken;
}

Deno.test("WorkerHandle has a Worker ask a batch, and hands on what it found", async () => {
  await using server = new HandlerServer(({ url }) => Response.json({ r: [{ v: new URL(url).pathname }] }));
  const [message] = await askOne(server.url, [server.host]);
  assert.ok(message?.type === "finished");
  assert.deepEqual(rowsOf(message.chunk.tables[0]!.rows), [["/k"]]);
  assert.deepEqual(message.chunk.fetches.map(({ sequence, verdict }) => [sequence, verdict]), [[5, "ok"]]);
});

Deno.test("WorkerHandle has a Worker that reaches no other host, whatever the job says", async () => {
  let asked = 0;
  await using server = new HandlerServer(() => {
    asked++;
    return Response.json({ r: [] });
  });
  const [message] = await askOne(server.url, ["127.0.0.1:1"]);
  assert.ok(message?.type === "finished");
  assert.deepEqual(message.chunk.fetches.map(({ reason }) => reason), ["connect"]);
  assert.equal(asked, 0);
});

/** Ticks after which a Worker must have answered. */
const ticksMax = runLimits.silentMs / supervisorTickMs;

/** A Worker that waits for its batch. */
function idleWorker(died: (error: Error) => void): WorkerHandle {
  const prepare = {
    type: "prepare",
    worker: 0,
    job: jobOf("http://127.0.0.1:1"),
    window: undefined,
    shared: SharedState.create(1),
    hosts: [],
    answeredKey: undefined,
  } as const;
  return new WorkerHandle(prepare, {
    store: () => assert.fail("it has found nothing"),
    onDrained: () => {},
    onRefused: () => {},
    onEnded: () => {},
    onDied: (_, error) => died(error),
    onStoreError: () => assert.fail("it has found nothing"),
  });
}

for (const how of ["closes", "spins"] as const) {
  Deno.test(`WorkerHandle.tick() notices a Worker that ${how}`, async () => {
    using _torn = tearWorkers({ jumps: [], ill: [{ worker: 0, how, afterMs: 0, forMs: 5_000 }] });
    const dead: string[] = [];
    const handle = idleWorker(({ message }) => dead.push(message));
    // Whatever it answered before it fell ill.
    await delay(500);
    for (let tick = 0; tick < ticksMax; tick++) handle.tick();
    // It may have been slow to fall ill.
    for (; dead.length === 0; await delay(10)) handle.tick();
    handle.terminate();
    handle.tick();
    assert.deepEqual(dead, ["A Worker cannot continue: it has been silent for 1m"]);
  });
}

Deno.test("WorkerHandle.tick() takes no Worker for dead that answers in between, however often", async () => {
  const Whole = globalThis.Worker;
  let answers = 0;
  globalThis.Worker = class extends Whole {
    constructor(specifier: string | URL, options?: WorkerOptions) {
      super(specifier, options);
      this.addEventListener("message", () => answers++);
    }
  };
  const handle = idleWorker(({ message }) => assert.fail(message));
  globalThis.Worker = Whole;
  for (let round = 0; round < 5; round++) {
    for (let tick = 0; tick < ticksMax; tick++) handle.tick();
    await until(() => answers > round);
  }
  handle.terminate();
});
