/**
 * What this program is made of.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import config from "../../deno.json" with { type: "json" };

/** The version of trawl. */
export const version = config.version;

/** Versions of trawl, Deno and SQLite on one line; and the commit, if it is known. */
export function versionText(commit?: string): string {
  const db = new DatabaseSync(":memory:");
  const sqlite = String(db.prepare("SELECT sqlite_version() AS version").get()?.["version"]);
  db.close();
  const origin = commit === undefined ? "" : `commit ${commit}, `;
  return `trawl ${version} (${origin}Deno ${Deno.version.deno}, SQLite ${sqlite})`;
}
