/**
 * trawl under systemd: notifications over a datagram socket, the watchdog, and priorities of journal lines.
 *
 * @module
 */

import assert from "node:assert/strict";
import { startSimulator } from "../../../lib/simulate/simulator.ts";
import { query } from "../../support/database.ts";
import { TempFolder } from "../../support/temp.ts";
import { startTrawl, trawl } from "../../support/trawl.ts";

/** A message that trawl never sends. */
const last = "LAST=1";

/** The notification socket of systemd. */
class Manager implements AsyncDisposable {
  readonly path: string;
  readonly told: string[] = [];
  readonly #socket: Deno.DatagramConn;
  readonly #read: Promise<void>;
  #changed: (() => void) | undefined;

  constructor(path: string) {
    this.path = path;
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path });
    this.#read = this.#receive();
  }

  async #receive(): Promise<void> {
    for await (const [bytes] of this.#socket) {
      this.told.push(new TextDecoder().decode(bytes));
      this.#changed?.();
    }
  }

  async until(condition: (told: readonly string[]) => boolean): Promise<void> {
    while (!condition(this.told)) await new Promise<void>((resolve) => this.#changed = resolve);
  }

  /** Resolves once every message that an ended program sent has arrived. */
  async settled(): Promise<void> {
    const socket = Deno.listenDatagram({ transport: "unixpacket" });
    await socket.send(new TextEncoder().encode(last), { transport: "unixpacket", path: this.path });
    socket.close();
    await this.until((told) => told.includes(last));
    this.told.splice(this.told.indexOf(last), 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#read;
  }
}

function helloJob(url: string, more = ""): string {
  return `name = "x"\n[keys]\nrange = "1..400"\n[request]\nurl = "${url}/hello/{key}"\n[rows]\npath = "$"\n${more}`;
}

Deno.test("trawl run notifies systemd when it is ready, alive, further and stopping", async () => {
  using folder = new TempFolder();
  await using manager = new Manager(folder.file("notify"));
  await using simulator = await startHello(20);
  const job = folder.file("job.toml", helloJob(simulator.url, "[limits]\nin_flight = 1\n"));
  const args = ["run", job, "--db", folder.file("a.db")];
  const env = { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "200000" };
  const running = startTrawl(args, { env });
  await manager.until((told) => told.some((state) => / \d+\/400 · .* 1 in flight/.test(state)));
  running.kill("SIGTERM");
  const stopped = await running.ended;
  assert.equal(stopped.code, 75, stopped.stderr);
  await manager.settled();
  const { told }: { readonly told: readonly string[] } = manager;
  assert.equal(told[0], "READY=1");
  assert.equal(told.find((state) => state.startsWith("STATUS=")), "STATUS=x starts run 1");
  // Twice in 200 ms, and the status comes after 5 s.
  assert.ok(told.filter((state) => state === "WATCHDOG=1").length > 5, told.join("\n"));
  assert.equal(told.filter((state) => state === "STOPPING=1").length, 1);
  assert.ok(told.indexOf("STOPPING=1") > told.indexOf("WATCHDOG=1"));
  assert.match(told.at(-1) ?? "", /^STATUS=run 1 of x interrupted \(stopped\) in /);
  const knownStates = /^(READY=1|STATUS=[^\n]+|WATCHDOG=1|STOPPING=1)$/;
  assert.deepEqual(told.filter((state) => !knownStates.test(state)), []);

  const resumed = await trawl([...args, "--in-flight", "32"], { env });
  assert.equal(resumed.code, 0, resumed.stderr);
  await manager.settled();
  assert.match(
    told.slice(1).find((state) => /STATUS=x resumes/.test(state)) ?? "",
    /run 1: \d+ keys have a verdict/,
  );
  assert.deepEqual(query(folder.file("a.db"), "SELECT state, keys, ok FROM runs"), [["finished", 400, 400]]);
});

Deno.test("trawl run notifies systemd that it is ready when there is nothing to do", async () => {
  using folder = new TempFolder();
  await using manager = new Manager(folder.file("notify"));
  await using simulator = await startHello(0);
  const job = folder.file("job.toml", helloJob(simulator.url, '[window]\nevery = "1d"\n'));
  const args = ["run", job, "--db", folder.file("a.db")];
  assert.equal((await trawl(args)).code, 0);
  const { code, stderr } = await trawl(args, { env: { NOTIFY_SOCKET: manager.path } });
  assert.equal(code, 0);
  assert.match(stderr, /nothing to do/);
  await manager.settled();
  const [first, status, ...more] = manager.told;
  assert.deepEqual([first, more], ["READY=1", []]);
  assert.match(
    status ?? "",
    /^STATUS=nothing to do for \d{4}-\d\d-\d\d: already finished; --new asks again$/,
  );
});

Deno.test("trawl run sends no READY for a wrong job, and no WATCHDOG for another process", async () => {
  using folder = new TempFolder();
  await using manager = new Manager(folder.file("notify"));
  const env = { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "2000", WATCHDOG_PID: "1" };
  const wrong = await trawl(["run", folder.file("job.toml", "name = 1")], { env });
  assert.equal(wrong.code, 2);
  await manager.settled();
  assert.equal(manager.told.length, 0);
  await using simulator = await startHello(20);
  const job = folder.file("x.toml", helloJob(simulator.url));
  assert.equal((await trawl(["run", job, "--db", folder.file("a.db"), "--limit", "20"], { env })).code, 0);
  await manager.settled();
  assert.deepEqual(manager.told.filter((state) => state.startsWith("WATCHDOG")), []);
});

Deno.test("trawl run warns once when it cannot notify systemd, and finishes", async () => {
  using folder = new TempFolder();
  await using simulator = await startHello(0);
  const job = folder.file("job.toml", helloJob(simulator.url));
  for (const path of [folder.file("missing"), "@abstract"]) {
    const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "20000" };
    const { code, stderr } = await trawl(["run", job, "--db", folder.file("a.db")], {
      env,
      cwd: folder.path,
    });
    assert.equal(code, 0, stderr);
    assert.equal(
      stderr.match(/Cannot notify systemd: \$NOTIFY_SOCKET must be the path of a socket, got /g)?.length,
      1,
      stderr,
    );
    assert.match(stderr, /run \d of x finished/);
  }
  assert.ok(!folder.names().includes("undefined"));
});

