/**
 * Holds the README against the program: its length, its two commands, its job, and its session, which is replayed.
 * `README_UPDATE=1` rewrites the session.
 *
 * @module
 */

import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { loadJob } from "../../lib/job/load_job.ts";
import { freePort } from "../support/free_port.ts";
import { needing } from "../support/programs.ts";
import { blocksOf, textOf } from "./markdown.ts";
import { programs, Shell } from "./shell.ts";

const readme = await textOf("README.md");
const blocks = blocksOf(readme);
const linesMax = 150;

function firstBlock(language: string): string {
  return blocks.find((block) => block.language === language)?.body ?? "";
}

Deno.test("the README is short", () => {
  const lines = readme.split("\n").length - 1;
  assert.ok(lines <= linesMax, `${lines} lines`);
});

Deno.test("the README's first screen has the two commands", () => {
  const lines = firstBlock("sh").trim().split("\n");
  assert.deepEqual(lines, ["npx -y deno@2.9.6 task demo", "npx -y deno@2.9.6 task test"]);
  for (const line of lines) assert.ok(Object.hasOwn(config.tasks, line.split(" ").at(-1) ?? ""), line);
  assert.ok(readme.indexOf(lines[0] ?? "") < 1_500);
});

Deno.test("the README's job is a job with a secret header", () => {
  const job = loadJob(firstBlock("toml"), { file: "README.md", env: () => undefined, secret: () => "x" });
  assert.equal(job.name, "my-api");
  assert.deepEqual(Object.keys(job.request.headers), ["authorization"]);
});

Deno.test(needing(programs, {
  name: "the README's session is what happens",
  fn: async () => {
    const session = firstBlock("console");
    const port = freePort();
    const actual = (await replay(session.replaceAll("8080", port))).replaceAll(port, "8080");
    if (Deno.env.has("README_UPDATE")) {
      await Deno.writeTextFile(
        new URL("../../README.md", import.meta.url),
        readme.replace(session, () => actual),
      );
    } else assert.equal(masked(actual), masked(session));
  },
}));

/** Runs the commands of a session one after the other; returns what a terminal then shows. */
async function replay(session: string): Promise<string> {
  using shell = new Shell();
  const background: { readonly child: Deno.ChildProcess; readonly drained: Promise<void> }[] = [];
  let exports = "";
  let terminal = "";
  try {
    for (const [, line = ""] of session.matchAll(/^\$ (.*)$/gm)) {
      terminal += `$ ${line}\n`;
      if (line.startsWith("export ")) {
        exports += `${line}; `;
      } else if (line.endsWith(" &")) {
        const child = shell.start(`exec ${line.slice(0, -2)} 2>&1`);
        const { text, drained } = await firstLines(child.stdout, 2);
        terminal += text;
        background.push({ child, drained });
      } else {
        terminal += (await shell.run(`${exports}${line}`)).output;
      }
    }
  } finally {
    for (const { child, drained } of background) {
      child.kill("SIGTERM");
      await child.status;
      await drained;
    }
  }
  return terminal;
}

/** The first lines of an output; the rest is read and dropped. */
async function firstLines(stream: ReadableStream<Uint8Array>, count: number) {
  let text = "";
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  while (text.split("\n").length <= count) text += (await reader.read()).value ?? "\n";
  const drain = async () => {
    while (!(await reader.read()).done);
  };
  return { text, drained: drain() };
}

/** Measured values differ from run to run. */
function masked(text: string): string {
  return text
    .replaceAll(/(finished in|finished after) .*$/gm, "finished in …")
    .replaceAll(/^( {2}(requests|data|memory|limited by) +).*$/gm, "$1…");
}
