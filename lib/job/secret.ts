/**
 * Secrets: a name in, its value out, from the environment or from a systemd credential. They are read when a job
 * is loaded, held in memory only, and marked so that nothing shows them.
 *
 * @module
 */

import { UsageError } from "../errors.ts";

/** Where secrets are read from. */
export interface SecretSources {
  /** The value of an environment variable. */
  readonly env: (name: string) => string | undefined;
  /** The text of a file; throws `Deno.errors.NotFound` if there is none. */
  readonly readFile: (file: string) => string;
}

/**
 * The secret of a name: the environment variable or else the file `$CREDENTIALS_DIRECTORY/NAME`, without the line
 * break at its end. Nothing if there is neither.
 *
 * @throws {UsageError} If there is such a file, but it cannot be read.
 */
export function secretOf(name: string, { env, readFile }: SecretSources): string | undefined {
  const value = env(name);
  const folder = env("CREDENTIALS_DIRECTORY");
  // A name is one file in the folder, never a way out of it.
  if (value !== undefined || folder === undefined || !/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(name)) {
    return value;
  }
  try {
    return readFile(`${folder}/${name}`).replace(/\r?\n$/, "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new UsageError(
      `Cannot read the secret "${name}" as its file in $CREDENTIALS_DIRECTORY is not readable`,
      {
        cause: error,
      },
    );
  }
}