Deno.test("trawl run finishes when systemd does not read its socket", async () => {
  using folder = new TempFolder();
  await using simulator = await startHello(0);
  const job = folder.file("job.toml", helloJob(simulator.url));
  const path = folder.file("notify");
  // Without a reader the socket is full after some messages.
  const deaf = Deno.listenDatagram({ transport: "unixpacket", path });
  try {
    const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "1000" };
    const running = startTrawl(["run", job, "--db", folder.file("a.db")], { env });
    const timer = setTimeout(() => running.kill("SIGKILL"), 60_000);
    const { code, stderr } = await running.ended;
    clearTimeout(timer);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /run 1 of x finished/);
  } finally {
    deaf.close();
  }
});

Deno.test("trawl starts each line with its priority only when standard error is the journal", async () => {
  using folder = new TempFolder();
  await using simulator = await startHello(0, [{ kind: "status", status: 404, keys: ["3"] }]);
  const job = folder.file("job.toml", helloJob(simulator.url));
  const db = folder.file("a.db");
  const log = folder.file("log", "");
  const { dev, ino } = await Deno.stat(log);
  const said = async (args: readonly string[], stream = `${dev}:${ino}`) => {
    const env = { JOURNAL_STREAM: stream, DENO: Deno.execPath(), LOG: log };
    await trawlTo(log, args, env);
    return (await Deno.readTextFile(log)).trimEnd().split("\n");
  };
  const done = await said(["run", job, "--db", db, "--limit", "2"]);
  assert.ok(done.length > 5);
  assert.deepEqual(done.filter((line) => !/^<6>/.test(line)), []);
  assert.match(done[0] ?? "", /^<6>trawl: x starts run 1$/);
  const failed = await said(["run", job, "--db", db, "--limit", "3"]);
  assert.match(failed[0] ?? "", /^<6>trawl: x resumes run 1: 2 keys have a verdict$/);
  assert.deepEqual(failed.slice(1).filter((line) => !/^<3>/.test(line)), []);
  const some = await said(["run", job, "--db", db, "--limit", "3", "--min-coverage", "0.5"]);
  assert.deepEqual(some.slice(1).filter((line) => !/^<4>/.test(line)), []);
  assert.match((await said(["run", "none.toml"])).join("\n"), /^<3>trawl: Cannot read the job file[^\n]*$/);
  assert.match((await said(["run", "none.toml"], "8:1")).join("\n"), /^trawl: Cannot read/);
});

/** Runs trawl with standard error in a file, so that `JOURNAL_STREAM` can name its device and inode. */
async function trawlTo(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const words = [...args].map((word) => `'${word}'`).join(" ");
  const root = new URL("../../../", import.meta.url).pathname;
  const { success } = await new Deno.Command("sh", {
    args: [
      "-c",
      `"$DENO" run -q --no-prompt --allow-net --allow-read --allow-write --allow-env main.ts ${words} 2> ${file}; true`,
    ],
    cwd: root,
    env: { ...env, NO_COLOR: "1" },
  }).output();
  assert.ok(success);
}

async function startHello(ms: number, faults: Parameters<typeof startSimulator>[0]["faults"] = []) {
  const simulator = await startSimulator({ profile: "hello", latency: { kind: "fixed", ms }, faults });
  return {
    url: simulator.url,
    stats: () => simulator.stats(),
    [Symbol.asyncDispose]: () => simulator.close(),
  };
}
