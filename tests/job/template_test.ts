/**
 * Templates: the expansion of each placeholder, and mistakes.
 *
 * @module
 */

import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { expand, parseTemplate, type TemplateScope, withoutSecrets } from "../../lib/job/template.ts";
import { assertProperty } from "../support/property.ts";

const scope: TemplateScope = {
  key: true,
  window: true,
  set: { host: "https://h/ä?", empty: "" },
  env: (name) => name === "APP" ? "a b/ü" : undefined,
  secret: (name) => name === "api-token.1" ? "s&t" : undefined,
  encoding: "url",
};
const window = { startMs: Date.UTC(2026, 10, 20), endMs: Date.UTC(2026, 10, 21) };

const expansions: readonly (readonly [string, string, string])[] = [
  ["", "", ""],
  ["plain", "plain", "plain"],
  ["{key}", "a%2Fb%20%C3%BC", "a/b ü"],
  ["{key}{key}", "a%2Fb%20%C3%BCa%2Fb%20%C3%BC", "a/b üa/b ü"],
  ["{window.start}", "2026-11-20T00%3A00%3A00", "2026-11-20T00:00:00"],
  ["{window.end}", "2026-11-21T00%3A00%3A00", "2026-11-21T00:00:00"],
  ["{window.start.unix}-{window.end.unix}", "1795132800-1795219200", "1795132800-1795219200"],
  ["{window.start.date}/{window.end.date}", "2026-11-20/2026-11-21", "2026-11-20/2026-11-21"],
  ["{set.host}{set.empty}", "https://h/ä?", "https://h/ä?"],
  ["{env.APP}", "a%20b%2F%C3%BC", "a b/ü"],
  ["{secret.api-token.1}", "s%26t", "s&t"],
  ["{{key}} }}{{", "{key} }{", "{key} }{"],
  ["{{{key}}}", "{a%2Fb%20%C3%BC}", "{a/b ü}"],
];

for (const [text, url, plain] of expansions) {
  Deno.test(`expand() encodes ${JSON.stringify(text)} for a URL and for a header`, () => {
    const values = { key: "a/b ü", window };
    strictEqual(expand(parseTemplate(text, scope), values, "url"), url);
    strictEqual(expand(parseTemplate(text, { ...scope, encoding: "plain" }), values, "plain"), plain);
  });
}

const refusals: readonly (readonly [string, string])[] = [
  ["{", 'must write a literal brace as "{{" or "}}": found a single "{"'],
  ["a}", 'must write a literal brace as "{{" or "}}": found a single "}"'],
  ["{key", 'must write a literal brace as "{{" or "}}": found a single "{"'],
  ["{env.NO}", "needs the environment variable NO: it is not set"],
  ["{secret.NO}", "needs the secret NO: no environment variable or systemd credential has this name"],
];
const unknown = [
  "",
  "Key",
  " key",
  "env.",
  "env",
  "set.toString",
  "set.nope",
  "secret.a/b",
  "window",
  "window.start.iso",
];

Deno.test("parseTemplate() throws when a brace is single or a value is missing", () => {
  for (const [text, message] of refusals) {
    throws(() => parseTemplate(text, scope), { name: "UsageError", message }, text);
  }
});

Deno.test("parseTemplate() lists the allowed placeholders when a placeholder is unknown", () => {
  const allowed = "{key}, {window.start}, {window.end}, {window.start.unix}, {window.end.unix}, " +
    "{window.start.date}, {window.end.date}, {set.host}, {set.empty}, {env.NAME} and {secret.NAME}";
  for (const name of unknown) {
    const message = `must use only the placeholders ${allowed}: found {${name}}`;
    throws(() => parseTemplate(`x{${name}}`, scope), { name: "UsageError", message }, name);
  }
});

Deno.test("parseTemplate() merges adjacent texts, except for secrets", () => {
  deepStrictEqual(parseTemplate("a{{{env.APP}{set.empty}b{secret.api-token.1}c", scope), [
    { kind: "text", text: "a{a%20b%2F%C3%BCb" },
    { kind: "text", text: "s%26t", secret: "api-token.1" },
    { kind: "text", text: "c" },
  ]);
});

Deno.test("parseTemplate() keeps any text when its braces are doubled", () => {
  assertProperty(fc.property(fc.string(), (text) => {
    const template = parseTemplate(text.replaceAll("{", "{{").replaceAll("}", "}}"), scope);
    strictEqual(expand(template, { key: "" }, "url"), text);
  }));
});

Deno.test("expand() throws when a window placeholder has no window", () => {
  const message = "Cannot expand a template with a window placeholder: the request must have a window";
  throws(() => expand(parseTemplate("{window.end}", scope), { key: "k" }, "url"), {
    name: "TypeError",
    message,
  });
});

Deno.test("withoutSecrets() replaces secrets and nothing else", () => {
  const template = withoutSecrets(parseTemplate("a{secret.api-token.1}b{key}", scope));
  strictEqual(expand(template, { key: "k" }, "url"), "a***bk");
});
