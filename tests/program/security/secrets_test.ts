/**
 * Secrets must not appear in what trawl writes: the database and its WAL, temporary files, both outputs, the argument
 * list of the process. The server echoes every secret wherever it can.
 *
 * @module
 */

import assert from "node:assert/strict";
import { HandlerServer, RawServer, write } from "../../http/support.ts";
import { query } from "../../support/database.ts";
import { type Said, trawlHere } from "../../support/in_process.ts";
import { TempFolder } from "../../support/temp.ts";
import { type Ended, startTrawl, trawl } from "../../support/trawl.ts";

const isLinux = Deno.build.os === "linux";

/** The middle of each secret, which only base64 changes. */
const cores = ["Core4Header", "Core4Query", "Core4Path", "Core4List", "Core4Login"] as const;

const env = {
  HEADER_TOKEN: `h/é &+"'\\${cores[0]}\\"=`,
  QUERY_TOKEN: `q/€ &+"'\\\n${cores[1]}%25#`,
  LIST_TOKEN: `l ${cores[3]}'`,
  LOGIN: `u:@${cores[4]}`,
  // Too short to be masked: masking it would garble other text.
  PIN: "1",
};

const pathToken = `p/../é ${cores[2]}?`;

/** Three keys with good answers, and one for each way to echo a secret. */
const keys = ["1", "2", "3", "json", "status", "away", "here", "header", "utf8"];

function answer(request: Request): Response {
  const url = new URL(request.url);
  const asked = `${request.url} ${decodeURIComponent(url.href.replaceAll("+", " "))}`;
  const told = `${asked} ${request.headers.get("authorization")} ${request.headers.get("x-login")}`;
  const inHeader = encodeURIComponent(told);
  const headers = { etag: `"${inHeader}"`, "last-modified": inHeader, "x-request-id": inHeader };
  const key = url.pathname.split("/").at(-1);
  if (url.pathname === "/list") return Response.json(keys, { headers });
  if (key === "json") return new Response(`{"items":[],"${told}`, { headers });
  if (key === "status") return new Response(told, { status: 401, headers });
  if (key === "utf8") {
    return new Response(Uint8Array.of(0x22, ...new TextEncoder().encode(told), 0xff), { headers });
  }
  if (key === "away" || key === "here") {
    const location = `${key === "here" ? "/" : "http://other.invalid/"}?${url.search}${inHeader}`;
    return new Response(null, { status: 302, headers: { ...headers, location } });
  }
  const body = url.pathname === "/" ? [] : [{ v: key === "header" ? 1 : 2 }];
  return Response.json({ items: body, error: told }, { headers });
}

function jobText(url: string, more = ""): string {
  return `
name = "secretive"
[keys]
url = "${url}/list?token={secret.LIST_TOKEN}"
path = "$[*]"
[request]
url = "${
    url.replace("//", "//u:{secret.LOGIN}@")
  }/{secret.PATH_TOKEN}/{key}?pin={secret.PIN}&token={secret.QUERY_TOKEN}"
headers = { authorization = "Bearer {secret.HEADER_TOKEN}", x-login = "{secret.LOGIN}" }
timeout = { connect = "1s", total = "5s" }
[retry]
attempts = 1
outage = "1s"
[rows]
path = "$.items[*]"
[rows.columns]
v = { path = "$.v", type = "integer" }
${more}`;
}

/** Two folders: one with a credential, one for every other file that trawl reads or writes. */
class Scene implements Disposable {
  readonly #credentials = new TempFolder();
  readonly folder = new TempFolder();
  readonly outputs: string[] = [];
  readonly env: Readonly<Record<string, string>>;

  constructor() {
    this.#credentials.file("PATH_TOKEN", `${pathToken}\n`);
    Deno.mkdirSync(this.folder.file("tmp"));
    this.env = {
      ...env,
      CREDENTIALS_DIRECTORY: this.#credentials.path,
      TMPDIR: this.folder.file("tmp"),
    };
  }

  start(...args: readonly string[]) {
    return startTrawl(args, { cwd: this.folder.path, env: this.env });
  }

  async run(...args: readonly string[]): Promise<Ended> {
    const ended = await this.start(...args).ended;
    this.outputs.push(ended.stdout, ended.stderr);
    return ended;
  }

  /** As {@linkcode run}, in this process. */
  async runHere(...args: readonly string[]): Promise<Said> {
    const said = await trawlHere(args, { env: this.env });
    this.outputs.push(said.stdout, said.stderr);
    return said;
  }

