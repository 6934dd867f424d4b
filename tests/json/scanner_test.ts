/**
 * The compiled scanner: `scanner.wasm` equals what its source compiles to.
 *
 * @module
 */

import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { TempFolder } from "../support/temp.ts";

const root = new URL("../../", import.meta.url);

Deno.test("scanner.wasm is what the task makes of its source", async () => {
  using folder = new TempFolder();
  const made = `${folder.path}/scanner.wasm`;
  const args = config.tasks.scanner.command.split(" ").slice(1)
    .map((arg) =>
      arg === "lib/json/scanner.wasm" ? made : arg.replace("--allow-write=lib/json", "--allow-write")
    );
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const [committed, compiled] = [
    await Deno.readFile(new URL("lib/json/scanner.wasm", root)),
    await Deno.readFile(made),
  ];
  assert.deepEqual(committed.length, compiled.length);
  assert.ok(committed.every((byte, at) => byte === compiled[at]));
});
