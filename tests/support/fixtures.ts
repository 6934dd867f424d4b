/**
 * The databases in `fixtures/databases`, which `make.ts` beside them made with the trawl of that time.
 *
 * @module
 */

import type { TempFolder } from "./temp.ts";

const fixturesFolder = new URL("../../fixtures/databases/", import.meta.url);

/** All of them, oldest first. */
export const fixtures = ["v1", "v2", "v2-budget", "v3", "v4"] as const;

export function fixtureVersion(name: string): number {
  return Number(/\d+/.exec(name)?.[0]);
}

/** Copies one into a folder; returns the path of the copy. */
export function layFixture(name: string, folder: TempFolder): string {
  const file = folder.file(`${name}.db`);
  Deno.writeFileSync(file, Deno.readFileSync(new URL(`${name}.db`, fixturesFolder)), { mode: 0o600 });
  return file;
}

/** The job that they hold two runs of, for the practice API at `url`. */
export function fixtureJob(url: string): string {
  return Deno.readTextFileSync(new URL("job.toml", fixturesFolder)).replaceAll(fixtureUrl, url);
}

/** Where the practice API was when they were made. */
export const fixtureUrl = "http://127.0.0.1:46171";
