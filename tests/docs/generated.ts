/**
 * The generated parts of `docs/`: which file, from which definition. A part of a Markdown file stands between
 * `<!-- begin NAME … -->` and `<!-- end NAME -->`; the rest of the file is written by hand.
 *
 * @module
 */

import { cliReference } from "../../lib/command/cli_reference.ts";
import { commands } from "../../lib/command/commands.ts";
import { manPage } from "../../lib/command/man_page.ts";
import { jobFileReference } from "./job_file_reference.ts";
import { reasonTable } from "./reason_table.ts";

const root = new URL("../../", import.meta.url);

/** Generated parts by file, then by name. */
const parts: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  "docs/job-file.md": { fields: jobFileReference },
  "docs/limits.md": { reasons: reasonTable },
};

/** Files that are generated as a whole. */
const wholes: Readonly<Record<string, () => string>> = {
  "docs/cli.md": () => cliReference(commands),
  "docs/trawl.1": () => manPage(commands),
};

/** A file with generated text in it, as it is and as it should be. */
export interface GeneratedFile {
  readonly path: string;
  readonly current: string;
  readonly expected: string;
}

/** All generated files. */
export async function generatedFiles(): Promise<GeneratedFile[]> {
  const withParts = Object.entries(parts).map(async ([path, texts]) => {
    const current = await read(path);
    let expected = current;
    for (const [name, text] of Object.entries(texts)) expected = replacePart(expected, name, text());
    return { path, current, expected: await formatted(expected) };
  });
  const whole = Object.entries(wholes).map(async ([path, text]) => ({
    path,
    current: await read(path),
    expected: path.endsWith(".md") ? await formatted(text()) : text(),
  }));
  return await Promise.all([...withParts, ...whole]);
}

/** The text of a file of the repository; empty if there is none. */
async function read(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(new URL(path, root));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function replacePart(document: string, name: string, text: string): string {
  const part = new RegExp(`(<!-- begin ${name}\\b[^>]*-->\\n)[^]*?(<!-- end ${name} -->)`);
  if (!part.test(document)) throw new Error(`Cannot find the part "${name}": there are no such markers`);
  return document.replace(part, (_, begin, end) => `${begin}\n${text}\n${end}`);
}

/** Markdown as `deno fmt` leaves it. */
async function formatted(markdown: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--ext", "md", "-"],
    cwd: root,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(markdown));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new Error("Cannot format the generated Markdown");
  return new TextDecoder().decode(stdout);
}

/** Writes the files that are stale; returns their paths. */
export async function writeGenerated(): Promise<string[]> {
  const stale = (await generatedFiles()).filter(({ current, expected }) => current !== expected);
  for (const { path, expected } of stale) await Deno.writeTextFile(new URL(path, root), expected);
  return stale.map(({ path }) => path);
}
