/**
 * The databases in `fixtures/databases`. Their `make.ts` wrote each one with the trawl of its schema version.
 *
 * @module
 */

import type { TempFolder } from "./temp.ts";

const fixturesFolder = new URL("../../fixtures/databases/", import.meta.url);

/** Names of the databases, oldest first. */
export const fixtures = ["v1", "v2", "v2-budget", "v3", "v4"] as const;

/** The schema version of a database. */
export function fixtureVersion(name: string): number {
  return Number(/\d+/.exec(name)?.[0]);
}

/** Copies a database into a folder; returns the path of the copy. */
export function layFixture(name: string, folder: TempFolder): string {
  const file = folder.file(`${name}.db`);
  Deno.writeFileSync(file, Deno.readFileSync(new URL(`${name}.db`, fixturesFolder)), { mode: 0o600 });
  return file;
}

/** The job of the two runs that each database holds, for a simulator at `url`. */
export function fixtureJob(url: string): string {
  return Deno.readTextFileSync(new URL("job.toml", fixturesFolder)).replaceAll(fixtureUrl, url);
}

/** The address of the simulator when the databases were written. */
export const fixtureUrl = "http://127.0.0.1:46171";
