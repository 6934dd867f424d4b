/**
 * The house rules, as code: which room may import which, where the outside world may be touched, how long a file is.
 *
 * @module
 */

import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);

const workers = ["lib/worker/worker.ts", "lib/simulate/simulator_worker.ts"];
const entries = ["main.ts", "lib/json/mod.ts", ...workers];

/** Rooms from the top down. A room imports from the rooms below it and from itself. */
const rooms: readonly (readonly string[])[] = [
  ["command"],
  ["view"],
  ["forecast"],
  ["collect"],
  ["worker", "store"],
  ["rows", "pace"],
  ["simulate"],
  ["job"],
  ["http"],
  ["json"],
  ["text"],
  ["limits.ts", "errors.ts"],
];

/** Calls that only these files may make. */
const worldly: readonly { readonly pattern: RegExp; readonly where: RegExp }[] = [
  { pattern: /\bDeno\.exit\b|\bDeno\.args\b|\bDeno\.exitCode\b|\baddSignalListener\b/, where: /^main\.ts$/ },
  { pattern: /(?<![\w.#])fetch\(/, where: /^lib\/http\/fetch_transport\.ts$/ },
  { pattern: /from "node:sqlite"/, where: /^lib\/store\/sqlite\// },
  {
    pattern: /\bMath\.random\(/,
    where: /^lib\/(worker\/batch_worker|collect\/keys\/key_list|rows\/count_groups)\.ts$/,
  },
  { pattern: /\bconsole\./, where: /^$/ },
];

const linesMax = 400;
const lineCharsMax = 120;

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

/** The modules that `entry` leads to, by `deno info`. */
async function graphOf(entry: string): Promise<Module[]> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: root,
    stderr: "null",
  });
  const { code, stdout } = await command.output();
  assert.equal(code, 0);
  return JSON.parse(new TextDecoder().decode(stdout)).modules;
}

/** The path of a module below the root; undefined for a library's. */
function pathOf(specifier: string): string | undefined {
  return specifier.startsWith(root.href) ? specifier.slice(root.href.length) : undefined;
}

function roomOf(path: string): string | undefined {
  return /^lib\/([^/]+)/.exec(path)?.[1];
}

function storeyOf(place: string): number {
  const storey = rooms.findIndex((names) => names.includes(place));
  assert.notEqual(storey, -1, `${place} is no room of the house`);
  return storey;
}

const sources = await Promise.all(
  [...walk("lib"), "main.ts"].map(async (path) => ({
    path,
    text: await Deno.readTextFile(new URL(path, root)),
  })),
);

function* walk(folder: string): Iterable<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, root))) {
    if (isDirectory) yield* walk(`${folder}/${name}`);
    else if (name.endsWith(".ts") && !name.endsWith(".d.ts")) yield `${folder}/${name}`;
  }
}

/** All imports between files of ours: from, to, and whether only types pass. */
async function importsOf(entry: string) {
  return (await graphOf(entry)).flatMap(({ specifier, dependencies = [] }) => {
    const from = pathOf(specifier);
    if (from === undefined) return [];
    return dependencies.flatMap(({ code, type }) => {
      const to = pathOf(code?.specifier ?? type?.specifier ?? "");
      return to === undefined ? [] : [{ from, to, isType: code === undefined }];
    });
  });
}

Deno.test("the modules of lib import downwards only", async () => {
  const imports = (await Promise.all(entries.map(importsOf))).flat();
  const wrong = imports.filter(({ from, to }) => {
    const [above, below] = [roomOf(from), roomOf(to)];
    if (above === undefined || below === undefined || above === below) return false;
    return storeyOf(above) >= storeyOf(below);
  });
  assert.deepEqual(wrong.map(({ from, to }) => `${from} → ${to}`), []);
});

/** The files of the store that other rooms may import; everything else belongs to one engine. */
const storeDoor = /^lib\/store\/(database|records|coverage|job_health)\.ts$/;

Deno.test("other rooms see the store through its door only, and load its engine with openDatabase() only", async () => {
  const imports = (await Promise.all(entries.map(importsOf))).flat();
  const wrong = imports.filter(({ from, to }) =>
    roomOf(to) === "store" && roomOf(from) !== "store" && !storeDoor.test(to)
  );
  assert.deepEqual(wrong.map(({ from, to }) => `${from} → ${to}`), []);
  const inStore = sources.filter(({ path, text }) =>
    storeDoor.test(path) && /^import (?!type )[^;]*"\.\/sqlite\//m.test(text)
  );
  assert.deepEqual(inStore.map(({ path }) => path), [], "loads the engine at once");
});

Deno.test("the modules of lib import in no cycle, types and Workers included", async () => {
  const graph = Map.groupBy((await Promise.all(entries.map(importsOf))).flat(), ({ from }) => from);
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]) => {
    assert.ok(!above.includes(path), `cycle: ${[...above, path].join(" → ")}`);
    if (done.has(path)) return;
    for (const { to } of graph.get(path) ?? []) visit(to, [...above, path]);
    done.add(path);
  };
  for (const entry of entries) visit(entry, []);
});

Deno.test("no two files of lib have the same name", () => {
  const byName = Map.groupBy(sources, ({ path }) => path.slice(path.lastIndexOf("/") + 1));
  const twice = [...byName.values()].filter((files) => files.length > 1).map((files) =>
    files.map(({ path }) => path)
  );
  assert.deepEqual(twice, []);
});

