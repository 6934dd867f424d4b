/**
 * Runs the commands of `docs/recipes.md` that are marked as tested, in their order, and its SQL against the database
 * that they made.
 *
 * @module
 */

import assert from "node:assert/strict";
import { needing } from "../support/programs.ts";
import { keyLines, withSimulator } from "../support/simulator.ts";
import { blocksOf, textOf } from "./markdown.ts";
import { programs, Shell } from "./shell.ts";

Deno.test(needing(programs, {
  name: "the recipes run as they are written",
  fn: async () => {
    const blocks = blocksOf(await textOf("docs/recipes.md"));
    const faults = [{ kind: "status", status: 404, keys: ["2849"] }] as const;
    await withSimulator({ ripestat: { asns: 60, updatesMax: 2_000 }, faults }, async ({ url }) => {
      using shell = new Shell();
      shell.file("keys.txt", "1555\n4284\n12835\n");
      let tested = 0;
      for (const { language, body, mark } of blocks) {
        if (language === "sql") {
          const { code, output } = await shell.run(`sqlite3 -bail ripestat-updates.db <<'SQL'\n${body}SQL\n`);
          assert.equal(code, 0, `${body}${output}`);
          assert.notEqual(output, "", body);
          tested++;
        }
        const expected = /^tested(?:: exit (\d+))?$/.exec(mark ?? "");
        if (expected === null) continue;
        const script = `export TRAWL_SOURCEAPP=readme; ${body.replaceAll("http://127.0.0.1:8080", url)}`;
        const { code, output } = await shell.run(script);
        assert.equal(code, Number(expected[1] ?? 0), `${body}${output}`);
        tested++;
      }
      assert.ok(tested >= 14, String(tested));
      const page = await textOf("docs/recipes.md");
      const forecast = JSON.parse(await shell.read("plan.json"));
      for (const field of [...Object.keys(forecast), ...Object.keys(forecast.probe)]) {
        assert.ok(page.includes(`\`${field}\``), field);
      }
    });
  },
}));

Deno.test("the transcripts of the recipes have the lines of a real run", async () => {
  const transcripts = blocksOf(await textOf("docs/recipes.md")).filter(({ language }) =>
    language === "console"
  );
  const [plan, check] = transcripts.map(({ body }) => body);
  await withSimulator({ profile: "hello", latency: { kind: "none" } }, async ({ url }) => {
    using shell = new Shell();
    shell.file("keys.txt", keyLines(500));
    const forecast = await replayed(shell, plan ?? "", { "http://127.0.0.1:8081": url });
    assert.equal(labelsOf(forecast), labelsOf(plan ?? ""));
  });
  await withSimulator({ ripestat: { asns: 20, updatesMax: 100 } }, async ({ url }) => {
    using shell = new Shell();
    await shell.run(
      `TRAWL_SOURCEAPP=x trawl run ripestat-updates --set host=${url} --window 2026-11-20 --limit 20 --quiet`,
    );
    const line = await replayed(shell, check ?? "", {});
    const masked = (text: string) => text.replaceAll(/[\d.]+(?:[hms]| %)(?: [\d]+[ms])?/g, "N");
    assert.equal(masked(line), masked(check ?? ""));
  });
});

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
