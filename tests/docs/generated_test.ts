/**
 * Holds the generated documentation against the definitions that it comes from.
 *
 * @module
 */

import assert from "node:assert/strict";
import { jobFile } from "../../lib/job/job_schema.ts";
import { generatedFiles } from "./generated.ts";
import { type Field, isTable, jobFields } from "./job_file_reference.ts";

Deno.test("the generated files are up to date (deno task docs writes them)", async () => {
  const files = await generatedFiles();
  assert.ok(files.length > 0);
  for (const { path, current, expected } of files) assert.equal(current, expected, path);
});

Deno.test("every field of the job file has a description, and an example that the schema takes", () => {
  const fields = [...jobFields()];
  assert.ok(fields.length > 40, String(fields.length));
  for (const field of fields) {
    const name = field.path.join(".");
    assert.match(field.schema.description ?? "", /^[A-Z].*\.$/, name);
    if (isTable(field)) continue;
    const example = field.schema["example"];
    assert.notEqual(example, undefined, name);
    const { success, error } = jobFile.safeParse(jobWith(field, example));
    assert.ok(success, `${name}: ${error?.issues[0]?.message}`);
  }
});

/** A minimal job whose field is set; its tables get their required fields. */
function jobWith({ path }: Field, value: unknown): unknown {
  const job: Record<string, unknown> = {
    name: "j",
    request: { url: "https://api.example/{key}" },
    rows: { path: "$" },
  };
  const needs: Readonly<Record<string, Record<string, unknown>>> = {
    "window": { every: "1d" },
    "accept.fail_if": { path: "$" },
    "rows.columns.NAME": { path: "$" },
    "rows.count": { by: "t", every: "1m" },
  };
  let table = job;
  for (const [depth, name] of path.slice(0, -1).entries()) {
    const at = path.slice(0, depth + 1).join(".");
    const inner = table[name] as Record<string, unknown> ?? { ...needs[at] };
    table[name] = at === "accept.fail_if" ? [inner] : inner;
    table = inner;
  }
  table[path.at(-1) ?? ""] = value;
  return job;
}
