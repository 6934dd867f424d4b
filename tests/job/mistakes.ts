/**
 * Support for the tests of wrong job files: small correct ones to add a mistake to, and the message of a job file.
 *
 * @module
 */

import { strictEqual } from "node:assert/strict";
import { UsageError } from "../../lib/errors.ts";
import { loadJob } from "../../lib/job/load_job.ts";

/** The smallest job, of five lines. */
export const base = 'name = "j"\n[request]\nurl = "https://h/{key}"\n[rows]\npath = "$[*]"\n';

/** A job with these columns from line 7 on, or from line 8 with a line of `[rows]`. */
export function cols(columns: string, rows = ""): string {
  return `${base}${rows}[rows.columns]\n${columns}\n`;
}

/** What is wrong, the text of the file, and the message after the name of the file. */
export type Mistake = readonly [when: string, text: string, message: string];

/** Makes a test of each mistake. */
export function testMistakes(mistakes: readonly Mistake[]): void {
  for (const [when, text, message] of mistakes) {
    Deno.test(`loadJob() names line, column and field when there is ${when}`, () => {
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

/** The message of a wrong job file; "loaded" if the file is correct. */
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
