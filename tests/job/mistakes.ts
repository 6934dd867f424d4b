/**
 * What the tests of wrong job files share: small right ones, to which a mistake is added, and what is said of it.
 *
 * @module
 */

import { strictEqual } from "node:assert/strict";
import { UsageError } from "../../lib/errors.ts";
import { loadJob } from "../../lib/job/load_job.ts";

/** The smallest job: five lines. */
export const base = 'name = "j"\n[request]\nurl = "https://h/{key}"\n[rows]\npath = "$[*]"\n';

/** A job with these columns, from line 7 on, or one line later after a line of `[rows]`. */
export function cols(columns: string, rows = ""): string {
  return `${base}${rows}[rows.columns]\n${columns}\n`;
}

/** When, the file's text, and the message after the file's name. */
export type Mistake = readonly [when: string, text: string, message: string];

/** A test for each. */
export function testMistakes(mistakes: readonly Mistake[]): void {
  for (const [when, text, message] of mistakes) {
    Deno.test(`loadJob() names field, line and column when there is ${when}`, () => {
      strictEqual(messageOf(text), `x.toml:${message}`);
    });
  }
}

const secrets: Readonly<Record<string, string>> = {
  BROKEN: "s3cret\n",
  SNOW: "s3cret☃",
  EMPTY: "",
  SHORT: "77",
};

/** What is said of a job file. */
export function messageOf(text: string): string {
  try {
    loadJob(text, {
      file: "x.toml",
      env: () => undefined,
      secret: (name) => secrets[name],
    });
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return "loaded";
}
