/**
 * Correct job files: every field, every default, and the JSON Schema.
 *
 * @module
 */

import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import type { Job } from "../../lib/job/job.ts";
import { loadJob } from "../../lib/job/load_job.ts";
import { jobFile, jobJsonSchema } from "../../lib/job/job_schema.ts";

const minimal = await fixture("minimal");
const everyField = await fixture("every_field");

function fixture(name: string): Promise<string> {
  return Deno.readTextFile(new URL(`../../fixtures/jobs/${name}.toml`, import.meta.url));
}

function load(text: string, set?: Readonly<Record<string, string>>): Job {
  return loadJob(text, {
    file: "jobs/x.toml",
    set,
    env: (name) => name === "APP" ? "my app&x=1" : undefined,
    secret: (name) => name === "TOKEN" ? "s3/cret" : undefined,
  });
}

Deno.test("loadJob() fills in the default of every missing field", () => {
  deepStrictEqual(load(minimal), {
    name: "minimal",
    text: minimal,
    keys: { kind: "stdin" },
    control: [],
    request: {
      url: [{ kind: "text", text: "https://api.example/items/" }, { kind: "key" }],
      headers: {},
      timeout: { connectMs: 10_000, firstByteMs: 600_000, idleMs: 60_000, totalMs: 1_800_000 },
      bodyBytesMax: 8 * 2 ** 30,
      redirectHosts: [],
    },
    limits: { inFlight: 8, rates: [] },
    retry: { attempts: 5, outageMs: 900_000, failedWindows: 0 },
    accept: { equals: [], failIf: [], minCoverage: 0.99 },
    tables: [{
      name: "rows",
      path: "$.items[*]",
      columns: [{ name: "value", path: "$", type: "any" }],
      max: 1e8,
    }],
  });
});

Deno.test("loadJob() reads every field", () => {
  const { text: _, request: { url, headers, ...request }, ...job } = load(everyField);
  deepStrictEqual({ ...job, request }, {
    name: "every-field",
    keys: {
      kind: "url",
      url: [{ kind: "text", text: "https://api.example/keys?app=my%20app%26x%3D1" }],
      path: "$.keys[*]",
      count: "$.total",
      headers: { accept: [{ kind: "text", text: "application/json" }] },
    },
    control: ["first", "second"],
    window: { everyMs: 3_600_000, lagMs: 5_400_000, catchUp: 24 },
    request: {
      timeout: { connectMs: 5_000, firstByteMs: 120_000, idleMs: 500, totalMs: 3_600_000 },
      bodyBytesMax: 64 * 2 ** 20,
      redirectHosts: [
        "cdn.example:443",
        "files.example:8443",
        "127.0.0.1:8080",
        "[::1]:81",
        "xn--4ca.example:443",
      ],
    },
    limits: {
      inFlight: 100,
      rates: [
        { count: 100, perMs: 1_000 },
        { count: 10_000, perMs: 3_600_000 },
        { count: 30, perMs: 60_000 },
        { count: 50_000, perMs: 86_400_000 },
      ],
      batch: 500,
      share: "api.example",
    },
    retry: { attempts: 3, outageMs: 600_000, failedWindows: 2 },
    paging: { style: "none" },
    accept: {
      require: { path: "$.items", type: "any" },
      count: "$.total",
      equals: [
        { path: "$.id", value: [{ kind: "key" }] },
        { path: "$['the day']", value: [{ kind: "window", edge: "start", form: "date" }] },
      ],
      failIf: [
        { path: "$.status", equals: "error" },
        { path: "$.status", startsWith: "maintenance" },
        { path: "$.message", contains: "try later" },
        { path: "$.error", exists: true },
      ],
      minCoverage: 0.5,
    },
    tables: [{
      name: "items",
      path: "$.items[*]",
      columns: [
        { name: "at", path: "$.at", type: "time", isIndexed: true },
        { name: "kind", path: "$.kind", type: "text" },
        { name: "size", path: "$.sizes[0]", type: "integer" },
        { name: "share", path: "$['the share']", type: "real" },
        { name: "raw", path: "$", type: "json" },
        { name: "other", path: "$.other", type: "any" },
      ],
      max: 1_000,
      withinWindow: "at",
      count: { by: "at", everyMs: 60_000 },
    }],
  });
  deepStrictEqual(url, [
    { kind: "text", text: "https://api.example/v1/" },
    { kind: "key" },
    { kind: "text", text: "?from=" },
    { kind: "window", edge: "start", form: "unix" },
    { kind: "text", text: "&to=" },
    { kind: "window", edge: "end", form: "unix" },
    { kind: "text", text: "&day=" },
    { kind: "window", edge: "start", form: "date" },
    { kind: "text", text: "&token=" },
    { kind: "text", text: "s3%2Fcret", secret: "TOKEN" },
    { kind: "text", text: "&literal={x}" },
  ]);
  deepStrictEqual(headers, {
    authorization: [{ kind: "text", text: "Bearer " }, { kind: "text", text: "s3/cret", secret: "TOKEN" }],
    accept: [{ kind: "text", text: "application/json" }],
    "x-key": [{ kind: "key" }],
  });
});

