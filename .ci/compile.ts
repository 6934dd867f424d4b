/**
 * `deno task compile` makes the executable `./trawl`, and `deno task release` one for every platform in `dist/`. It
 * stands beside `.ci/run` as it makes the program and is no part of it.
 *
 * Permissions and V8's flags are those of the task `trawl` in deno.json, which is the one place where they stand. An
 * executable reads all that it carries at every start, used or not, and that is what a start costs: so of the
 * libraries only what can be loaded goes in.
 *
 * @module
 */

import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import config from "../deno.json" with { type: "json" };

/** What begins an executable: bytes in hexadecimal by their offset. */
type Magic = Readonly<Record<number, string>>;

/** The platforms of a release. The bytes tell one's executable from another's where it cannot be run. */
const targets: Readonly<Record<string, Magic>> = {
  "x86_64-unknown-linux-gnu": { 0: "7f454c46", 18: "3e00" },
  "aarch64-unknown-linux-gnu": { 0: "7f454c46", 18: "b700" },
  "x86_64-apple-darwin": { 0: "cffaedfe07000001" },
  "aarch64-apple-darwin": { 0: "cffaedfe0c000001" },
  "x86_64-pc-windows-msvc": { 0: "4d5a" },
};

/** What no import names literally. */
const workers = ["lib/worker/worker.ts", "lib/simulate/simulator_worker.ts"] as const;

const root = fileURLToPath(new URL("../", import.meta.url));

/** What all executables of one call share. */
interface Parts {
  /** Deno's cache with what the program loads of its libraries. */
  readonly cache: string;
  /** Variables that the executable finds in its environment. */
  readonly envFile: string;
}

/** What a program complained of, on one line; its causes often repeat each other. */
function reasonOf(stderr: string): string {
  const lines = (stderr.split("Stack backtrace")[0] ?? "").split("\n")
    .map((line) => line.replace(/^\s*(\d+|error): /, "").replace(/^Caused by:$|\.$/, "").trim());
  return lines.reduce((said, line) => line === "" || said.includes(line) ? said : `${said}: ${line}`, "")
    .slice(2);
}

/** Runs a program to its end; returns what it printed. @throws {Error} With what it complained of. */
async function outputOf(program: string, options: Deno.CommandOptions): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { stdin: "null", ...options }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(reasonOf(decoder.decode(stderr)));
}

async function deno(
  args: readonly string[],
  change: (env: Record<string, string>) => void = () => {},
): Promise<string> {
  const env = { ...Deno.env.toObject(), NO_COLOR: "1", RUST_BACKTRACE: "0" };
  change(env);
  return await outputOf(Deno.execPath(), { args: [...args], cwd: root, clearEnv: true, env });
}

/** The commit that is compiled; undefined where git does not tell. */
async function commitOf(): Promise<string | undefined> {
  const args = ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"];
  return await outputOf("git", { args, cwd: root }).then((text) => text.trim(), () => undefined);
}

/** The modules that an entry leads to. */
async function modulesOf(
  entry: string,
): Promise<readonly { readonly kind?: string; readonly specifier: string }[]> {
  return JSON.parse(await deno(["info", "--json", entry])).modules;
}

