/**
 * What a server learns of who asks.
 *
 * @module
 */

import assert from "node:assert/strict";
import { userAgent } from "../../../lib/http/user_agent.ts";
import { HandlerServer } from "../../http/support.ts";
import { runCommand } from "../../support/in_process.ts";
import { TempFolder } from "../../support/temp.ts";

Deno.test("trawl run names itself to the server of the keys and of the key list", async () => {
  using folder = new TempFolder();
  const seen = new Set<string>();
  await using server = new HandlerServer(({ url, headers }) => {
    seen.add(`${new URL(url).pathname} ${headers.get("user-agent")}`);
    return Response.json(["a"]);
  });
  const job = folder.file(
    "job.toml",
    `name = "j"\n[keys]\nurl = "${server.url}/list"\npath = "$[*]"\n` +
      `[request]\nurl = "${server.url}/{key}"\n[rows]\npath = "$[*]"\n`,
  );
  const { code, stderr } = await runCommand(["run", job, "--db", folder.file("a.db")]);
  assert.equal(code, 0, stderr);
  assert.deepEqual([...seen], [`/list ${userAgent}`, `/a ${userAgent}`]);
});
