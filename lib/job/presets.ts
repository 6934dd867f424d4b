/**
 * Presets: commented job files that come with trawl, to run as they are or to copy. Also resolves the name of a job, a
 * preset's or a file's, to its text. Reads no other file.
 *
 * @module
 */

import { messageOf, UsageError } from "../errors.ts";
import { nearest } from "../text/nearest.ts";
import ripestatActivity from "./presets/ripestat-activity.toml" with { type: "text" };
import ripestatUpdates from "./presets/ripestat-updates.toml" with { type: "text" };

/** A job file that comes with trawl. */
export interface Preset {
  /** One line for the list of presets. */
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

/** The text of a job, and the name of the preset or file in messages. */
export interface JobText {
  readonly file: string;
  readonly text: string;
}

/**
 * The text of a preset or job file. A preset takes precedence over a file of the same name. A name that contains `/` or
 * ends in `.toml` is a file.
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
    throw new UsageError(`Cannot read the job file ${JSON.stringify(nameOrFile)}: ${present}`, {
      cause: error,
    });
  }
}

function unknownName(name: string): UsageError {
  const names = Object.keys(presets);
  const meant = nearest(name, names);
  const hint = meant === undefined ? "" : ` (did you mean "${meant}")`;
  return new UsageError(
    `Cannot find the job ${JSON.stringify(name)}: it must be a preset (${
      names.join(", ")
    }) or a TOML file such as ` +
      `./${name}.toml${hint}`,
  );
}
