/**
 * Versions of trawl and of what it is built on.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { engineText } from "../store/database.ts";

/** The version of trawl. */
export const version = config.version;

/** Versions of trawl, Deno and the database engine on one line, and the commit if it is known. */
export async function versionText(commit?: string): Promise<string> {
  const origin = commit === undefined ? "" : `commit ${commit}, `;
  return `trawl ${version} (${origin}Deno ${Deno.version.deno}, ${await engineText()})`;
}
