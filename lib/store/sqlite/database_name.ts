/**
 * Names of database files: refuses names that no database can have, finds the file behind symbolic links, and keeps
 * SQLite from taking a name for a URI. Reads the file system, writes nothing.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";

/**
 * Refuses a name that is not the name of a file, or that belongs to something else than a file. A missing file passes.
 *
 * @throws {UsageError} The message names what was found, and what to write instead.
 */
export function requireDatabaseName(name: string): void {
  const fault = faultOfName(name) ?? faultOfPlace(name);
  if (fault === undefined) return;
  throw new UsageError(
    `Cannot use the database ${JSON.stringify(name)}: it must be the name of a file, got ${fault}`,
  );
}

/** What a name is, if it is not the name of a file. */
function faultOfName(name: string): string | undefined {
  if (name === "") return "an empty name";
  if (/\p{Cc}/u.test(name)) return "a name with a control character";
  if (name === ":memory:") return "SQLite's name for no file at all; results are kept in a file only";
  if (/^file:/i.test(name)) return `a URI; write ./${name} for a file of this name`;
  const [scheme] = /^[a-z][a-z0-9+.-]*:\/\//i.exec(name) ?? [];
  if (scheme !== undefined) return `a URL of ${scheme}; results are kept in a file only`;
  // Such a database would be deleted for the sake of the one without the ending.
  const [ending] = /(?:\.lock|\.part|-wal|-shm|-journal)$/.exec(name) ?? [];
  if (ending !== undefined) return `a name that ends with ${ending}, as files beside a database do`;
  return name.endsWith("/") ? "a folder; add the name of a file" : undefined;
}

/** What exists under a name, if it is not a file. */
function faultOfPlace(name: string): string | undefined {
  let found: Deno.FileInfo;
  try {
    found = Deno.statSync(name);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ELOOP") {
      return "a link that leads to itself";
    }
    // The file is missing, or opening the file tells why it cannot be read.
    return undefined;
  }
  if (found.isFile) return undefined;
  if (found.isDirectory) return "a folder; add the name of a file";
  return found.isFifo ? "a pipe" : found.isSocket ? "a socket" : "a device";
}

/** The path for SQLite, which takes a name that begins with `file:` for a URI, and has a meaning for `:memory:`. */
export function sqlitePath(file: string): string {
  return /^(?:file:|:memory:$)/i.test(file) ? `./${file}` : file;
}

/** Length of a chain of symbolic links that Linux follows. */
const linksMax = 40;

/** The path of a file, existing or not, with symbolic links resolved. */
export function realPathOf(file: string, links: number = linksMax): string {
  const [, folder = "", name = file] = /^(.*\/)?([^/]*)$/s.exec(file) ?? [];
  try {
    return Deno.realPathSync(file);
  } catch {
    // A link to a missing file, or no file at all.
  }
  try {
    const target = Deno.readLinkSync(file);
    return links === 0 ? file : realPathOf(target.startsWith("/") ? target : folder + target, links - 1);
  } catch {
    return file === name ? file : `${realFolderOf(folder)}/${name}`;
  }
}

function realFolderOf(folder: string): string {
  try {
    return Deno.realPathSync(folder);
  } catch {
    return folder;
  }
}
