/**
 * Runs the commands of `docs/recipes.md` that are marked as tested, in their order, and its SQL against the database
 * that they made.
 *
 * @module
 */

import assert from "node:assert/strict";
import { needing } from "../support/programs.ts";
import { withSimulator } from "../support/simulator.ts";
import { blocksOf, textOf } from "./markdown.ts";
import { programs, Shell } from "./shell.ts";

Deno.test(needing(programs, {
  name: "the recipes run as they are written",
  fn: async () => {
    const blocks = blocksOf(await textOf("docs/recipes.md"));
    const faults = [{ kind: "status", status: 404, keys: ["2849"] }] as const;
    await withSimulator({ ripestat: { asns: 60, updatesMax: 100 }, faults }, async ({ url }) => {
      using shell = new Shell();
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
      const [forecast, run, status, health, failed] = await Promise.all(
        ["plan.json", "run.json", "status.json", "health.json", "failed.json"].map(async (name) =>
          JSON.parse(await shell.read(name))
        ),
      );
      const parts = [
        forecast,
        forecast.probe,
        run,
        run.thisStart,
        status,
        status.runs[0],
        status.jobs[0],
        health,
      ];
      for (const field of [...parts, failed].flatMap(Object.keys)) {
        assert.ok(page.includes(`\`${field}\``), field);
      }
    });
  },
}));
