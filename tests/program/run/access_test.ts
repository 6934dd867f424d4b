/**
 * A server that refuses access: with a wrong token from the start, and with one that expires.
 *
 * @module
 */

import assert from "node:assert/strict";
import { HandlerServer } from "../../http/support.ts";
import { trawlHere } from "../../support/in_process.ts";
import { TempFolder } from "../../support/temp.ts";

/** A job of `keys` keys, and a server whose answers a test sets. */
class Scene implements AsyncDisposable {
  readonly #folder = new TempFolder();
  readonly #server: HandlerServer;
  readonly #job: string;
  requests = 0;
  /** The status for a key at the n-th request, from 1; a refusal says what is wrong. */
  statusOf: (key: number, n: number) => number = () => 401;

  constructor(keys: number, more = "") {
    this.#server = new HandlerServer((request) => {
      const status = this.statusOf(Number(request.url.split("/").at(-1)), ++this.requests);
      return status === 200 ? Response.json(1) : Response.json({ message: "Bad credentials" }, { status });
    });
    this.#job = this.#folder.file(
      "job.toml",
      `name = "access"
[request]
url = "${this.#server.url}/{key}"
[limits]
in_flight = 2
[accept]
require = { path = "$", type = "any" }
[rows]
path = "$"
[retry]
outage = "2s"
[keys]
range = "1..${keys}"
${more}
`,
    );
  }

  /** Runs the job: its exit code, messages, and how many keys are ok, failed and pending. */
  async run(...flags: readonly string[]) {
    const db = this.#folder.file("a.db");
    const { code, stdout, stderr } = await trawlHere([
      "run",
      this.#job,
      "--db",
      db,
      "--json",
      "--verbose",
      ...flags,
    ]);
    const { ok, failed, pending } = stdout === "" ? {} : JSON.parse(stdout);
    return { code, stderr, sums: [ok, failed, pending] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

Deno.test("trawl run ends after 20 refusals of a wrong token, and goes on with all keys once it is right", async () => {
  await using scene = new Scene(300);
  const wrong = await scene.run();
  assert.equal(wrong.code, 2, wrong.stderr);
  assert.ok(scene.requests >= 20 && scene.requests < 23, `${scene.requests} requests`);
  assert.deepEqual(wrong.sums, [0, 0, 300]);
  assert.match(
    wrong.stderr,
    /every request was refused: the server answered 401 \(http-401, .*Bad credentials.*\); check the credentials/,
  );
  scene.statusOf = () => 200;
  const right = await scene.run();
  assert.equal(right.code, 0, right.stderr);
  assert.deepEqual(right.sums, [300, 0, 0]);
});

Deno.test("trawl run ends when fewer keys than 20 are all refused, or the control key is", async () => {
  for (const [keys, more] of [[3, ""], [300, 'control = ["7"]']] as const) {
    await using scene = new Scene(keys, more);
    const { code, stderr, sums } = await scene.run();
    assert.equal(code, 2, stderr);
    assert.match(stderr, /every request was refused: .*\(http-401/);
    assert.deepEqual([sums[1], scene.requests], [0, keys === 3 ? 3 : 1]);
  }
});

Deno.test("trawl run ends with exit code 2 and no failed key when a token expires", async () => {
  await using scene = new Scene(300);
  scene.statusOf = (_key, n) => n <= 50 ? 200 : 401;
  const expired = await scene.run();
  assert.equal(expired.code, 2, expired.stderr);
  assert.match(expired.stderr, /no request has succeeded for 2s; .*\(http-401\)/);
  assert.deepEqual(expired.sums, [50, 0, 250]);
  // Ten in a row, one more in flight, and the probes of the outage.
  assert.ok(scene.requests < 70, `${scene.requests} requests`);
  // A start that finds the token as it was ends at the first probe.
  const { requests } = scene;
  const again = await scene.run();
  assert.equal(again.code, 2, again.stderr);
  assert.ok(scene.requests - requests < 14, `${scene.requests - requests} requests`);
  scene.statusOf = () => 200;
  const right = await scene.run();
  assert.deepEqual([right.code, ...right.sums], [0, 300, 0, 0], right.stderr);
});

Deno.test("trawl run fails keys that are refused on their own, and those with another final status", async () => {
  await using scene = new Scene(60);
  scene.statusOf = (key) => key > 20 && key <= 32 ? 403 : key > 40 && key <= 55 ? 404 : 200;
  const { code, stderr, sums } = await scene.run();
  assert.deepEqual([code, ...sums], [3, 33, 27, 0], stderr);
  // Asked again, all of them are refused: a key that succeeded tells that access is well.
  const again = await scene.run("--retry-failed");
  assert.deepEqual([again.code, ...again.sums], [3, 33, 27, 0], again.stderr);
});
