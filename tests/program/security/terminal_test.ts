/**
 * Control sequences for a terminal, wherever a user, a file, a server or a database can put them: trawl prints none.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { HandlerServer } from "../../http/support.ts";
import { query } from "../../support/database.ts";
import { TempFolder } from "../../support/temp.ts";
import { type Said, trawlHere } from "../../support/in_process.ts";
import { trawl } from "../../support/trawl.ts";

/** A colour, a link, eight-bit title and clear-screen codes, reversed and invisible text, a pile of accents. */
const hostile = "\x1b[31m\x1b]8;;x:y\x07\x9b2J\x9d0;t\x9c\r\u202e\u2066\u200b\u2028" + "z" +
  "\u0301".repeat(40);

/** The same without control characters, which a key may not hold. */
const hostileKey = hostile.replaceAll(/\p{Cc}/gu, "");

const steering = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{M}{9}/u;

/** What a command printed, which must be clean. */
function assertQuiet<T extends Said>(said: T, args: readonly string[]): T {
  for (const text of [said.stdout, said.stderr]) {
    assert.doesNotMatch(text.replaceAll(/[\n\t]/g, ""), steering, args.join(" "));
  }
  return said;
}

async function quietly(args: readonly string[]): Promise<Said> {
  return assertQuiet(await trawlHere(args, { env: { TRAWL_SOURCEAPP: "test" } }), args);
}

function jobText(url: string): string {
  return `name = "hostile"
[keys]
url = "${url}/list"
path = "$[*]"
control = [${JSON.stringify(`control${hostileKey}`)}]
[request]
url = "${url}/{key}"
[retry]
attempts = 1
[accept]
require = "$['items', '${hostileKey}']"
[rows]
path = "$['items', '${hostileKey}'][*]"
`;
}

Deno.test("trawl prints no control sequence that a server sends", async () => {
  using folder = new TempFolder();
  await using server = new HandlerServer((request) => {
    const headers = { "x-note": "\x9b2J", etag: "\x9b2J", server: "\x9d0;t\x9c" };
    const path = decodeURIComponent(new URL(request.url).pathname);
    if (path === "/list") return Response.json([`good${hostileKey}`, `bad${hostileKey}`, `odd${hostileKey}`]);
    if (path.startsWith("/bad")) return new Response(hostile, { status: 418, statusText: "\x9b2J", headers });
    if (path.startsWith("/odd")) return new Response(`{"items": [${hostile}`, { headers });
    return Response.json({ items: [hostile, { [hostile]: hostile }] }, { headers });
  });
  const job = folder.file(`job${hostile}.toml`, jobText(server.url));
  const database = folder.file(`hostile${hostileKey}.db`);
  assert.equal((await quietly(["check", job])).code, 0);
  const tried = await quietly(["check", job, "--try", "9", "--db", database]);
  assert.equal(tried.code, 3, tried.stderr);
  assert.match(
    tried.stdout,
    /odd.*: failed: the answer is not valid JSON \(bad-json\): a value .* must follow/,
  );
  assert.equal((await quietly(["plan", job, "--probe", "9", "--db", database])).code, 0);
  assert.equal((await quietly(["plan", job, "--probe", "9", "--db", database, "--json"])).code, 0);
  // As a process once: its streams are main.ts's.
  const args = ["run", job, "--db", database, "--verbose"];
  const run = assertQuiet(await trawl(args), args);
  assert.equal(run.code, 3, run.stderr);
  assert.match(run.stderr, / {2}failed {6}1 × bad-json: /);
  const again = await quietly(["run", job, "--db", database, "--new", "--json"]);
  assert.equal(JSON.parse(again.stdout).database, database, "JSON gives names back as they are");
  for (const flags of [[], ["--failed"], ["--failed", "--verbose"], ["--json"], ["--run", "1"]]) {
    assert.equal((await quietly(["status", database, ...flags])).code, 0);
  }
  // Sanitizing is for the terminal: the database holds the values as sent.
  const values = query(database, "SELECT value FROM rows LIMIT 2");
  assert.deepEqual(values, [[hostile], [JSON.stringify({ [hostile]: hostile })]]);
});

Deno.test("trawl status prints no control sequence of a forged database", async () => {
  using folder = new TempFolder();
  await using server = new HandlerServer(() => new Response(null, { status: 404 }));
  const db = folder.file("a.db");
  const args = [
    "run",
    "--url",
    `${server.url}/{key}`,
    "--rows",
    "$",
    "--keys",
    folder.file("keys.txt", "1\n"),
  ];
  assert.equal((await trawlHere([...args, "--db", db])).code, 3);
  {
    using database = new DatabaseSync(db);
    database.prepare(
      "UPDATE _trawl_run SET job = ?1, reason = ?1, started = ?1, state = 'interrupted', window_start = ?1, window_end = ?1",
    )
      .run(hostile);
    database.prepare("UPDATE _trawl_fetch SET key = ?1, reason = ?1").run(hostile);
    database.prepare("INSERT OR REPLACE INTO _trawl_failure SELECT id, ?1 FROM _trawl_fetch").run(hostile);
  }
  for (const flags of [[], ["--failed"], ["--failed", "--verbose"], ["--json"]]) {
    assert.equal((await quietly(["status", db, ...flags])).code, 0);
  }
});

Deno.test("trawl prints no control sequence of its arguments and files in a message", async () => {
  using folder = new TempFolder();
  const bad = folder.file("bad.toml", `name = "${hostileKey}"\n`);
  const worse = folder.file("worse.toml", `name = ${hostile}\n`);
  const keys = folder.file(`keys${hostile}`, `a${hostile}\n`);
  const json = folder.file(`a${hostile}.json`, `[1, ${hostile}]`);
  const noDatabase = folder.file(`b${hostile}.db`, "no database".repeat(100));
  const url = ["--url", "http://127.0.0.1:9/{key}", "--rows", "$"];
  const commands: readonly (readonly string[])[] = [
    [hostile],
    ["run", hostile],
    ["run", `${hostile}.toml`],
    ["run", bad],
    ["run", worse],
    ["run", bad, hostile],
    ["run", ...url, `--${hostile}`],
    ["run", ...url, "--name", hostile],
    ["run", ...url, "--column", hostile],
    ["run", ...url, "--column", `${hostile}=$`],
    ["run", ...url, "--rate", hostile],
    ["run", ...url, "--window", hostile],
    ["run", ...url, "--in-flight", hostile],
    ["run", ...url, "--keys", hostile],
    ["run", ...url, "--keys", keys],
    ["run", "ripestat-updates", "--set", hostile],
    ["run", "ripestat-updates", "--set", `${hostile}=1`],
    ["run", "ripestat-updates", "--window", hostile],
    ["check", "--url", hostile, "--rows", "$"],
    ["check", "--url", `http://h/{key}?{${hostile}}`, "--rows", "$"],
    ["check", ...url.slice(0, 3), hostile],
    ["status", noDatabase],
    ["status", hostile],
    ["extract", hostile],
    ["extract", "$", hostile],
    ["extract", "$[*]", json],
    ["simulate", "--fault", hostile],
    ["simulate", "--profile", hostile],
    ["simulate", hostile],
  ];
  for (const args of commands) {
    const { code, stderr } = await quietly([...args, "--verbose"]);
    assert.ok(code === 2 || args[0] === "extract" && code === 1, `${args.join(" ")}: ${code} ${stderr}`);
    assert.match(stderr, /^trawl: /);
  }
});