/** The entries of all libraries that the program imports, as addresses in Deno's cache. */
async function libraries(): Promise<string[]> {
  const modules = await Promise.all(["main.ts", ...workers].map(modulesOf));
  const used = new Set(modules.flat().map(({ specifier }) => specifier.replace(/^npm:\//, "npm:")));
  const names = Object.entries(config.imports).filter(([, specifier]) => used.has(specifier));
  return names.map(([name]) => import.meta.resolve(name));
}

/** Fills a cache of Deno's with what the program loads of its libraries. */
async function fillCache(cache: string): Promise<void> {
  await deno(["cache", "--quiet", "main.ts", ...workers]);
  const { denoDir, npmCache } = JSON.parse(await deno(["info", "--json"]));
  const base = `${pathToFileURL(npmCache)}/`;
  const modules = await Promise.all((await libraries()).map(modulesOf));
  for (const { specifier } of modules.flat()) {
    if (!specifier.startsWith(base) || /\.d\.[cm]?ts$/.test(specifier)) continue;
    const file = decodeURIComponent(specifier.slice(base.length));
    const library = /^[^/]+\/(?:@[^/]+\/)?[^/]+\/[^/]+/.exec(file)?.[0];
    for (const path of [file, `${library}/package.json`]) {
      const copy = `${cache}/npm/${path}`;
      await Deno.mkdir(dirname(copy), { recursive: true });
      await Deno.copyFile(`${npmCache}/${path}`, copy);
    }
  }
  // What Deno downloads to make executables of is kept for the next time.
  await Deno.mkdir(`${denoDir}/dl`, { recursive: true });
  await Deno.symlink(`${denoDir}/dl`, `${cache}/dl`, { type: "dir" });
}

/** Makes an executable. @throws {Error} If it cannot be made, or is none of its target's. */
async function compile(output: string, target: string, { cache, envFile }: Parts): Promise<void> {
  const runFlags = config.tasks.trawl.command.split(" ").filter((word) => word.startsWith("--"));
  await deno([
    "compile",
    "--quiet",
    "--no-check",
    // It would lie in the folder for temporary files, where others can put one first: for a tenth of the start of `run`.
    "--no-code-cache",
    "--unstable-npm-lazy-caching",
    ...runFlags,
    ...workers.map((worker) => `--include=${worker}`),
    `--env-file=${envFile}`,
    `--target=${target}`,
    `--output=${output}`,
    "main.ts",
  ], (env) => {
    env["DENO_DIR"] = cache;
    // It names a base for this machine, which Deno would take for any other too.
    if (target !== Deno.build.target) delete env["DENORT_BIN"];
  });
  using file = await Deno.open(output);
  const head = new Uint8Array(64);
  await file.read(head);
  for (const [offset, bytes] of Object.entries(targets[target] ?? {})) {
    if (!head.subarray(Number(offset)).toHex().startsWith(bytes)) {
      throw new Error("what was made is none for this platform");
    }
  }
  if (target === Deno.build.target) await tryOut(output);
}

/** Runs an executable in an empty environment. @throws {Error} If it is not this trawl. */
async function tryOut(path: string): Promise<void> {
  const said = await outputOf(path, { args: ["--version"], clearEnv: true });
  if (!said.startsWith(`trawl ${config.version} (`)) throw new Error(`it says "${said.split("\n")[0]}"`);
}

/** Makes an executable, or says why not and leaves none. Returns its SHA-256, if there is one. */
async function make(output: string, target: string, parts: Parts): Promise<string | undefined> {
  try {
    await compile(output, target, parts);
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(output));
    return new Uint8Array(digest).toHex();
  } catch (error) {
    Deno.exitCode = 1;
    await Deno.remove(output).catch(() => {});
    log(`Cannot make ${output} for ${target}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/** Makes what can be made of a release. */
async function release(parts: Parts): Promise<void> {
  const folder = `${root}dist`;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder);
  let sums = "";
  for (const target of Object.keys(targets)) {
    const name = `trawl-${config.version}-${target}${target.includes("windows") ? ".exe" : ""}`;
    const sum = await make(`${folder}/${name}`, target, parts);
    if (sum !== undefined) sums += `${sum}  ${name}\n`;
  }
  await Deno.writeTextFile(`${folder}/SHA256SUMS`, sums);
}

function log(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) {
  const [what = `${root}trawl`] = Deno.args;
  const folder = await Deno.makeTempDir({ prefix: "trawl-compile-" });
  try {
    const parts: Parts = { cache: `${folder}/cache`, envFile: `${folder}/env` };
    const commit = await commitOf();
    await Deno.writeTextFile(parts.envFile, commit === undefined ? "" : `TRAWL_COMMIT=${commit}\n`);
    await fillCache(parts.cache);
    if (what === "--release") await release(parts);
    else await make(what, Deno.build.target, parts);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