Deno.test("loadJob() makes a job that postMessage() can clone", () => {
  const job = load(everyField);
  deepStrictEqual(structuredClone(job), job);
});

Deno.test("loadJob() keeps the text and appends a sorted line for each --set", () => {
  const text = `${minimal}[set]\nb = "1"\na = "2"`;
  strictEqual(load(text).text, text);
  strictEqual(load(text, { b: "x y", a: "{key}\n" }).text, `${text}\n# --set a="{key}\\n"\n# --set b=x y\n`);
  const other = load(`${text}\n`, { b: "x" }).text;
  strictEqual(other, `${text}\n# --set b=x\n`);
});

Deno.test("loadJob() keeps the environment and secrets out of the text", () => {
  const { text } = load(everyField, { host: "http://127.0.0.1:1" });
  ok(!text.includes("my app") && !text.includes("s3/cret"));
  ok(text.endsWith("# --set host=http://127.0.0.1:1\n"));
});

Deno.test("loadJob() inserts a set value verbatim, without expanding placeholders in it", () => {
  const text =
    'name = "j"\nrequest.url = "{set.host}/{key}"\nrows.path = "$"\nset.host = "https://a.example/x"\n';
  const [before] = load(text).request.url;
  deepStrictEqual(before, { kind: "text", text: "https://a.example/x/" });
  const [given] = load(text, { host: "http://127.0.0.1:8080/{env.NO}/a%20b" }).request.url;
  deepStrictEqual(given, { kind: "text", text: "http://127.0.0.1:8080/{env.NO}/a%20b/" });
});

Deno.test("loadJob() throws when a set name is not in the job", () => {
  const message = 'Cannot set "hst": it must be in the [set] table of the job, ';
  throws(() => load(everyField, { hst: "x" }), {
    name: "UsageError",
    message: `${message}which has host (did you mean "host")`,
  });
  throws(() => load(minimal, { hst: "x" }), { name: "UsageError", message: `${message}which is empty` });
});

Deno.test("loadJob() requires an array unless the job names another type", () => {
  const required = (value: string) => load(`${minimal}accept.require = ${value}\n`).accept.require;
  deepStrictEqual(required('"$.a"'), { path: "$.a", type: "array" });
  deepStrictEqual(required('{ path = "$.a" }'), { path: "$.a", type: "array" });
  deepStrictEqual(required('{ path = "$.a", type = "object" }'), { path: "$.a", type: "object" });
});

Deno.test("loadJob() sends the headers without {key} with a key list, and credentials to the same origin only", () => {
  const headersOf = (url: string, more = "") => {
    const { keys } = load(
      `${everyField.split("\n[")[0]}\n[set]\n[keys]\nurl = "${url}"\npath = "$[*]"\n${more}
[window]\nevery = "1h"\n[request]\nurl = "https://api.example/{key}"
headers = { authorization = "Bearer {secret.TOKEN}", x-token = "plain", accept = "text/plain", x-key = "{key}" }
[rows]\npath = "$[*]"\n`,
    );
    return keys.kind === "url" ? Object.keys(keys.headers) : undefined;
  };
  deepStrictEqual(headersOf("https://api.example/list"), ["authorization", "x-token", "accept"]);
  deepStrictEqual(headersOf("https://api.example:444/list"), ["accept"]);
  deepStrictEqual(headersOf("http://api.example/list"), ["accept"]);
  deepStrictEqual(headersOf("https://other.example/list", 'headers = { x = "{secret.TOKEN}" }'), ["x"]);
});

