/**
 * Mutated job files: each loads, or is refused in one line that names a line and column.
 *
 * @module
 */

import assert from "node:assert/strict";
import { extractionOf } from "../../lib/rows/extraction.ts";
import { UsageError } from "../../lib/errors.ts";
import { loadJob } from "../../lib/job/load_job.ts";
import { presets } from "../../lib/job/presets.ts";
import { hideSecrets, RequestBuilder } from "../../lib/job/request_builder.ts";
import { fuzz, spoiled } from "./support.ts";
import { schemaOf } from "../../lib/rows/table_schema.ts";

const fixture = (name: string) =>
  Deno.readTextFileSync(new URL(`../../fixtures/jobs/${name}`, import.meta.url));
const good = [
  fixture("every_field.toml"),
  fixture("minimal.toml"),
  ...Object.values(presets).map(({ text }) => text),
];

/** Names and values of job files, to insert in wrong places. */
const words = [
  ...new Set(good.join("\n").match(/[A-Za-z_]+|"[^"\n]*"|\[[^\]\n]*\]|\{[^{}\n]*\}/g)),
  "{secret.X}",
  "{env.\u0000}",
  "{window.end}",
  '"99999999999d"',
  '"0/s"',
  '"1..9999999999999999"',
];

const windowOfDay = { startMs: 0, endMs: 86_400_000 };
const keys = ["a", "é/?#", "..", ".", "", "\ud800", "%2e", "x".repeat(3_000)];

fuzz("loadJob() loads a spoiled job file, or refuses it with its line and column", {
  cases: 250,
  once: (dice) => {
    const text = spoiled(dice.pick(good), dice, words);
    const lines = text.split(/\r\n|[\r\n\u2028\u2029]/);
    try {
      const job = loadJob(text, {
        file: "f.toml",
        env: () => "e",
        secret: (name) => name === "X" ? undefined : "s3c/ret",
      });
      job.tables.map(schemaOf);
      extractionOf(job, windowOfDay);
      const requests = RequestBuilder.of(job, windowOfDay);
      const shown = RequestBuilder.of(hideSecrets(job), windowOfDay);
      for (const key of keys) {
        try {
          new URL(requests.first([{ key }]).url);
          assert.ok(!JSON.stringify(shown.first([{ key }])).includes("s3c"));
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
        }
      }
    } catch (error) {
      assert.ok(error instanceof UsageError, `${text}\n${error instanceof Error ? error.stack : error}`);
      const [, line, column] = /^f\.toml:(\d+):(\d+): [^\n]+$/.exec(error.message) ?? [];
      assert.ok(line !== undefined, error.message);
      assert.ok(Number(line) >= 1 && Number(line) <= lines.length + 1, error.message);
      assert.ok(Number(column) >= 1 && Number(column) <= text.length + 1, error.message);
      assert.ok(
        error.message.length < 5_000,
        `${error.message.length} characters: ${error.message.slice(0, 500)}`,
      );
      assert.ok(!error.message.includes("s3c"), error.message);
    }
  },
});
