/**
 * Secrets from the environment and from the folder of systemd credentials.
 *
 * @module
 */

import { strictEqual, throws } from "node:assert/strict";
import { secretOf } from "../../lib/job/secret.ts";

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
      return text;
    },
  });
}

Deno.test("secretOf() reads a credential without the line break at its end", () => {
  strictEqual(read("TOKEN"), "from file");
  strictEqual(read("CRLF"), "x");
  strictEqual(read("TWO"), "x\n");
  strictEqual(read("BARE"), "x");
});

Deno.test("secretOf() takes the environment first, as it is", () => {
  strictEqual(read("BOTH"), "from env\n");
  strictEqual(read("EMPTY"), "");
});

Deno.test("secretOf() gives nothing when there is neither", () => {
  strictEqual(read("NONE"), undefined);
  strictEqual(secretOf("TOKEN", { env: () => undefined, readFile: () => "never" }), undefined);
});

Deno.test("secretOf() never leaves the folder of credentials", () => {
  for (const name of ["../TOKEN", "..", ".", "a/b", "", "/run/TOKEN"]) strictEqual(read(name), undefined);
});

Deno.test("secretOf() says so when a credential cannot be read, and not what it is", () => {
  const readFile = () => {
    throw new Deno.errors.PermissionDenied("no");
  };
  throws(() => secretOf("TOKEN", { env: (name) => name === "TOKEN" ? undefined : "/run/creds", readFile }), {
    name: "UsageError",
    message: 'Cannot read the secret "TOKEN" as its file in $CREDENTIALS_DIRECTORY is not readable',
  });
});
