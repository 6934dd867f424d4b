/**
 * Two runs that share the limits of one API, as processes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { HandlerServer } from "../../http/support.ts";
import { query } from "../../support/database.ts";
import { TempFolder } from "../../support/temp.ts";
import { startTrawl, trawl } from "../../support/trawl.ts";
import { until } from "../../support/until.ts";

/** A server whose answers take 150 ms, and what it saw. */
class CountingServer implements AsyncDisposable {
  /** Requests in flight by job, and the most of all jobs together. */
  readonly inFlight: Record<string, number> = {};
  most = 0;
  readonly requests: Record<string, number> = {};
  readonly #server: HandlerServer;

  constructor() {
    this.#server = new HandlerServer((request) => this.#answer(request));
  }

  get url(): string {
    return this.#server.url;
  }

  async #answer(request: Request): Promise<Response> {
    const [, job = "", key = ""] = new URL(request.url).pathname.split("/");
    this.requests[job] = (this.requests[job] ?? 0) + 1;
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
      ? Response.json({ ids: Array.from({ length: 50 }, (_, id) => id) })
      : Response.json(1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

const startsSql = "SELECT unixepoch(started, 'subsec') * 1000 FROM fetches";

/** The most starts in any span of `ms`. */
function mostStarts(startsMs: readonly number[], ms: number): number {
  return Math.max(
    ...startsMs.map((startMs) => startsMs.filter((other) => other >= startMs && other < startMs + ms).length),
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
  // Both have been under way together, and the first has keys left.
  await until(() => (server.requests["a"] ?? 0) >= 9 && (server.requests["b"] ?? 0) >= 9);
  a.kill("SIGKILL");
  assert.equal((await a.ended).signal, "SIGKILL");
  for (const run of [b, start("a")]) {
    const { code, stdout, stderr } = await run.ended;
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).ok, 50);
  }
  assert.ok(server.most <= 3, `${server.most} in flight`);
  // As the runs noted them: arrivals bunch on a busy machine. Two runs with a pace of their own would start 36.
  const startsMs = ["a", "b"].flatMap((name) => query(folder.file(`${name}.db`), startsSql)).map(([ms]) =>
    Number(ms)
  );
  const most = mostStarts(startsMs, 1_000);
  assert.ok(most <= 20, `${most} starts in one second`);
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
