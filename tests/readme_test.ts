/**
 * Holds the README against the program: help texts are the program's own, the session is replayed, the job is loaded,
 * and the failureReasons, columns and exit codes that it names are those of the code.
 *
 * @module
 */

import assert from "node:assert/strict";
import { failureReasons } from "../lib/rows/failure_reasons.ts";
import { commands } from "../lib/command/commands.ts";
import { Exit } from "../lib/command/context.ts";
import { loadJob } from "../lib/job/load_job.ts";
import { presets } from "../lib/job/presets.ts";
import { httpLimits, jsonLimits, runLimits } from "../lib/limits.ts";
import config from "../deno.json" with { type: "json" };
import { freePort } from "./support/free_port.ts";
import { needing } from "./support/programs.ts";
import { TempFolder } from "./support/temp.ts";
import { trawl } from "./support/trawl.ts";
import { formatBytes, formatCount } from "../lib/text/format.ts";

const file = new URL("../README.md", import.meta.url);
const readme = await Deno.readTextFile(file);
const root = new URL("../", import.meta.url).pathname;

/** The bodies of the fenced blocks of a language. */
function blocksOf(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , body]) => body ?? "");
}

Deno.test("the README shows the help of every command as it is", async () => {
  let text = readme;
  for (const block of blocksOf("text")) {
    const command = /^\$ trawl (.*)\n/.exec(block)?.[1];
    if (command === undefined) continue;
    const { stdout } = await trawl(command.split(" "));
    text = text.replace(
      `\`\`\`text\n${block}\`\`\``,
      () => `\`\`\`text\n$ trawl ${command}\n${stdout}\`\`\``,
    );
  }
  if (Deno.env.has("README_UPDATE")) await Deno.writeTextFile(file, text);
  else assert.equal(readme, text);
  for (const { name, flags } of commands) {
    assert.ok(text.includes(`$ trawl ${name} -h\n`), name);
    for (const flag of flags) assert.ok(text.includes(`--${flag.name}`), flag.name);
  }
});

Deno.test("the README's job is a job, and names every table of the file", () => {
  const [text = ""] = blocksOf("toml");
  const job = loadJob(text, { file: "README", env: () => "x", secret: () => "y" });
  assert.equal(job.rows.count?.everyMs, 60_000);
  for (const name of Object.keys(presets)) {
    assert.ok(readme.includes(`\`${name}\``) || text.includes(name), name);
  }
});

Deno.test("the README names every exit code and every permission", () => {
  for (const code of Object.values(Exit)) assert.match(readme, new RegExp(`^\\| ${code} +\\|`, "m"));
  for (const flag of config.tasks.trawl.command.match(/--\S+/g) ?? []) {
    assert.ok(readme.includes(`\`${flag}\``), flag);
  }
});

Deno.test("the README names only reasons that there are, and limits as they are", () => {
  const [, section = ""] = readme.split("## What a server can do to trawl");
  const table = (section.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("| "));
  const named = table.flatMap((line) => /`([a-z]+(?:-[a-z]+)*)`[^|]*\|$/.exec(line)?.[1] ?? []);
  assert.deepEqual(named.filter((name) => !Object.hasOwn(failureReasons, name)), []);
  assert.ok(named.length >= 8);
  const shown = [
    formatBytes(httpLimits.bodyBytesMax),
    `${httpLimits.ratioMax} times what was sent, once ${formatBytes(httpLimits.ratioBytesMin)}`,
    formatBytes(jsonLimits.valueBytesMax),
    formatBytes(jsonLimits.elementBytesMax),
    formatBytes(httpLimits.fieldCharsMax),
    formatBytes(httpLimits.locationCharsMax),
    `${httpLimits.redirectsMax}, each`,
    `${jsonLimits.depthMax} `,
    `${runLimits.answerRowsMax / 1e6} million`,
    formatCount(runLimits.keyCharsMax),
  ];
  for (const text of shown) assert.ok(table.some((line) => line.includes(text)), text);
});

Deno.test("the README's first screen has the two commands", () => {
  const [first = ""] = blocksOf("sh");
  for (const line of first.trim().split("\n")) {
    const task = /^npx -y deno@2\.9\.6 task (\w+)$/.exec(line)?.[1] ?? "";
    assert.ok(Object.hasOwn(config.tasks, task), line);
  }
});

Deno.test(needing(["bash", "sqlite3", "curl"], {
  name: "the README's session is what happens",
  fn: async () => {
    using folder = new TempFolder();
    const port = freePort();
    const [session = ""] = blocksOf("console");
    const expected = masked(session);
    const actual = masked((await replay(session.replaceAll("8080", port), folder)).replaceAll(port, "8080"));
    assert.equal(actual, expected);
  },
}));

/** Runs the commands of a session one after the other; returns what it then looks like. */
async function replay(session: string, folder: TempFolder): Promise<string> {
  folder.file("trawl", `#!/bin/sh\nexec "${Deno.execPath()}" ${taskArgs()} "$@"\n`);
  await Deno.chmod(folder.file("trawl"), 0o755);
  const env = { PATH: `${folder.path}:${Deno.env.get("PATH")}`, NO_COLOR: "1" };
  const background: { readonly child: Deno.ChildProcess; readonly done: Promise<unknown> }[] = [];
  let exports = "";
  let seen = "";
  try {
    for (const [, line = ""] of session.matchAll(/^\$ (.*)$/gm)) {
      seen += `$ ${line}\n`;
      if (line.startsWith("export ")) {
        exports += `${line}; `;
        continue;
      }
      const command = line.endsWith(" &") ? `exec ${line.slice(0, -2)} 2>&1` : `${exports}${line} 2>&1`;
      const child = new Deno.Command("bash", {
        args: ["-c", command],
        cwd: folder.path,
        env,
        stdout: "piped",
      }).spawn();
      if (line.endsWith(" &")) {
        const { text, done } = await firstLines(child.stdout, 2);
        seen += text;
        background.push({ child, done });
      } else {
        seen += await new Response(child.stdout).text();
        await child.status;
      }
    }
  } finally {
    for (const { child, done } of background) {
      child.kill("SIGTERM");
      await child.status;
      await done;
    }
  }
  return seen;
}

/** The first lines of an output; what comes later is read and dropped. */
async function firstLines(stream: ReadableStream<Uint8Array>, count: number) {
  let text = "";
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  while (text.split("\n").length <= count) text += (await reader.read()).value ?? "\n";
  const drop = async () => {
    while (!(await reader.read()).done);
  };
  return { text, done: drop() };
}

/** What differs from run to run is a measurement. */
function masked(text: string): string {
  return text
    .replaceAll(/finished in .*$/gm, "finished in …")
    .replaceAll(/^( {2}(requests|data|memory|limited by) +).*$/gm, "$1…");
}

function taskArgs(): string {
  const args = config.tasks.trawl.command.replace(/^deno /, "").replace(/main\.ts$/, "");
  return `${args} --config "${root}deno.json" "${root}main.ts"`;
}
