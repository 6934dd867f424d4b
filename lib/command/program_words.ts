/**
 * The words that start trawl again in the form in which it was started: an executable, `deno task`, or npx. Commands
 * that trawl prints begin with them, so that a reader can paste them. Pure.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { shellWord } from "./shell_word.ts";

/** How this process was started. */
export interface ProgramFacts {
  /** `deno compile` made the executable. */
  readonly isStandalone: boolean;
  /** Path of the executable: trawl's own, or Deno's. */
  readonly executable: string;
  /** The current folder. */
  readonly folder: string;
  /** `$PATH`. */
  readonly path: string | undefined;
  /** Version of Deno. */
  readonly deno: string;
}

/** `trawl`, `./trawl` or the whole path of an executable; else the task of a checkout. */
export function programWords({ isStandalone, executable, folder, path, deno }: ProgramFacts): string {
  // npx keeps a package that is not installed in this folder of npm's cache.
  if (!isStandalone) {
    return `${/[/\\]_npx[/\\]/.test(executable) ? `npx -y deno@${deno}` : "deno"} task -q trawl`;
  }
  const place = dirname(executable);
  if (path?.split(":").includes(place) === true) return shellWord(basename(executable));
  return shellWord(place === folder ? `./${basename(executable)}` : executable);
}

/** The words for this process. */
export function ownProgramWords(env: (name: string) => string | undefined): string {
  return programWords({
    isStandalone: Deno.build.standalone,
    executable: Deno.execPath(),
    folder: Deno.cwd(),
    path: env("PATH"),
    deno: Deno.version.deno,
  });
}
