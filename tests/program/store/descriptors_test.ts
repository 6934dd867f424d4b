/**
 * A process without a free file descriptor: what each opening of a file says, and what a request says.
 *
 * @module
 */

import assert from "node:assert/strict";
import { root } from "../../support/trawl.ts";
import { TempFolder } from "../../support/temp.ts";

/** Descriptors of the process. Deno itself needs about thirty. */
const descriptorsMax = 64;

/** Loads everything, takes all descriptors, and prints the message of each failure. */
const script = `
  const [
    { messageOf }, { RunLock }, { openForReading, openForWriting }, { backupDatabase }, { readKeys }, { FetchTransport },
  ] = await Promise.all([
    "lib/errors.ts", "lib/store/sqlite/run_lock.ts", "lib/store/sqlite/connection.ts",
    "lib/store/sqlite/backup_file.ts", "lib/collect/keys/key_reader.ts", "lib/http/fetch_transport.ts",
  ].map((file) => import("${root}" + file)));
  openForWriting("a.db").close();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using transport = new FetchTransport({ connectionsMax: 1, connectMs: 1_000 });
  const url = "http://127.0.0.1:" + listener.addr.port + "/";
  const held = [];
  const messages = {};
  try { for (;;) held.push(Deno.openSync("a.db")); } catch { /* no more */ }
  const says = async (what, act) => {
    try { await act(); messages[what] = "nothing"; } catch (error) { messages[what] = messageOf(error); }
  };
  await says("lock", () => RunLock.acquire("a.db", "j"));
  await says("new database", () => openForWriting("b.db"));
  await says("reader", () => openForReading("a.db"));
  await says("backup", () => backupDatabase("a.db", "c.db"));
  await says("key file", async () => { for await (const _ of readKeys({ kind: "file", file: "k.txt" })); });
  await says("request", () => transport.send({ method: "GET", url, headers: {} }, new AbortController().signal)
    .catch((error) => { throw new Error(transport.failureOf(error).reason); }));
  messages.reachable = await transport.isReachable(url);
  for (const file of held) file.close();
  console.log(JSON.stringify(messages));`;

Deno.test("trawl says that no file descriptor is left, wherever it opens a file or a connection", async () => {
  using folder = new TempFolder();
  folder.file("k.txt", "1\n");
  const file = folder.file("script.ts", script);
  const { stdout, stderr } = await new Deno.Command("/bin/bash", {
    args: [
      "-c",
      `ulimit -n ${descriptorsMax}; exec "$@"`,
      "bash",
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-check",
      "--allow-all",
      `--config=${root}deno.json`,
      file,
    ],
    cwd: folder.path,
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.notEqual(text, "", new TextDecoder().decode(stderr));
  const remedy = "too many open files: raise LimitNOFILE of the unit, or ulimit -n in a shell";
  assert.deepEqual(JSON.parse(text), {
    "lock": `Cannot write the database "a.db": ${remedy}`,
    "new database": `Cannot create the database "b.db": ${remedy}`,
    "reader": `Cannot use the database "a.db": ${remedy}`,
    "backup": `Cannot use the database "a.db": ${remedy}`,
    "key file": `Cannot read the key file "k.txt": ${remedy}`,
    "request": "out-of-descriptors",
    // No check was possible, so the server is not to blame.
    "reachable": true,
  });
});
