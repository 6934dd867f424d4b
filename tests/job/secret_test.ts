/**
 * Secrets from the environment and systemd credentials, and their redaction.
 *
 * @module
 */

import { ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { Redactor, secretOf } from "../../lib/job/secret.ts";
import { assertProperty, codePoint } from "../support/property.ts";

const files: Readonly<Record<string, string>> = {
  "/run/creds/TOKEN": "from file\n",
  "/run/creds/CRLF": "x\r\n",
  "/run/creds/TWO": "x\n\n",
  "/run/creds/BARE": "x",
  "/run/creds/../TOKEN": "outside",
  "/run/creds/a/b": "outside",
};

const variables: Readonly<Record<string, string>> = {
  CREDENTIALS_DIRECTORY: "/run/creds",
  BOTH: "from env\n",
  EMPTY: "",
};

function read(name: string): string | undefined {
  return secretOf(name, {
    env: (variable) => variables[variable],
    readFile: (file) => {
      const text = files[file];
      if (text === undefined) throw new Deno.errors.NotFound(file);
      return new TextEncoder().encode(text);
    },
  });
}

Deno.test("secretOf() reads a credential without its final line break", () => {
  strictEqual(read("TOKEN"), "from file");
  strictEqual(read("CRLF"), "x");
  strictEqual(read("TWO"), "x\n");
  strictEqual(read("BARE"), "x");
});

Deno.test("secretOf() prefers the environment and keeps its value unchanged", () => {
  strictEqual(read("BOTH"), "from env\n");
  strictEqual(read("EMPTY"), "");
});

Deno.test("secretOf() gives undefined when no source has the secret", () => {
  strictEqual(read("NONE"), undefined);
  strictEqual(secretOf("TOKEN", { env: () => undefined, readFile: () => new Uint8Array() }), undefined);
});

Deno.test("secretOf() never reads outside the folder of credentials", () => {
  for (const name of ["../TOKEN", "..", ".", "a/b", "", "/run/TOKEN"]) strictEqual(read(name), undefined);
});

Deno.test("secretOf() throws without the value when a credential is not readable", () => {
  const readFile = () => {
    throw new Deno.errors.PermissionDenied("no");
  };
  throws(() => secretOf("TOKEN", { env: (name) => name === "TOKEN" ? undefined : "/run/creds", readFile }), {
    name: "UsageError",
    message: 'Cannot read the secret "TOKEN": its file in $CREDENTIALS_DIRECTORY must be readable',
  });
});

Deno.test("secretOf() throws without the value when the value is not UTF-8", () => {
  const notText = () => {
    throw new TypeError('environment variable was not valid unicode: "\\xFFs3cret"');
  };
  throws(() => secretOf("TOKEN", { env: notText, readFile: () => new Uint8Array() }), (error) => {
    strictEqual(String(error), 'UsageError: Cannot read "TOKEN": its value must be UTF-8 text');
    return error instanceof Error && error.cause === undefined;
  });
  const env = (name: string) => name === "TOKEN" ? undefined : "/run/creds";
  throws(() => secretOf("TOKEN", { env, readFile: () => Uint8Array.of(0xff, 0x41) }), {
    name: "UsageError",
    message: 'Cannot read "TOKEN": its value must be UTF-8 text',
  });
});

/** The forms in which servers and libraries write a text. */
const forms: readonly ((text: string) => string)[] = [
  (text) => text,
  encodeURIComponent,
  (text) => encodeURIComponent(text).replaceAll(/%../g, (hex) => hex.toLowerCase()),
  (text) => new URLSearchParams([["q", text]]).toString().slice(2),
  (text) => new URL(`http://h/?${encodeURIComponent(text)}`).search.slice(1),
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/"),
  (text) => text.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  (text) => text.replaceAll(/[^]/gu, (char) => `&#${char.codePointAt(0)};`),
  (text) => text.replaceAll(/[^]/gu, (char) => `&#x${char.codePointAt(0)?.toString(16).toUpperCase()};`),
  (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;"),
  (text) => text.replace(/^[^]/u, encodeURIComponent),
];

Deno.test("Redactor.hide() replaces a secret in every form", () => {
  const secret = fc.oneof(
    fc.string({ minLength: 6, maxLength: 40 }),
    fc.string({ unit: codePoint, minLength: 6, maxLength: 40 }),
  );
  assertProperty(
    fc.property(secret, fc.constantFrom(...forms), (value, form) => {
      strictEqual(new Redactor([value]).hide(`<${form(value)}>`), "<***>");
    }),
    { numRuns: 300 },
  );
});

Deno.test("Redactor.hide() replaces a secret that is in the host of a URL", () => {
  // Each secret with the host of a redirect to it, as the URL parser gives the host.
  const hosts: readonly (readonly [secret: string, location: string])[] = [
    ["SeCret-Token", "http://SeCret-Token.evil.example/"],
    ["SeCret-Token", "http://%53e%43ret%2DToken.evil.example/"],
    ["ÄPFEL-Token", "http://ÄPFEL-Token.evil.example/"],
    ["ÄPFEL-Token", "http://wÜrst-ÄPFEL-Token-2.evil.example/"],
    ["Ｓecret99", "http://Ｓecret99.evil.example/"],
    ["3232235521", "http://3232235521/"],
    ["abc.DEF.ghi", "http://abc.DEF.ghi.evil.example/"],
  ];
  for (const [secret, location] of hosts) {
    const { hostname } = new URL(location);
    const said = new Redactor([secret]).hide(`redirect, to http://${hostname}:80`);
    strictEqual(/secret|pfel|192|def/i.test(said), false, said);
    strictEqual(said.startsWith("redirect, to http://***"), true, said);
  }
  // A part of a URL is no host.
  strictEqual(new Redactor(["example/abc"]).hide("http://example:80"), "http://example:80");
});

Deno.test("Redactor.hide() replaces a secret within Base64 at every alignment, in both alphabets", () => {
  for (const secret of ["s3cret", "to/k?n>~~~>>>???", "schlüssel€"]) {
    const redactor = new Redactor([secret]);
    for (const around of ["", "u", "us", "use", "user:"]) {
      const text = String.fromCharCode(...new TextEncoder().encode(`${around}${secret}${around}`));
      const encoded = btoa(text);
      for (
        const form of [
          encoded,
          encoded.replaceAll("+", "-").replaceAll("/", "_"),
          encodeURIComponent(encoded),
        ]
      ) {
        const hidden = redactor.hide(`Basic ${form}.`);
        ok(hidden.includes("***") && hidden.length <= "Basic ***.".length + 2 * around.length + 12, hidden);
      }
    }
  }
});

Deno.test("Redactor.hide() replaces the longer of two secrets and keeps other text", () => {
  const redactor = new Redactor(["secret", "secret-longer", "", "1", "abcde"]);
  strictEqual(redactor.hide("a secret-longer secret secre t 1 abcde"), "a *** *** secre t 1 abcde");
  strictEqual(new Redactor([]).hide("secret"), "secret");
});

Deno.test("Redactor.excerpt() shows the beginning on one line, without secrets and unsafe characters", () => {
  const redactor = new Redactor(["s3cret-token"]);
  strictEqual(redactor.excerpt('  {"e":\n\t"s3cret-token"}\u0007 '), '{"e": "***"}\u2407');
  strictEqual(redactor.excerpt(new TextEncoder().encode("a\ns3cret-token")), "a ***");
  strictEqual(redactor.excerpt("x".repeat(1_000)).length, 300);
});

Deno.test("Redactor.excerpt() shows no half secret, wherever the text or the excerpt is cut", () => {
  const secret = "s3cret-tok€n-0123456789";
  const redactor = new Redactor([secret]);
  const halves = [secret, encodeURIComponent(secret)].map((form) => form.slice(0, 7));
  for (let before = 200; before <= 330; before++) {
    for (const form of [secret, encodeURIComponent(secret)]) {
      const text = "x".repeat(before) + form.repeat(40);
      for (const length of [before + 8, before + 2 * form.length - 1, text.length]) {
        const shown = redactor.excerpt(text.slice(0, length), { isCut: length < text.length });
        ok(halves.every((half) => !shown.includes(half)), shown);
      }
    }
  }
});