Deno.test("the worker side never loads the database, nor the libraries of the job file", async () => {
  for (const entry of workers) {
    const loaded = (await importsOf(entry)).filter(({ isType }) => !isType).map(({ to }) => to);
    assert.deepEqual(
      loaded.filter((path) => /^lib\/(store\/|job\/(job_schema|load_job|toml_document))/.test(path)),
      [],
    );
    const libraries = (await graphOf(entry)).map(({ specifier }) => specifier).filter((name) =>
      /zod|toml|sqlite/.test(name)
    );
    assert.deepEqual(libraries, []);
  }
});

Deno.test("every module of lib is in use", async () => {
  const used = new Set(
    (await Promise.all(entries.map(graphOf))).flat().map(({ specifier }) => pathOf(specifier)),
  );
  // What is compiled into scanner.wasm, as .ci/run makes sure.
  const isCompiled = (path: string) => path.startsWith("lib/json/scanner/");
  assert.deepEqual(
    sources.map(({ path }) => path).filter((path) => !used.has(path) && !isCompiled(path)),
    [],
  );
});

Deno.test("the outside world is touched only where it should be", () => {
  for (const { pattern, where } of worldly) {
    const code = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|`[^`]*`/g, "");
    const found = sources.filter(({ path, text }) => !where.test(path) && pattern.test(code(text)));
    assert.deepEqual(found.map(({ path }) => path), [], String(pattern));
  }
});

/** The files of tests/, by path. */
const testSources = await Promise.all([...walk("tests")].map(async (path) => ({
  path,
  text: await Deno.readTextFile(new URL(path, root)),
})));

/** Folders of tests/ that are no room of lib. */
const otherTests = ["program", "torture", "fuzz", "bench", "support", "docs"];

Deno.test("tests/ mirrors lib/", () => {
  const known = [...rooms.flat(), ...otherTests];
  const folders = new Set(testSources.flatMap(({ path }) => /^tests\/([^/]+)\//.exec(path)?.[1] ?? []));
  assert.deepEqual([...folders].filter((folder) => !known.includes(folder)), []);
  // Below a room, the folders are those of the room.
  const parts = testSources.map(({ path }) => path.slice("tests/".length, path.lastIndexOf("/")))
    .filter((folder) => rooms.flat().some((room) => folder.startsWith(`${room}/`)));
  const missing = parts.filter((folder) => !sources.some(({ path }) => path.startsWith(`lib/${folder}/`)));
  assert.deepEqual([...new Set(missing)], []);
});

Deno.test("tests take every random choice from a seed that the gate fixes", () => {
  // tests/fuzz/main.ts draws the seed of `deno task fuzz`, tests/torture/main.ts that of `deno task torture`.
  const drawing = /^tests\/(fuzz|torture|bench)\/main\.ts$/;
  const random = testSources.filter(({ path, text }) =>
    /\bMath\.random\b(?!\\)/.test(text) && !drawing.test(path)
  );
  assert.deepEqual(random.map(({ path }) => path).filter((path) => path !== "tests/tidy_test.ts"), []);
  const unseeded = testSources.filter(({ text }) => /\bfc\.(assert|check|sample)\(/.test(text));
  assert.deepEqual(unseeded.map(({ path }) => path), ["tests/support/property.ts"]);
});

Deno.test("every file says what it is, and is short", () => {
  for (const { path, text } of sources) {
    const lines = text.split("\n");
    assert.match(text, /^(\/\/ deno-lint.*\n|\/\/\/ <.*\n)*\/\*\*\n[\s\S]*?@module\n \*\/\n/, path);
    assert.ok(lines.length <= linesMax, `${path} has ${lines.length} lines`);
    // A line of a job file in a template string may be longer.
    const long = lines.filter((line) => line.length > lineCharsMax && !/https?:|\{set\./.test(line));
    assert.deepEqual(long, [], path);
  }
});

Deno.test("the engine of the simulator knows no profile", () => {
  const ofProfile =
    /\basn|Asn|ASN|\bupdates|Updates|[Rr]ipe[Ss]tat|RIPEstat|[Bb]gp|BGP|[Ee]nvelope|[Aa]nnouncement/;
  const found = sources.filter(({ path, text }) =>
    path.startsWith("lib/simulate/engine/") && ofProfile.test(text)
  );
  assert.deepEqual(found.map(({ path }) => path), []);
});

Deno.test("every exported symbol says what it is", () => {
  const silent = sources.flatMap(({ path, text }) => {
    const lines = text.split("\n");
    return lines.flatMap((line, index) => {
      const name = /^export (?:abstract )?(?:async )?(?:function\*?|class|interface|type|const) (\w+)/.exec(
        line,
      )?.[1];
      const above = lines.slice(0, index).findLast((line) =>
        !/^(\/\/ deno-lint-ignore|@inline)/.test(line)
      ) ?? "";
      // The second signature of an overloaded function, and the type of a constant of the same name, need no words.
      const isTwin = new RegExp(`^export .*\\b${name}\\b`).test(above) ||
        text.includes(`export const ${name} = {`) &&
          line.startsWith("export type");
      return name === undefined || above.endsWith("*/") || isTwin ? [] : [`${path}: ${name}`];
    });
  });
  assert.deepEqual(silent, []);
});
