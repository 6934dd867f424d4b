/**
 * Two runs that share the limits of one API, as processes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { HandlerServer } from "../../http/support.ts";
import { TempFolder } from "../../support/temp.ts";
import { startTrawl, trawl } from "../../support/trawl.ts";
import { until } from "../../support/until.ts";

/** A server whose answers take 150 ms, and what it saw. */
class CountingServer implements AsyncDisposable {
  /** Requests in flight by job, and the most of all jobs together. */
  readonly inFlight: Record<string, number> = {};
  most = 0;
  readonly startsMs: number[] = [];
  readonly #server: HandlerServer;

  constructor() {
    this.#server = new HandlerServer((request) => this.#answer(request));
  }

  get url(): string {
    return this.#server.url;
  }

  async #answer(request: Request): Promise<Response> {
    const [, job = "", key = ""] = new URL(request.url).pathname.split("/");
    this.startsMs.push(performance.now());
    this.inFlight[job] = (this.inFlight[job] ?? 0) + 1;
    this.most = Math.max(this.most, Object.values(this.inFlight).reduce((sum, count) => sum + count, 0));
    const isCut = await new Promise<boolean>((resolve) => {
      setTimeout(resolve, 150, false);
      // A killed client's requests are no longer in flight.
      request.signal.addEventListener("abort", () => resolve(true));
    });
    this.inFlight[job]--;
    if (isCut) return new Response();
    return key === "list"
      ? Response.json({ ids: Array.from({ length: 30 }, (_, id) => id) })
      : Response.json(1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

/** The most starts in any span of `ms`. */
function mostStarts(startsMs: readonly number[], ms: number): number {
  return Math.max(
    ...startsMs.map((startMs, index) => startsMs.slice(index).filter((other) => other < startMs + ms).length),
  );
}

function jobText(name: string, url: string, limits: string): string {
  return `name = "${name}"
[keys]
url = "${url}/${name}/list"
path = "$.ids[*]"
[request]
url = "${url}/${name}/{key}"
[limits]
share = "api"
${limits}
[rows]
path = "$"
[accept]
require = { path = "$", type = "any" }`;
}

Deno.test("two runs that share their limits keep to them together, and a killed one frees its slots", async () => {
  using folder = new TempFolder();
  await using server = new CountingServer();
  const env = { XDG_STATE_HOME: folder.path };
  const start = (name: string) => {
    const job = folder.file(`${name}.toml`, jobText(name, server.url, 'in_flight = 3\nrate = "18/s"'));
    return startTrawl(["run", job, "--db", folder.file(`${name}.db`), "--json"], { env });
  };
  const [a, b] = [start("a"), start("b")];
  await until(() => server.startsMs.length >= 36);
  a.kill("SIGKILL");
  assert.equal((await a.ended).signal, "SIGKILL");
  for (const run of [b, start("a")]) {
    const { code, stdout, stderr } = await run.ended;
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).ok, 30);
  }
  assert.equal(server.most, 3);
  // Arrivals bunch on a busy machine. Two runs with a pace of their own would start 36.
  const most = mostStarts(server.startsMs, 1_000);
  assert.ok(most <= 25, `${most} starts in one second`);
  const names = (await Array.fromAsync(Deno.readDir(`${folder.path}/trawl/share/api`))).map(({ name }) =>
    name
  );
  assert.deepEqual(names.toSorted(), ["starts.json", "starts.lock"]);
  const { mode } = await Deno.stat(`${folder.path}/trawl/share/api/starts.json`);
  assert.equal((mode ?? 0) & 0o777, 0o600);
});

Deno.test("trawl run with shared limits says what to set when there is no folder for them", async () => {
  using folder = new TempFolder();
  const job = folder.file("a.toml", jobText("a", "http://127.0.0.1:9", "in_flight = 3"));
  const run = (env: Readonly<Record<string, string>>) =>
    trawl(["run", job, "--db", folder.file("a.db")], { env });
  const homeless = await run({ HOME: "", XDG_STATE_HOME: "" });
  assert.equal(homeless.code, 2);
  assert.match(homeless.stderr, /Cannot share the limits "api": .*STATE_DIRECTORY or XDG_STATE_HOME/);
  const file = folder.file("file", "");
  const broken = await run({ STATE_DIRECTORY: `${file}:/other` });
  assert.equal(broken.code, 2);
  assert.match(
    broken.stderr,
    /Cannot share limits in ".*file\/share\/api": .*STATE_DIRECTORY or XDG_STATE_HOME/,
  );
});
