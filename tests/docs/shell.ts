/**
 * A folder in which documentation is tried: the command `trawl` is this checkout's, and scripts run in bash.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { TempFolder } from "../support/temp.ts";
import { denoEnv, stateEnv } from "../support/trawl.ts";

const root = new URL("../../", import.meta.url).pathname;

/** Programs that documentation calls; CI installs them. */
export const programs: readonly string[] = ["bash", "sqlite3", "curl"];

/** The end of a script. */
export interface ScriptResult {
  readonly code: number;
  readonly output: string;
}

/** A temporary folder with `trawl` in the PATH of its scripts. */
export class Shell implements Disposable {
  readonly #folder = new TempFolder();
  readonly #env: Readonly<Record<string, string>>;

  constructor() {
    const args = config.tasks.trawl.command.replace(/^deno /, "").replace(/main\.ts$/, "");
    this.#folder.file(
      "trawl",
      `#!/bin/sh\nexec "${Deno.execPath()}" ${args} --config "${root}deno.json" "${root}main.ts" "$@"\n`,
    );
    Deno.chmodSync(this.#folder.file("trawl"), 0o755);
    this.#env = {
      ...denoEnv,
      ...stateEnv,
      PATH: `${this.#folder.path}:${Deno.env.get("PATH")}`,
      NO_COLOR: "1",
    };
  }

  /** Writes a file of the folder. */
  file(name: string, text: string): string {
    return this.#folder.file(name, text);
  }

  /** The text of a file that a script wrote. */
  async read(name: string): Promise<string> {
    return await Deno.readTextFile(this.#folder.file(name));
  }

  /** Starts a script whose standard output is read by the caller. */
  start(script: string): Deno.ChildProcess {
    return new Deno.Command("bash", {
      args: ["-c", script],
      cwd: this.#folder.path,
      env: this.#env,
      stdin: "null",
      stdout: "piped",
    }).spawn();
  }

  /** Runs a script to its end; its output is both streams in their order. */
  async run(script: string): Promise<ScriptResult> {
    const child = this.start(`exec 2>&1\n${script}`);
    const [output, { code }] = await Promise.all([new Response(child.stdout).text(), child.status]);
    return { code, output };
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}
