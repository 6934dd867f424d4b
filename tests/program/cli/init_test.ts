import assert from "node:assert/strict";
import blank from "../../../lib/job/presets/blank.toml" with { type: "text" };
import type { Job } from "../../../lib/job/job.ts";
import { loadJob } from "../../../lib/job/load_job.ts";
import { presets } from "../../../lib/job/presets.ts";
import { jobJsonSchema } from "../../../lib/job/job_schema.ts";
import { TempFolder } from "../../support/temp.ts";
import { trawl } from "../../support/trawl.ts";

const env = { TRAWL_SOURCEAPP: "test" };

Deno.test("trawl init writes a job that check takes as it is, of every preset and without one", async () => {
  using folder = new TempFolder();
  for (
    const [name, operands] of [
      ["my-api", []],
      ...Object.keys(presets).map((it) => [it, [it]] as const),
    ] as const
  ) {
    const { code, stdout, stderr } = await trawl(["init", ...operands], { cwd: folder.path });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `${name}.toml\n`);
    const check = /^ {2}\S.*? (check \.\/.*) --try 3$/m.exec(stderr)?.[1] ?? "";
    const checked = await trawl(check.split(" "), { cwd: folder.path, env });
    assert.equal(checked.code, 0, checked.stderr);
    assert.match(checked.stdout, new RegExp(`^${name} is a valid job\n`));
  }
  assert.equal(await Deno.readTextFile(folder.file("my-api.toml")), blank);
  assert.equal(
    await Deno.readTextFile(folder.file("ripestat-updates.toml")),
    presets["ripestat-updates"]?.text,
  );
});

Deno.test("trawl init --systemd writes the units too, --name and --dir say which and where", async () => {
  using folder = new TempFolder();
  await Deno.mkdir(folder.file("in"));
  const args = ["init", "ripestat-activity", "--systemd", "--name", "hourly.2", "--dir", "in"];
  const { code, stdout, stderr } = await trawl(args, { cwd: folder.path });
  assert.equal(code, 0, stderr);
  const files = ["hourly.2.toml", "trawl-hourly.2.service", "trawl-hourly.2.timer"];
  assert.equal(stdout, files.map((file) => `in/${file}\n`).join(""));
  assert.match(stderr, /^ {2}sudoedit \/etc\/trawl\/hourly\.2\.env$/m);
  assert.match(stderr, /^ {2}sudo systemctl enable --now trawl-hourly\.2\.timer$/m);
  const job = await Deno.readTextFile(folder.file("in/hourly.2.toml"));
  assert.equal(load(job).name, "hourly.2");
  const service = await Deno.readTextFile(folder.file("in/trawl-hourly.2.service"));
  assert.match(service, /trawl run \/etc\/trawl\/hourly\.2\.toml --db \/var\/lib\/trawl\/hourly\.2\.db/);
  assert.match(service, /: TRAWL_SOURCEAPP$/m);
});

Deno.test("trawl init --systemd makes units of a job file that is there, and leaves it as it is", async () => {
  using folder = new TempFolder();
  const text = blank.replace(/^range.*/m, 'file = "the keys.txt"').replace(
    /^#headers = { auth/m,
    "headers = { auth",
  );
  const file = folder.file("a job.toml", text);
  const { code, stdout, stderr } = await trawl(["init", "./a job.toml", "--systemd"], { cwd: folder.path });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "trawl-my-api.service\ntrawl-my-api.timer\n");
  assert.ok(stderr.includes("  sudo install -D -m 644 './a job.toml' /etc/trawl/my-api.toml\n"), stderr);
  assert.ok(stderr.includes("  sudo install -D -m 644 'the keys.txt' '/etc/trawl/the keys.txt'\n"), stderr);
  assert.ok(stderr.includes("  sudo install -m 600 /dev/stdin /etc/trawl/API_TOKEN\n"), stderr);
  assert.equal(await Deno.readTextFile(file), text);
  const service = await Deno.readTextFile(folder.file("trawl-my-api.service"));
  assert.match(service, /^LoadCredential=API_TOKEN:\/etc\/trawl\/API_TOKEN$/m);
});

Deno.test("trawl init writes nothing where one of its files is there, unless forced", async () => {
  using folder = new TempFolder();
  folder.file("trawl-my-api.timer", "mine");
  const refused = await trawl(["init", "--systemd"], { cwd: folder.path });
  assert.equal(refused.code, 2);
  assert.equal(
    refused.stderr,
    'trawl: "trawl-my-api.timer" exists: add --force to replace it\n',
  );
  assert.deepEqual(folder.names(), ["trawl-my-api.timer"]);
  assert.equal((await trawl(["init", "--systemd", "--force"], { cwd: folder.path })).code, 0);
  assert.match(await Deno.readTextFile(folder.file("trawl-my-api.timer")), /^OnCalendar=/m);
  assert.deepEqual(folder.names(), ["my-api.toml", "trawl-my-api.service", "trawl-my-api.timer"]);
});

