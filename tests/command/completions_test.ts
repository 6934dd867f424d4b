/**
 * The completion scripts, run by the shells themselves.
 *
 * @module
 */

import assert from "node:assert/strict";
import { commands } from "../../lib/command/commands.ts";
import { scriptOf } from "../../lib/command/completions.ts";
import { presets } from "../../lib/job/presets.ts";
import { needing } from "../support/programs.ts";
import { TempFolder } from "../support/temp.ts";

const names = commands.map(({ name }) => name);

/** Runs a shell script in a folder with the files `keys.txt` and `a job.toml`; returns the lines it prints. */
async function linesOf(shell: string, args: readonly string[], script: string): Promise<string[]> {
  using folder = new TempFolder();
  folder.file("keys.txt", "");
  folder.file("a job.toml", "");
  folder.file("script", scriptOf(shell, commands));
  folder.file("test", script);
  const { code, stdout, stderr } = await new Deno.Command(shell, {
    args: [...args, folder.file("test")],
    cwd: folder.path,
    env: { HOME: folder.path, LC_ALL: "C.UTF-8" },
  }).output();
  const text = new TextDecoder();
  assert.equal(code, 0, text.decode(stderr));
  assert.equal(text.decode(stderr), "");
  return text.decode(stdout).split("\n").filter((line) => line !== "");
}

/** What bash offers for the last word. */
async function bash(...words: readonly string[]): Promise<string[]> {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  return await linesOf(
    "bash",
    ["--norc"],
    [
      "source ./script",
      `COMP_WORDS=(trawl ${quoted}) COMP_CWORD=${words.length}`,
      "_trawl",
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ].join("\n"),
  );
}

Deno.test(needing(["bash"], {
  name: "scriptOf() makes bash complete commands, flags, values, presets and files",
  fn: async () => {
    assert.deepEqual(await bash(""), [...names, "--help", "--version"]);
    assert.deepEqual(await bash("st"), ["status"]);
    assert.deepEqual(await bash("run", "--in"), ["--in-flight"]);
    assert.deepEqual(await bash("run", "--in-flight", ""), ["auto"]);
    assert.deepEqual(await bash("run", "--in-flight", "=", "a"), ["auto"]);
    assert.deepEqual(await bash("run", "--keys", "k"), ["keys.txt"]);
    assert.deepEqual(await bash("run", "--limit", ""), []);
    assert.deepEqual(await bash("run", "ripe"), Object.keys(presets));
    assert.deepEqual(await bash("run", "a"), ["a job.toml"]);
    assert.deepEqual(await bash("simulate", "--profile", ""), ["ripestat", "hello"]);
    assert.deepEqual(await bash("simulate", ""), []);
    assert.deepEqual(await bash("completions", ""), ["bash", "zsh", "fish"]);
    assert.deepEqual(await bash("help", "ex"), ["extract"]);
    assert.deepEqual(await bash("init", "--"), [
      "--systemd",
      "--metrics",
      "--name",
      "--dir",
      "--force",
      "--verbose",
      "--help",
    ]);
  },
}));

Deno.test(needing(["zsh"], {
  name: "scriptOf() makes zsh complete commands, flags and values",
  fn: async () => {
    // The functions of zsh's completion system print what they are asked to offer.
    const stubs = [
      "compdef() { }",
      '_describe() { print -l -- "${(@P)2}" }',
      '_arguments() { print -l -- "$@" }',
      "source ./script",
    ];
    const zsh = async (...words: readonly string[]) => {
      const quoted = words.map((word) => `'${word}'`).join(" ");
      return await linesOf(
        "zsh",
        ["-f"],
        [
          ...stubs,
          `complete_it() { local -a words=(trawl ${quoted}); local CURRENT=${words.length + 1}; _trawl }`,
          "complete_it",
        ].join("\n"),
      );
    };
    assert.deepEqual((await zsh("")).map((line) => line.split(":")[0]), names);
    const run = await zsh("run", "");
    assert.ok(run.includes("--in-flight[requests under way at once, or auto]:N:(auto)"), run.join("\n"));
    assert.ok(run.some((line) => line.startsWith("*--column[")));
    assert.ok(run.some((line) => line.startsWith("*:JOB:{ compadd -- ripestat-updates")));
    assert.ok((await zsh("extract", "")).includes("*:PATH [FILE…]:_files"));
  },
}));

Deno.test(needing(["fish"], {
  name: "scriptOf() makes fish complete commands, flags, values, presets and files",
  fn: async () => {
    const fish = async (line: string) => {
      const found = await linesOf(
        "fish",
        ["--no-config"],
        `source ./script\ncomplete -C ${JSON.stringify(line)}\n`,
      );
      return found.map((line) => line.split("\t")[0]);
    };
    assert.deepEqual((await fish("trawl ")).toSorted(), names.toSorted());
    assert.deepEqual(await fish("trawl run --in"), ["--in-flight"]);
    assert.deepEqual(await fish("trawl run --in-flight "), ["auto"]);
    assert.deepEqual(await fish("trawl run --keys k"), ["keys.txt"]);
    assert.deepEqual((await fish("trawl run ripe")).toSorted(), Object.keys(presets).toSorted());
    assert.deepEqual((await fish("trawl completions ")).toSorted(), ["bash", "fish", "zsh"]);
  },
}));

Deno.test("scriptOf() refuses other shells", () => {
  assert.throws(() => scriptOf("csh", commands), {
    name: "UsageError",
    message: 'Cannot print completions: must be bash, zsh or fish, got "csh"',
  });
});
