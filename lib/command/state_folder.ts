/**
 * The folder of what the runs of one user on one machine share: systemd's `STATE_DIRECTORY`, else a folder by the XDG
 * rules (https://specifications.freedesktop.org/basedir-spec/latest/). Reads the environment only.
 *
 * @module
 */

import { isAbsolute } from "node:path";
import { UsageError } from "../errors.ts";
import type { Job } from "../job/job.ts";
import { envIfAllowed, type Platform } from "./context.ts";

/**
 * The folder for a job that shares its limits; undefined for any other job.
 *
 * @throws {UsageError} If the environment names none.
 */
export function stateFolderOf({ limits }: Pick<Job, "limits">, env: Platform["env"]): string | undefined {
  if (limits.share === undefined) return undefined;
  const folderOf = (name: string) => {
    const folder = envIfAllowed(name, env) ?? "";
    return isAbsolute(folder) ? folder : undefined;
  };
  // Of several state directories, systemd separates them by colons.
  const [state] = (envIfAllowed("STATE_DIRECTORY", env) ?? "").split(":");
  if (state !== undefined && isAbsolute(state)) return state;
  const xdg = folderOf("XDG_STATE_HOME");
  if (xdg !== undefined) return `${xdg}/trawl`;
  const home = folderOf("HOME") ?? folderOf("USERPROFILE");
  if (home !== undefined) return `${home}/.local/state/trawl`;
  throw new UsageError(
    `Cannot share the limits "${limits.share}": no folder for them is known; set STATE_DIRECTORY or XDG_STATE_HOME`,
  );
}