Deno.test("trawl init says what it cannot write, and why", async () => {
  using folder = new TempFolder();
  folder.file("stdin.toml", blank.replace(/^range.*/m, ""));
  const mistakes: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [["ripestat"], /Cannot find the job "ripestat": it must be a preset/],
    [["--name", "a b"], /^trawl: Cannot use --name: must be 1 to 100 letters, .*, got "a b"/],
    [["--name", '%"\n'], /^trawl: Cannot use --name: must be 1 to 100 letters, .*, got "%\\"\\n"/],
    [["./stdin.toml"], /^trawl: ".\/stdin.toml" is a job file already: add --systemd/],
    [
      ["./stdin.toml", "--systemd"],
      /".\/stdin.toml" has no \[keys\]: add them, because a service has no standard input/,
    ],
    [["./stdin.toml", "--systemd", "--name", "x"], /--name needs a preset: ".\/stdin.toml" is a job file/],
    [
      ["--dir", "nowhere"],
      /Cannot write "nowhere\/my-api.toml": its folder must exist and be writable, got /,
    ],
    [["a", "b"], /^trawl: Too many operands: name one preset, not also "b"/],
  ];
  for (const [args, message] of mistakes) {
    const { code, stderr } = await trawl(["init", ...args], { cwd: folder.path });
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
  assert.deepEqual(folder.names(), ["stdin.toml"]);
});

function load(text: string): Job {
  return loadJob(text, { file: "blank", env: () => "x", secret: () => "y" });
}

/** Takes the hash away before what `wanted` says. */
function uncommented(wanted: (line: string) => boolean): string {
  return blank.split("\n").map((line) => /^#[\w[]/.test(line) && wanted(line) ? line.slice(1) : line).join(
    "\n",
  );
}

Deno.test("the blank job shows every field of the schema", () => {
  const fields = fieldsOf(jobJsonSchema());
  assert.ok(fields.length > 30, String(fields));
  // Three of the tests of an answer are named beside the fourth.
  const isBeside = (field: string) => ["starts_with", "contains", "exists"].includes(field);
  for (const field of fields) {
    const place = isBeside(field)
      ? `\\b${field}\\b`
      : `^#?${field} *=|^#?\\[(\\w+\\.)?${field}\\]|[{,] ${field} =`;
    assert.match(blank, new RegExp(place, "m"));
  }
});

Deno.test("the blank job is a job with all of its examples", () => {
  const all = uncommented((line) => !line.startsWith("#file")).replace(/^range.*/m, "").replace(
    /^in_flight = 8/m,
    'in_flight = "auto"',
  );
  const job = load(all);
  assert.deepEqual([job.keys.kind, job.window?.everyMs, job.tables[0].columns.length], [
    "url",
    86_400_000,
    2,
  ]);
});

Deno.test("the blank job's commented fields are the defaults, where they are not called examples", () => {
  const isWindow = (line: string) => /^#(\[window\]|every = "1d")/.test(line);
  const { text: _text, ...plain } = load(uncommented(isWindow));
  const defaults = blank.split("\n").filter((line) => /^#\w/.test(line) && !line.includes("example:"))
    .filter((line) => !line.includes("# example"));
  assert.ok(defaults.length >= 8, defaults.join("\n"));
  for (const line of defaults) {
    const { text: _text, ...job } = load(uncommented((it) => it === line || isWindow(it)));
    assert.deepEqual(job, plain, line);
  }
});

Deno.test("the blank job tells the largest value of every number, duration and size", () => {
  const lines = uncommented((line) => !/^#(file|url|path|control)/.test(line)).split("\n");
  let count = 0;
  for (const [index, line] of lines.entries()) {
    const value = /^\w+ = ("(\d+(ms|s|m|h|d|[KMGT]iB))"|[\d_]+(?= ))/.exec(line);
    if (value === null) continue;
    const huge = /^"/.test(value[1] ?? "") ? value[1]?.replace(/\d+/, "999999999") ?? "" : "999999999";
    const text = lines.with(index, line.replace(value[1] ?? "", huge)).join("\n").replace(
      /^in_flight = 8/m,
      'in_flight = "auto"',
    );
    assert.throws(() => load(text), (error: Error) => {
      const max = / to (\S+(?: TiB)??)(?: in |, or|: )/.exec(error.message)?.[1] ?? "";
      assert.ok(line.replaceAll(/[,_]/g, "").includes(max), `${line}: ${error.message}`);
      return true;
    }, line);
    count++;
  }
  assert.ok(count >= 11, String(count));
});

type Schema = ReturnType<typeof jobJsonSchema>;

/** The names of all fields, of inner tables too. */
function fieldsOf(schema: Schema): string[] {
  const names: string[] = [];
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    names.push(name);
    if (typeof inner === "object") names.push(...fieldsOf(inner as Schema));
  }
  for (const inner of [schema.items, schema.additionalProperties]) {
    if (typeof inner === "object" && !Array.isArray(inner)) names.push(...fieldsOf(inner as Schema));
  }
  return names;
}