  /** Asserts that no output and no file holds a secret. */
  assertClean(): void {
    for (const text of this.outputs) assertWithout(new TextEncoder().encode(text), text);
    for (const path of filesIn(this.folder.path)) assertWithout(Deno.readFileSync(path), path);
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
    this.#credentials[Symbol.dispose]();
  }
}

function* filesIn(folder: string): Iterable<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* filesIn(path);
    else yield path;
  }
}

/** Each core in 8-bit and 16-bit text, and its base64 at each of the three alignments. */
const traces = cores.flatMap((core) => {
  const encoded = [0, 1, 2].map((shift) => btoa("\0".repeat(shift) + core).slice(shift + 1, -4));
  const wide = [...core].join("\0");
  return [core.toLowerCase(), wide.toLowerCase(), ...encoded.map((text) => text.toLowerCase())];
});

function assertWithout(bytes: Uint8Array, what: string): void {
  const text = new TextDecoder("latin1").decode(bytes).toLowerCase();
  for (const trace of traces) assert.ok(!text.includes(trace), `${JSON.stringify(trace)} is in ${what}`);
}

Deno.test("trawl writes no secret anywhere when the server echoes every one", async () => {
  using scene = new Scene();
  await using server = new HandlerServer(answer);
  const job = scene.folder.file("job.toml", jobText(server.url));

  const check = await scene.run("check", job, "--keys", scene.folder.file("keys.txt", "1\n"));
  assert.equal(check.code, 0, check.stderr);
  assert.ok(
    check.stdout.includes(`GET ${server.url.replace("//", "//u:***@")}/***/1?pin=***&token=***\n`),
    check.stdout,
  );
  const tried = await scene.run("check", job, "--try", "9");
  assert.equal(tried.code, 3, tried.stderr);
  assert.equal((await scene.run("plan", job, "--probe", "9")).code, 0);
  assert.equal((await scene.run("plan", job, "--probe", "9", "--json", "--verbose")).code, 0);

  const first = await scene.run("run", job, "--verbose");
  assert.equal(first.code, 3, first.stderr);
  assert.match(first.stderr, /9 = 4 ok \+ 1 empty \+ 0 unchanged \+ 4 failed/);
  const second = await scene.run("run", job, "--new", "--json");
  assert.equal(JSON.parse(second.stdout).failed, 4, "no number is taken for a short secret");
  for (const flag of ["--verbose", "--json", "--failed"]) {
    assert.equal((await scene.run("status", "secretive.db", flag)).code, 0);
  }
  scene.assertClean();
  const [[text] = []] = query(scene.folder.file("secretive.db"), "SELECT text FROM runs");
  assert.equal(text, jobText(server.url), "the job is stored as written");
  const validators = query(
    scene.folder.file("secretive.db"),
    "SELECT count(etag), count(last_modified) FROM fetches",
  );
  assert.deepEqual(validators, [[0, 0]]);
});

Deno.test("trawl writes no secret anywhere when it fails", async () => {
  using scene = new Scene();
  await using server = new HandlerServer(answer);
  await using broken = new RawServer(async (connection, request) => {
    const isList = request.startsWith("GET /list");
    await write(connection, isList ? `HTTP/1.1 200 OK\r\n\r\n["1","2"` : `HTTP/1.1 ${request}\r\n\r\n`);
    connection.close();
  });
  const port = /\d+$/.exec(server.url)?.[0];
  const mistakes: readonly (readonly [string, string, number, RegExp])[] = [
    // No listener; no TLS; a cut key list; no HTTP.
    ["dead", jobText("http://127.0.0.1:9"), 75, /the server could not be reached/],
    ["tls", jobText(`https://127.0.0.1:${port}`), 75, /could not be reached/],
    ["cut", jobText(broken.url), 75, /the response was cut short/],
    [
      "mad",
      jobText(broken.url).replace(/url = .*\npath = .*\n/, 'range = "1..3"\n'),
      3,
      /the response head is not valid HTTP/,
    ],
    // The mistake is at the secret, or after it.
    ["space", jobText(server.url).replace("?pin", " ?pin"), 2, /must hold no spaces/],
    ["name", jobText(server.url).replace("x-login", '"x login"'), 2, /must have a name of letters/],
    [
      "header",
      jobText(server.url).replace("{secret.HEADER_TOKEN}", "{secret.QUERY_TOKEN}"),
      2,
      /contains a line break/,
    ],
    ["host", jobText(server.url).replace(/u:\S+PATH_TOKEN\}/, "h.{secret.PIN}x"), 2, /behind the host/],
    [
      "url",
      jobText(server.url).replace(/(\[request\]\nurl = ")[^"]*/, "$1{secret.QUERY_TOKEN}/{key}"),
      2,
      /must begin with/,
    ],
    ["late", jobText(server.url, "nonsense = 1"), 2, /nonsense/],
    ["toml", jobText(server.url, "nonsense = {secret.QUERY_TOKEN}"), 2, /as TOML/],
  ];
  for (const [name, text, code, message] of mistakes) {
    const { folder } = scene;
    const ended = await scene.runHere(
      "run",
      folder.file(`${name}.toml`, text),
      "--verbose",
      "--db",
      folder.file(`${name}.db`),
    );
    assert.equal(ended.code, code, `${name}: ${ended.stderr}`);
    assert.match(ended.stderr, message, name);
  }
  scene.assertClean();
});

