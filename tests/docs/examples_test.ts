/**
 * Loads every job of `examples/` and runs it against a local server.
 *
 * @module
 */

import assert from "node:assert/strict";
import { query } from "../support/database.ts";
import { runCommand } from "../support/in_process.ts";
import { day } from "../support/ripestat_job.ts";
import { withSimulator } from "../support/simulator.ts";
import { TempFolder } from "../support/temp.ts";
import { stateEnv } from "../support/trawl.ts";
import { textOf } from "./markdown.ts";

const folder = new URL("../../examples/", import.meta.url).pathname;
const env = { ...stateEnv, TRAWL_SOURCEAPP: "test", API_TOKEN: "letmein-1234" };

/** How each example runs; the server's URL comes in place of its host. */
const runs: Readonly<Record<string, { readonly flags: readonly string[]; readonly table: string }>> = {
  "minimal.toml": { flags: ["--keys", `${folder}keys.txt`], table: "rows" },
  "range.toml": { flags: [], table: "items" },
  "token.toml": { flags: [], table: "items" },
  "key-list-by-url.toml": { flags: [], table: "updates" },
  "windows-with-counts.toml": { flags: ["--window", day], table: "updates" },
};

const run = (args: readonly string[]) => runCommand(args, Date.now(), env);

const files = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".toml"));

Deno.test("every example is run here and listed in examples/README.md", async () => {
  assert.deepEqual(files.toSorted(), Object.keys(runs).toSorted());
  const page = await textOf("examples/README.md");
  for (const file of files) assert.ok(page.includes(`](${file})`), file);
});

Deno.test("every example passes trawl check as it is", async () => {
  for (const file of files) {
    const { flags = [] } = runs[file] ?? {};
    const { code, stderr } = await run(["check", `${folder}${file}`, ...flags]);
    assert.equal(code, 0, `${file}: ${stderr}`);
  }
});

for (const [file, { flags, table }] of Object.entries(runs)) {
  Deno.test(`the example ${file} runs`, async () => {
    await servedBy(file, async (url) => {
      using temp = new TempFolder();
      const text = await textOf(`examples/${file}`);
      const job = temp.file(
        file,
        text.replace(/https:\/\/[a-z.]+\.(?:example|net)|https:\/\/api\.example/, url),
      );
      for (const keys of ["keys.txt", "asns.txt"]) temp.file(keys, await textOf(`examples/${keys}`));
      const db = temp.file("a.db");
      const { code, stderr } = await run(["run", job, "--db", db, "--quiet", ...flags]);
      assert.equal(code, 0, stderr);
      const [[rows]] = query(db, `SELECT count(*) FROM ${table}`) as [[number]];
      assert.ok(rows > 0);
    });
  });
}

/** The simulator, or for the token a server that refuses requests without it. */
async function servedBy(file: string, test: (url: string) => Promise<void>): Promise<void> {
  if (file !== "token.toml") {
    const profile = file === "minimal.toml" || file === "range.toml" ? "hello" : "ripestat";
    const options = { profile, ripestat: { asns: 30, updatesMax: 500 }, latency: { kind: "none" } } as const;
    await withSimulator(options, ({ url }) => test(url));
    return;
  }
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    if (request.headers.get("authorization") !== `Bearer ${env.API_TOKEN}`) {
      return new Response(null, { status: 401 });
    }
    return Response.json({ items: [{ id: 1, name: "a", updated_at: "2026-11-20T06:00:00Z" }] });
  });
  await test(`http://127.0.0.1:${server.addr.port}`);
}
