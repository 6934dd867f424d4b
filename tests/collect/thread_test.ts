import assert from "node:assert/strict";
import { Shared } from "../../lib/collect/shared.ts";
import { permissionsFor, Thread } from "../../lib/collect/thread.ts";
import type { ToStore } from "../../lib/collect/messages.ts";
import { rowsOf } from "../support/rows.ts";
import { HandlerServer } from "../http/support.ts";
import { jobOf } from "./support.ts";

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
  const memory = Shared.create(4);
  const job = jobOf(url, { attempts: 1 });
  await new Promise<void>((resolve, reject) => {
    const thread = new Thread({ type: "prepare", worker: 0, job, window: undefined, shared: memory, hosts }, {
      take: (message) => Promise.resolve(void taken.push(message)),
      drained: () => {},
      ended: () => {
        thread.terminate();
        resolve();
      },
      died: (_, error) => reject(error),
      notTaken: reject,
    });
    thread.start({ number: 0, first: 5, keys: ["k"], done: new Set() });
  });
  return taken;
}

Deno.test("Thread has a Worker ask a batch, and hands on what it found", async () => {
  await using server = new HandlerServer(({ url }) => Response.json({ r: [{ v: new URL(url).pathname }] }));
  const [message] = await askOne(server.url, [server.host]);
  assert.ok(message?.type === "finished");
  assert.deepEqual(rowsOf(message.chunk.rows), [["/k"]]);
  assert.deepEqual(message.chunk.fetches.map(({ sequence, verdict }) => [sequence, verdict]), [[5, "ok"]]);
});

Deno.test("Thread has a Worker that reaches no other host, whatever the job says", async () => {
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
