/**
 * Positions in a TOML text, names of fields, and suggestions for unknown names.
 *
 * @module
 */

import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { nearest } from "../../lib/text/nearest.ts";
import { fieldName } from "../../lib/job/diagnostics.ts";
import { type FieldPath, TomlDocument } from "../../lib/job/toml_document.ts";

const document = new TomlDocument(
  `top = 1
dotted.inner."quoted.name" = "x"
inline = { a = { b = [ 1,
  [2, { c = 3 }] ] } }

[table.below]
field = true

[[list]]
x = 1
  [[list]]
  x = 2
  [list.sub]
  y = 3
`,
  "x.toml",
);

const places: readonly (readonly [FieldPath, string, string])[] = [
  [["top"], "1:1", "1:7"],
  [["dotted"], "2:1", "2:1"],
  [["dotted", "inner"], "2:8", "2:8"],
  [["dotted", "inner", "quoted.name"], "2:14", "2:30"],
  [["inline"], "3:1", "3:10"],
  [["inline", "a", "b"], "3:18", "3:22"],
  [["inline", "a", "b", 0], "3:24", "3:24"],
  [["inline", "a", "b", 1, 0], "4:4", "4:4"],
  [["inline", "a", "b", 1, 1, "c"], "4:9", "4:13"],
  [["table"], "6:2", "6:2"],
  [["table", "below"], "6:8", "6:2"],
  [["table", "below", "field"], "7:1", "7:9"],
  [["list"], "9:3", "9:3"],
  [["list", 1], "11:5", "11:5"],
  [["list", 0, "x"], "10:1", "10:5"],
  [["list", 1, "x"], "12:3", "12:7"],
  [["list", 1, "sub", "y"], "14:3", "14:7"],
  // A missing field has the place of the innermost table around it.
  [["table", "below", "other"], "6:8", "6:2"],
  [["list", 1, "sub", "z"], "13:9", "13:4"],
  [["other", "z"], "1:1", "1:1"],
];

Deno.test("TomlDocument gives the line and column of names and values", () => {
  for (const [path, name, value] of places) {
    const text = ({ line, column }: { readonly line: number; readonly column: number }) =>
      `${line}:${column}`;
    strictEqual(text(document.namePosition(path)), name, `name of ${fieldName(path)}`);
    strictEqual(text(document.valuePosition(path)), value, `value of ${fieldName(path)}`);
  }
});

Deno.test("TomlDocument.valueAt() gives values, and undefined when the file lacks the field", () => {
  strictEqual(document.valueAt(["inline", "a", "b", 1, 1, "c"]), 3);
  strictEqual(document.valueAt(["dotted", "inner", "quoted.name"]), "x");
  for (
    const path of [["no"], ["top", "no"], ["toString"], ["list", 5], ["inline", "a", "b", "length", "x"]]
  ) {
    strictEqual(document.valueAt(path), undefined);
  }
});

for (
  const [what, text, place] of [
    ["lists", `a = ${"[".repeat(200)}${"]".repeat(200)}`, "1:69"],
    ["inline tables", `a = ${"{ a = ".repeat(200)}1${" }".repeat(200)}`, "1:385"],
    ["a dotted name", `\n${"a.".repeat(20_000)}a = 1`, "2:1"],
    ["a table's dotted name", `[${"a.".repeat(20_000)}a]\nb = 1`, "1:2"],
    // Exceeds the parser's stack, so the place is unknown.
    ["no end of lists", `\na = ${"[".repeat(100_000)}${"]".repeat(100_000)}`, "1:1"],
  ] as const
) {
  Deno.test(`TomlDocument throws when the nesting is too deep: ${what}`, () => {
    throws(() => new TomlDocument(text, "f.toml"), {
      name: "UsageError",
      message:
        `f.toml:${place}: Cannot read the job file as TOML: tables and lists must be nested at most 64 deep`,
    });
  });
}

Deno.test("TomlDocument throws when a name is __proto__, which a plain object cannot hold", () => {
  throws(() => new TomlDocument('[rows.columns]\na = 1\n"__proto__" = { path = "$" }\n', "f.toml"), {
    name: "UsageError",
    message: 'f.toml:3:1: rows.columns.__proto__: must have another name: found "__proto__"',
  });
});

Deno.test("fieldName() writes a path in TOML notation", () => {
  strictEqual(fieldName(["rows", "columns", "ts", "path"]), "rows.columns.ts.path");
  strictEqual(fieldName(["accept", "fail_if", 0, "equals"]), "accept.fail_if[0].equals");
  strictEqual(fieldName(["set", "a b"]), 'set."a b"');
  strictEqual(fieldName(["set", "a".repeat(81)]), `set.${"a".repeat(80)}…`);
});

Deno.test("nearest() gives the closest name, or undefined when none is close", () => {
  const names = ["in_flight", "rate", "batch"];
  deepStrictEqual(
    ["inflight", "In-Flight", "rates", "bacth", "abtch", "zzz", "", "x".repeat(65)].map((name) =>
      nearest(name, names)
    ),
    ["in_flight", "in_flight", "rate", "batch", "batch", undefined, undefined, undefined],
  );
});