Deno.test(`trawl run writes no secret anywhere when it is killed${isLinux ? ", and has none in its arguments" : ""}`, async () => {
  using scene = new Scene();
  let asked: (() => void) | undefined;
  const isAsked = new Promise<void>((resolve) => asked = resolve);
  const over = new AbortController();
  await using server = new HandlerServer(async (request) => {
    if (/\/[23]\?/.test(request.url)) {
      asked?.();
      await new Promise<void>((resolve) => over.signal.addEventListener("abort", () => resolve()));
    }
    return answer(request);
  });
  const running = scene.start("run", scene.folder.file("job.toml", jobText(server.url)), "--verbose");
  await isAsked;
  if (isLinux) {
    const cmdline = await Deno.readFile(`/proc/${running.pid}/cmdline`);
    assertWithout(cmdline, "the process list");
  }
  running.kill("SIGKILL");
  const { stdout, stderr } = await running.ended;
  over.abort();
  scene.outputs.push(stdout, stderr);
  assert.ok(scene.folder.names().includes("secretive.db-wal"));
  scene.assertClean();
});

Deno.test("trawl run stores a secret that the server sends as a value, and check masks it", async () => {
  using folder = new TempFolder();
  await using server = new HandlerServer((request) => Response.json([request.headers.get("x-token")]));
  const job = folder.file(
    "job.toml",
    `name = "echo"
[keys]
range = "1..1"
[request]
url = "${server.url}/{key}"
headers = { x-token = "{secret.TOKEN}" }
[rows]
path = "$[*]"
`,
  );
  const options = { cwd: folder.path, env: { TOKEN: "echoed-token" } };
  assert.match((await trawl(["check", job, "--try", "1"], options)).stdout, /\n {2}"\*\*\*"\n$/);
  assert.equal((await trawl(["run", job], options)).code, 0);
  assert.deepEqual(query(folder.file("echo.db"), "SELECT value FROM rows"), [["echoed-token"]]);
});

Deno.test("trawl masks a secret in a message", async () => {
  using folder = new TempFolder();
  const url = ["--url", "http://127.0.0.1:9/{key}?t={secret.TOKEN}", "--rows", "$"];
  const args = ["run", ...url, "--keys", "none-echoed%2Dtoken.txt", "--verbose"];
  const { code, stderr } = await trawl(args, { cwd: folder.path, env: { TOKEN: "echoed-token" } });
  assert.equal(code, 2);
  assert.match(stderr, /^trawl: Cannot read the key file "none-\*\*\*\.txt": /);
  assert.doesNotMatch(stderr, /echoed/);
});

Deno.test("trawl refuses a secret that is not UTF-8, and does not show it", async () => {
  using folder = new TempFolder();
  await Deno.writeFile(folder.file("TOKEN"), Uint8Array.of(...new TextEncoder().encode(cores[0]), 0xff));
  const args = ["check", "--url", "http://127.0.0.1:9/{key}?t={secret.TOKEN}", "--rows", "$", "--verbose"];
  const { code, stdout, stderr } = await trawlHere(args, { env: { CREDENTIALS_DIRECTORY: folder.path } });
  assert.equal(code, 2);
  assert.match(stderr, /^trawl: --url: Cannot read "TOKEN": its value must be UTF-8 text\n/);
  assertWithout(new TextEncoder().encode(stdout + stderr), stderr);
});
