/**
 * Jobs without a file: a URL, a path of rows and columns.
 *
 * @module
 */

import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { type InlineJob, inlineJob } from "../../lib/job/inline_job.ts";

const url = "https://api.example:8080/{key}";
const context = { env: () => undefined, secret: () => undefined };
const job = inlineJob({ url, rows: "$" }, context);

Deno.test("inlineJob() makes a whole job of a URL and a path", () => {
  strictEqual(job.name, "api.example-8080");
  strictEqual(job.text, `name = "api.example-8080"\n[request]\nurl = "${url}"\n[rows]\npath = "$"\n`);
  deepStrictEqual(job.keys, { kind: "stdin" });
  deepStrictEqual(job.tables, [{
    name: "rows",
    path: "$",
    columns: [{ name: "value", path: "$", type: "any" }],
    max: 1e8,
  }]);
});

Deno.test("inlineJob() names the job after the host when it has no name", () => {
  const nameOf = (host: string) => inlineJob({ url: `http://${host}/{key}`, rows: "$" }, context).name;
  strictEqual(nameOf("127.0.0.1:80"), "127.0.0.1-80");
  strictEqual(nameOf("[::1]:80"), "1-80");
  strictEqual(nameOf("me:secret@h.example"), "h.example");
  strictEqual(inlineJob({ url, rows: "$", name: "mine" }, context).name, "mine");
});

Deno.test("inlineJob() passes names, paths and types of columns whatever characters they have", () => {
  const paths = ["$.b", "$['b:text']", "$['b=c']", "$['\"\\\\']", "$['\x7f\u2028é']"];
  for (const path of paths) {
    const { tables } = inlineJob({ url, rows: "$", columns: [{ name: "a", path, type: "json" }] }, context);
    deepStrictEqual(tables[0].columns[0], { name: "a", path, type: "json" }, path);
  }
  deepStrictEqual(
    inlineJob({ url, rows: "$", columns: [{ name: "a", path: "$" }] }, context).tables[0].columns,
    [
      { name: "a", path: "$", type: "any" },
    ],
  );
});

Deno.test("inlineJob() keeps columns in their order", () => {
  const { tables } = inlineJob({
    url,
    rows: "$",
    columns: ["z", "a", "m"].map((name) => ({ name, path: `$.${name}` })),
  }, context);
  deepStrictEqual(tables[0].columns.map(({ name }) => name), ["z", "a", "m"]);
});

/** As a command line would name the parts. */
const nameOf = ([table, field, column]: readonly PropertyKey[]) =>
  table === "rows" && field === "columns" ? `--column ${String(column)}` : `--${String(field ?? table)}`;

function column(name: string, path: string, type?: string) {
  return { name, path, type };
}

const wrongParts: readonly (readonly [Partial<InlineJob>, string])[] = [
  [{ url: "h/{key}" }, '--url: must begin with http:// or https://: found "h/{key}"'],
  [{ url: "https://h/" }, '--url: must contain {key}: found "https://h/"'],
  [
    { url: "https://h/{kee}" },
    "--url: must use only the placeholders {key}, {env.NAME} and {secret.NAME}: found {kee}",
  ],
  [{ rows: "items" }, '--path: Cannot read the path "items": a path begins with $, at character 1'],
  [
    { name: "a b" },
    '--name: must be 1 to 100 letters, digits, dots, hyphens or underscores, the first a letter or digit: found "a b"',
  ],
  [{ columns: [column("a", "$"), column("a", "$.b")] }, "--column a: must be given once, found twice"],
  [
    { columns: [column("a", "$"), column("A", "$.b")] },
    "--column A: must be a unique name: taken are key, window_start, run, fetch, row, a",
  ],
  [
    { columns: [column("a", "b")] },
    '--column a: Cannot read the path "b": a path begins with $, at character 1',
  ],
  [
    { columns: [column("a", "$", "int")] },
    '--column a: must be one of integer, text, real, time, json, any: found "int"',
  ],
  [
    { columns: [column("a", "$[*]")] },
    '--column a: Cannot use the path "$[*]" for a column as it may select several values: ' +
    "select the array itself and get its JSON text",
  ],
  [
    { columns: [column("a-b", "$")] },
    '--column a-b: must be a name of 1 to 63 letters, digits and underscores, the first no digit: found "a-b"',
  ],
];

Deno.test("inlineJob() names the part that is wrong", () => {
  for (const [part, message] of wrongParts) {
    throws(() => inlineJob({ url, rows: "$", ...part }, { ...context, nameOf }), {
      name: "UsageError",
      message,
    });
  }
});
