/**
 * trawl with the permissions of one job only: its host, its folder, its variables. The task and the executable have
 * permissions for any job; these tests show which of them a job needs.
 *
 * @module
 */

import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import config from "../../../deno.json" with { type: "json" };
import { query } from "../../support/database.ts";
import { withSimulator } from "../../support/simulator.ts";
import { day, updatesJob } from "../../support/ripestat_job.ts";
import type { TempFolder } from "../../support/temp.ts";
import { startTrawl, trawl } from "../../support/trawl.ts";

const root = new URL("../../../", import.meta.url).pathname;

/** Permissions by kind. Workers of a checkout read their own modules; an executable contains them. */
function permissionsOf(url: string, folder: TempFolder) {
  return {
    net: `--allow-net=${new URL(url).host}`,
    read: `--allow-read=${folder.path},${root}`,
    write: `--allow-write=${folder.path}`,
    env: "--allow-env=TRAWL_SOURCEAPP",
    sys: "--allow-sys=statfs",
  };
}

function jobIn(folder: TempFolder, url: string): void {
  folder.file("a.toml", updatesJob(`${url}/{env.TRAWL_SOURCEAPP}/..`));
}

const run = ["run", "a.toml", "--window", day, "--limit", "20", "--quiet"];
const plan = ["plan", "a.toml", "--window", day, "--probe", "5", "--json"];

Deno.test("trawl runs every command of a job with the permissions of the job only", async () => {
  await withSimulator({ ripestat: { asns: 40 } }, async ({ url }, folder) => {
    jobIn(folder, url);
    folder.file("a.json", '{"a": 1}');
    const permissions = Object.values(permissionsOf(url, folder));
    const env = { TRAWL_SOURCEAPP: "test", TMPDIR: folder.path };
    const does = async (args: readonly string[]) => {
      const { code, stdout, stderr } = await trawl(args, { cwd: folder.path, permissions, env });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    assert.match(await does(["check", "a.toml", "--window", day, "--try", "2"]), /: ok, \d+ rows/);
    assert.ok(JSON.parse(await does(plan)).freeBytes > 0);
    await does(run);
    assert.match(
      await does(["status", "updates.db"]),
      /interrupted {2}50\.00 %[^]*limited to the first 20 keys/,
    );
    assert.equal(await does(["extract", "$.a", "a.json"]), "1\n");
    assert.deepEqual(query(folder.file("updates.db"), "SELECT count(*) FROM fetches"), [[20]]);
  });
});

Deno.test("trawl simulate needs the network on 127.0.0.1 only", async () => {
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${free.addr.port}`;
  free.close();
  const permissions = ["--allow-net=127.0.0.1", `--allow-read=${root}`];
  const args = ["simulate", "--profile", "hello", "--port", new URL(url).port];
  const running = startTrawl(args, { permissions });
  let isOver = false;
  const over = running.ended.then(() => isOver = true);
  let answered = false;
  while (!answered && !isOver) {
    await delay(50);
    answered = await answers(url);
  }
  running.kill("SIGTERM");
  await over;
  assert.ok(answered, (await running.ended).stderr);
});

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).body?.cancel();
    return true;
  } catch {
    return false;
  }
}

/** A permission, a command that needs it, its exit code and what it prints without it. */
const needs:
  readonly (readonly [keyof ReturnType<typeof permissionsOf>, readonly string[], number, RegExp])[] = [
    ["net", run, 75, /The key list could not be read after \d+ attempts?: the server could not be reached/],
    ["read", run, 2, /"a\.toml"/],
    ["write", run, 2, /Cannot write the database "updates\.db": .* Requires write access/],
    ["env", run, 2, /Requires env access to "TRAWL_SOURCEAPP"/],
    ["sys", plan, 0, /"freeBytes":null/],
  ];

for (const [name, args, code, message] of needs) {
  Deno.test(`trawl ${args[0]} needs the permission ${name}, and says so`, async () => {
    await withSimulator({ ripestat: { asns: 40 } }, async ({ url }, folder) => {
      jobIn(folder, url);
      folder.file("a.toml", `${updatesJob(`${url}/{env.TRAWL_SOURCEAPP}/..`)}[retry]\nattempts = 1\n`);
      const all = { ...permissionsOf(url, folder), [name]: name === "read" ? `--allow-read=${root}` : "" };
      const permissions = Object.values(all).filter((flag) => flag !== "");
      const env = { TRAWL_SOURCEAPP: "test", TMPDIR: folder.path };
      const ended = await trawl(args, { cwd: folder.path, permissions, env });
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stdout + ended.stderr, message);
      assert.doesNotMatch(ended.stderr, /^ +at /m);
    });
  });
}

Deno.test("deno task trawl has five permissions and no others", () => {
  assert.deepEqual(config.tasks.trawl.command.match(/--allow-\S+/g), [
    ...["--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-sys=statfs"],
  ]);
});
