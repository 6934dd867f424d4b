/**
 * The repository's Markdown files: their text, fenced blocks and links.
 *
 * @module
 */

const root = new URL("../../", import.meta.url);

/** A fenced block. */
export interface Block {
  readonly language: string;
  readonly body: string;
  /** The HTML comment right above it, such as `tested: exit 3`. */
  readonly mark: string | undefined;
}

/** The text of a file of the repository. */
export async function textOf(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, root));
}

/** All fenced blocks of a Markdown text. */
export function blocksOf(markdown: string): Block[] {
  const blocks = markdown.matchAll(/(?:^<!-- ([^>]*) -->\n\n)?^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, mark, language = "", body = ""]) => ({ language, body, mark }));
}

/** The paths of all Markdown files, from the root of the repository. */
export function markdownFiles(): string[] {
  const files = [".", "docs", "examples"].flatMap((folder) =>
    [...Deno.readDirSync(new URL(folder, root))]
      .filter(({ name }) => name.endsWith(".md"))
      .map(({ name }) => folder === "." ? name : `${folder}/${name}`)
  );
  return files.sort();
}
