/**
 * A folder of its own for a test, removed afterwards.
 *
 * @module
 */

/** A new empty folder; `using` removes it with all that is in it. */
export class TempFolder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "trawl-test-" });

  constructor() {
    // An executable is tested as a user who must be let in.
    if (Deno.env.has("TRAWL_EXECUTABLE")) Deno.chmodSync(this.path, 0o777);
  }

  /** The path of a file in the folder; with `text`, the file is written. */
  file(name: string, text?: string): string {
    const path = `${this.path}/${name}`;
    if (text !== undefined) Deno.writeTextFileSync(path, text);
    return path;
  }

  /** The names of the files in the folder, sorted. */
  names(): string[] {
    return [...Deno.readDirSync(this.path)].map(({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
