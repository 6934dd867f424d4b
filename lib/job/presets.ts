/**
 * Presets: job files that come with trawl, as texts with comments, to run as they are or to copy as a start. Also
 * finds the text of a job by its name, a preset's or a file's; that file is all it reads.
 *
 * @module
 */

import { messageOf, UsageError } from "../errors.ts";
import { nearest } from "../text/nearest.ts";
import ripestatActivity from "./presets/ripestat-activity.toml" with { type: "text" };
import ripestatUpdates from "./presets/ripestat-updates.toml" with { type: "text" };

/** A job file that comes with trawl. */
export interface Preset {
  /** One line for a list. */
  readonly summary: string;
  /** TOML. */
  readonly text: string;
}

/** All presets by name. */
export const presets: Readonly<Record<string, Preset>> = {
  "ripestat-updates": {
    summary: "BGP updates of every autonomous system per minute and type, one UTC day a run",
    text: ripestatUpdates,
  },
  "ripestat-activity": {
    summary: "announcements and withdrawals of every autonomous system per hour, one UTC day a run",
    text: ripestatActivity,
  },
};

/** The text of a job, and what messages call it: the preset's name or the file's. */
export interface JobText {
  readonly file: string;
  readonly text: string;
}

/**
 * The text of the job that a preset or a file holds; a preset wins over a file of the same name. What has a `/` in
 * it or ends in `.toml` is a file.
 *
 * @throws {UsageError} If there is no such preset or file, or the file cannot be read.
 */
export async function resolveJobName(
  nameOrFile: string,
  readTextFile: (file: string) => Promise<string> = Deno.readTextFile,
): Promise<JobText> {
  const preset = Object.hasOwn(presets, nameOrFile) ? presets[nameOrFile] : undefined;
  if (preset !== undefined) return { file: nameOrFile, text: preset.text };
  if (!/[/\\]|\.toml$/.test(nameOrFile)) throw unknownName(nameOrFile);
  try {
    return { file: nameOrFile, text: await readTextFile(nameOrFile) };
  } catch (error) {
    const present = error instanceof Deno.errors.NotFound ? "there is no such file" : messageOf(error);
    throw new UsageError(`Cannot read the job file ${JSON.stringify(nameOrFile)} as UTF-8 text: ${present}`, {
      cause: error,
    });
  }
}

function unknownName(name: string): UsageError {
  const names = Object.keys(presets);
  const meant = nearest(name, names);
  const hint = meant === undefined ? "" : ` (did you mean "${meant}")`;
  return new UsageError(
    `Cannot find the job ${JSON.stringify(name)} as it must be a preset (${
      names.join(", ")
    }) or a TOML file ` +
      `such as ./${name}.toml: there is no such preset${hint}`,
  );
}
