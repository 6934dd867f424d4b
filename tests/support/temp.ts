/**
 * A temporary folder for one test.
 *
 * @module
 */

/** A new empty folder; `using` removes the folder and its files. */
export class TempFolder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "trawl-test-" });

  constructor() {
    // An executable runs as an unprivileged user, who needs access.
    if (Deno.env.has("TRAWL_EXECUTABLE")) Deno.chmodSync(this.path, 0o777);
  }

  /** The path of a file in the folder. With `text`, writes the file. */
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
