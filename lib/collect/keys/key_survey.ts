/**
 * Looks at a job's key source before a run: a key file is read to its end, so that a wrong line is found before the
 * first request; a source that can be read only once is told from a file, and not opened.
 *
 * @module
 */

import type { Job } from "../../job/job.ts";
import { KeyFile } from "./key_file.ts";
import { readError } from "./key_reader.ts";

/** What is known of a key list before its first key is asked. */
export interface KeySurvey {
  /** Keys to be asked, control keys included; undefined if only reading the list tells. */
  readonly keys: number | undefined;
  /** Keys that occur before in the list; undefined if they were not counted. */
  readonly duplicates: number | undefined;
  /** The key file, checked to its end; undefined for other sources. */
  readonly file: KeyFile | undefined;
  /** The source can be read only once, so the list must be kept. */
  readonly isOnce: boolean;
}

/**
 * Surveys the keys of a job. A file that has not been touched since the survey `before` is not read again.
 *
 * @throws {UsageError} If a key file cannot be read, is not UTF-8, holds no key, or has a line that is no key.
 */
export async function surveyKeys({ keys, control }: Job, before?: KeySurvey): Promise<KeySurvey> {
  const controls = new Set(control);
  switch (keys.kind) {
    case "range": {
      const inRange = [...controls].filter((key) => isWithin(key, keys)).length;
      const others = keys.last - keys.first + 1 - inRange;
      return { keys: controls.size + others, duplicates: 0, file: undefined, isOnce: false };
    }
    case "file": {
      if (await isReadOnce(keys.file)) return unknown({ isOnce: true });
      if (before?.file !== undefined && await before.file.isUntouched()) return before;
      const file = await KeyFile.read(keys.file, controls);
      return { ...file.facts, keys: controls.size + file.facts.keys, file, isOnce: false };
    }
    case "stdin":
      // A lazy stream: a run over it may begin before the list ends.
      return unknown({ isOnce: false });
    case "url":
      return unknown({ isOnce: true });
  }
}

function unknown({ isOnce }: Pick<KeySurvey, "isOnce">): KeySurvey {
  return { keys: undefined, duplicates: undefined, file: undefined, isOnce };
}

function isWithin(key: string, { first, last }: { readonly first: number; readonly last: number }): boolean {
  const number = Number(key);
  return String(number) === key && Number.isInteger(number) && number >= first && number <= last;
}

/** Whether a file is a pipe, such as the shell's `<(seq 30)`, or a device. A folder is left to the reader. */
async function isReadOnce(file: string): Promise<boolean> {
  try {
    const { isFile, isDirectory } = await Deno.stat(file);
    return !isFile && !isDirectory;
  } catch (error) {
    throw readError({ kind: "file", file }, error);
  }
}
