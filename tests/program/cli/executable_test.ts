/**
 * The executable: what it needs, leaves behind and carries.
 *
 * @module
 */

import assert from "node:assert/strict";
import config from "../../../deno.json" with { type: "json" };
import { TempFolder } from "../../support/temp.ts";
import { executable, program } from "../../support/trawl.ts";

/** MiB that an executable may carry besides Deno: the program and its libraries. */
const payloadMibMax = 4;

const needs = executable === undefined ? " (needs TRAWL_EXECUTABLE)" : "";

Deno.test({
  name:
    `an executable runs in an empty folder with nothing in its environment, and leaves nothing behind${needs}`,
  ignore: executable === undefined,
  fn: async () => {
    using folder = new TempFolder();
    const { path, args, ...user } = program;
    const outputs = ["--version", "--help"].map(async (flag) => {
      // A code cache would be left in the folder for temporary files, and trusted at the next start.
      const env = { TMPDIR: folder.path };
      const given = { ...user, args: [...args, flag], cwd: folder.path, clearEnv: true, env };
      const { code, stdout, stderr } = await new Deno.Command(path, given).output();
      const text = new TextDecoder();
      assert.deepEqual([code, text.decode(stderr)], [0, ""]);
      return text.decode(stdout);
    });
    const [version = ""] = await Promise.all(outputs);
    assert.ok(version.startsWith(`trawl ${config.version} (commit `), version);
    assert.deepEqual(folder.names(), []);
  },
});

Deno.test({
  name: `an executable carries no library that only tests use, and no types${needs}`,
  ignore: executable === undefined,
  fn: async () => {
    using file = await Deno.open(executable ?? "");
    // The last eight bytes are the length of what follows Deno itself.
    await file.seek(-8, Deno.SeekMode.End);
    const end = new Uint8Array(8);
    await file.read(end);
    const mib = Number(new DataView(end.buffer).getBigUint64(0, true)) / 2 ** 20;
    assert.ok(mib > 0.5 && mib < payloadMibMax, `${mib} MiB`);
  },
});