Deno.test("loadJob() resolves a relative key file against the folder of the job file", () => {
  const keys = (file: string) => load(`${minimal}keys.file = ${JSON.stringify(file)}\n`).keys;
  deepStrictEqual(keys("k.txt"), { kind: "file", file: "jobs/k.txt" });
  deepStrictEqual(keys("../k.txt"), { kind: "file", file: "k.txt" });
  deepStrictEqual(keys("/data/k.txt"), { kind: "file", file: "/data/k.txt" });
});

Deno.test("loadJob() reads a range of keys", () => {
  deepStrictEqual(load(`${minimal}keys.range = "1..100000000"\n`).keys, {
    kind: "range",
    first: 1,
    last: 100_000_000,
  });
});

Deno.test("loadJob() reads automatic limits and their upper bounds", () => {
  const limitsOf = (lines: string) => load(`${minimal}[limits]\n${lines}`).limits;
  deepStrictEqual(limitsOf('in_flight = "auto"'), {
    inFlight: 1_000,
    rates: [],
    auto: { inFlight: true, rate: false },
  });
  deepStrictEqual(limitsOf('in_flight = "auto"\nin_flight_max = 20\nrate = "auto"'), {
    inFlight: 20,
    rates: [],
    auto: { inFlight: true, rate: true },
  });
  deepStrictEqual(limitsOf('rate = ["500/s", "auto", "100000/day"]'), {
    inFlight: 8,
    rates: [{ count: 500, perMs: 1_000 }, { count: 100_000, perMs: 86_400_000 }],
    auto: { inFlight: false, rate: true },
  });
});

Deno.test("loadJob() reads a single rate, CRLF line ends and a byte order mark", () => {
  const text = `\uFEFF${minimal}limits.rate = "50/s"\n`.replaceAll("\n", "\r\n");
  deepStrictEqual(load(text).limits.rates, [{ count: 50, perMs: 1_000 }]);
});

Deno.test("loadJob() accepts a table of 48 and a column of 63 characters, named like SQL keywords", () => {
  const long = "a".repeat(63);
  strictEqual(load(`${minimal}rows.table = "_${long.slice(16)}"\n`).tables[0].name.length, 48);
  const { tables: [table] } = load(
    `${minimal}rows.table = "select"\nrows.columns.${long}.path = "$"\nrows.columns.from.path = "$"\n`,
  );
  deepStrictEqual([table.name, ...table.columns.map(({ name }) => name)], ["select", long, "from"]);
});

Deno.test("loadJob() throws before parsing when the job file exceeds a million characters", () => {
  throws(() => load("#".repeat(1_000_001)), {
    name: "UsageError",
    message: 'Cannot read the job file "jobs/x.toml": it must have at most 1000000 characters, got 1000001',
  });
});

Deno.test("jobJsonSchema() describes every field and allows no others", () => {
  const undescribed: string[] = [];
  const visit = (schema: ReturnType<typeof jobJsonSchema>, path: string) => {
    if (schema.properties !== undefined) strictEqual(schema.additionalProperties, false, path);
    for (const [name, inner] of Object.entries(schema.properties ?? {})) {
      if (typeof inner === "boolean") continue;
      if (inner.description === undefined) undescribed.push(`${path}.${name}`);
      visit(inner, `${path}.${name}`);
    }
    for (const inner of [schema.items, schema.additionalProperties]) {
      if (typeof inner === "object" && !Array.isArray(inner)) visit(inner, `${path}.*`);
    }
  };
  visit(jobJsonSchema(), "job");
  deepStrictEqual(undescribed, []);
  deepStrictEqual(jobJsonSchema().required, ["name", "request", "rows"]);
});

Deno.test("jobFile takes back the defaults that it documents", () => {
  const { request, limits } = jobFile.parse({ name: "j", request: { url: "" }, rows: { path: "$" } });
  strictEqual(request.max_body, 8 * 2 ** 30);
  strictEqual(limits.in_flight, 8);
});
