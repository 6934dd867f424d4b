/**
 * Notices that a file of an open database was deleted, moved or replaced: SQLite goes on writing into the file that it
 * has opened, which no other process can open any more. Compares device and inode; opens nothing.
 *
 * @module
 */

import { realPathOf } from "./database_name.ts";

type Identity = Pick<Deno.FileInfo, "dev" | "ino">;

/** Watches the database file, under the name that the user gave, and its write-ahead log. Both exist. */
export class FileWatch {
  readonly #file: string;
  readonly #log: string;
  /** What was opened, by name. */
  readonly #opened = new Map<string, Identity>();

  constructor(file: string) {
    this.#file = file;
    this.#log = `${realPathOf(file)}-wal`;
    for (const name of [this.#file, this.#log]) {
      const found = identityOf(name);
      if (typeof found === "object") this.#opened.set(name, found);
    }
  }

  /** What happened to a file, and what to do; undefined while both are in their places. */
  loss(): string | undefined {
    const again = "run the same command again";
    switch (this.#changeOf(this.#file)) {
      case "gone":
        return `The database "${this.#file}" was deleted or moved during the run: ` +
          `move it back to resume, or begin anew; then ${again}`;
      case "other":
        return `The database "${this.#file}" was replaced by another file during the run: ` +
          `move the first one back to resume, or use the new one; then ${again}`;
    }
    return this.#changeOf(this.#log) === undefined
      ? undefined
      : `"${this.#log}" was deleted, moved or replaced during the run: it is a part of the database; ${again}`;
  }

  #changeOf(name: string): "gone" | "other" | undefined {
    const opened = this.#opened.get(name);
    if (opened === undefined) return undefined;
    const found = identityOf(name);
    if (typeof found !== "object") return found;
    return found.ino === opened.ino && found.dev === opened.dev ? undefined : "other";
  }
}

/** The file of a name; undefined if the system does not tell, as for a lost network disk. */
function identityOf(name: string): Identity | "gone" | undefined {
  try {
    return Deno.statSync(name);
  } catch (error) {
    return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory
      ? "gone"
      : undefined;
  }
}
