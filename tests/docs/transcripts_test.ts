/**
 * Holds the transcripts of `docs/` against real runs: what a command prints is what the page shows, measured values
 * apart.
 *
 * @module
 */

import assert from "node:assert/strict";
import { needing } from "../support/programs.ts";
import { keyLines, withSimulator } from "../support/simulator.ts";
import { TempFolder } from "../support/temp.ts";
import { trawl } from "../support/trawl.ts";
import { blocksOf, textOf } from "./markdown.ts";
import { programs, Shell } from "./shell.ts";

Deno.test("docs/server.md has the steps that trawl init prints", async () => {
  using folder = new TempFolder();
  const { code, stderr } = await trawl(["init", "ripestat-updates", "--systemd"], { cwd: folder.path });
  assert.equal(code, 0, stderr);
  const steps = stderr.split("\n").filter((line) => line.startsWith("  ")).map((line) => `${line.trim()}\n`);
  assert.ok(steps.length >= 5, stderr);
  const blocks = blocksOf(await textOf("docs/server.md")).map(({ body }) => body);
  assert.ok(blocks.includes(steps.join("")), stderr);
  const again = ["init", "ripestat-updates", "--systemd", "--force", "--metrics", "/var/lib/node_exporter"];
  const withMetrics = await trawl(again, { cwd: folder.path });
  const more = withMetrics.stderr.split("\n").filter((line) => /metrics/.test(line)).map((line) =>
    `${line.trim()}\n`
  );
  assert.ok(blocks.includes(more.join("")), withMetrics.stderr);
});

Deno.test(needing(programs, {
  name: "the transcripts of docs/json.md are what happens",
  fn: async () => {
    using shell = new Shell();
    const transcripts = blocksOf(await textOf("docs/json.md")).filter(({ language }) =>
      language === "console"
    );
    assert.ok(transcripts.length > 0);
    for (const { body } of transcripts) assert.equal(await replayed(shell, body, {}), body);
  },
}));

Deno.test(needing(programs, {
  name: "the transcripts of docs/recipes.md have the lines of a real run",
  fn: async () => {
    const transcripts = blocksOf(await textOf("docs/recipes.md")).filter(({ language }) =>
      language === "console"
    );
    const [plan, check] = transcripts.map(({ body }) => body);
    await withSimulator({ profile: "hello", latency: { kind: "none" } }, async ({ url }) => {
      using shell = new Shell();
      shell.file("many.txt", keyLines(500));
      const forecast = await replayed(shell, plan ?? "", { "http://127.0.0.1:8081": url });
      assert.equal(labelsOf(forecast), labelsOf(plan ?? ""));
    });
    await withSimulator({ ripestat: { asns: 20, updatesMax: 100 } }, async ({ url }) => {
      using shell = new Shell();
      await shell.run(
        `TRAWL_SOURCEAPP=x trawl run ripestat-updates --set host=${url} --window 2026-11-20 --limit 20 --quiet`,
      );
      const line = await replayed(shell, check ?? "", {});
      const masked = (text: string) => text.replaceAll(/[\d.]+(?:ms|[hms]| %)(?: [\d]+[ms])?/g, "N");
      assert.equal(masked(line), masked(check ?? ""));
    });
  },
}));

/** A transcript's command, run now; texts are replaced before. */
async function replayed(
  shell: Shell,
  transcript: string,
  texts: Readonly<Record<string, string>>,
): Promise<string> {
  const command = /^\$ (.*)$/m.exec(transcript)?.[1] ?? "";
  const script = Object.entries(texts).reduce((text, [from, to]) => text.replaceAll(from, to), command);
  return `$ ${command}\n${(await shell.run(script)).output}`;
}

/** The first word or two of each line: what stands behind them is measured. `faster` is shown only where that helps. */
function labelsOf(transcript: string): string {
  return transcript.trim().split("\n").slice(1).map((line) =>
    line.startsWith("  ") ? /^ {2}\S+(?: \S+)*/.exec(line)?.[0] : line.split(" ").slice(1, 4).join(" ")
  ).filter((label) => label !== "  faster").join("\n").replaceAll(/[\d,]+/g, "N");
}
