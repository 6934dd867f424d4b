/**
 * The public module `@trawl/trawl/json`: its exported names, a compile-time use of its types, and the examples of
 * `docs/json.md`, which are run.
 *
 * @module
 */

import assert from "node:assert/strict";
import * as json from "@trawl/trawl/json";
import type {
  Collector,
  Filter,
  Handler,
  JsonFault,
  JsonLimit,
  JsonPlace,
  Path,
  QueryPath,
  RawText,
  Segment,
  Selector,
  Slice,
  Take,
} from "@trawl/trawl/json";
import config from "../../deno.json" with { type: "json" };
import { blocksOf, textOf } from "../docs/markdown.ts";
import { TempFolder } from "../support/temp.ts";

const root = new URL("../../", import.meta.url);
const blocks = blocksOf(await textOf("docs/json.md"));

Deno.test("@trawl/trawl/json exports these values and no others", () => {
  assert.equal(config.exports["./json"], "./lib/json/mod.ts");
  assert.deepEqual(Object.keys(json).sort(), [
    "JsonLimitError",
    "JsonSyntaxError",
    "PathSyntaxError",
    "Query",
    "Tokenizer",
    "TokenizerStream",
    "UnsupportedPathError",
    "ValueKind",
    "decodeText",
    "jsonLimits",
    "parsePath",
    "selectValues",
  ]);
});

/** Uses every exported type: a renamed type, or one whose shape has changed, does not compile. */
class Sums implements Collector<number> {
  #sum: number | undefined;
  readonly #depths: number[] = [];

  enter(index: number, kind: json.ValueKind): void {
    if (kind === json.ValueKind.array) this.#depths.push(index);
  }

  leave(index: number): void {
    if (this.#depths.at(-1) === index) this.#depths.pop();
  }

  text(_index: number, kind: json.ValueKind, raw: RawText): void {
    const value = raw.smallInteger() ?? json.decodeText(kind, raw.toString());
    if (typeof value === "number") this.#sum = (this.#sum ?? 0) + value;
  }

  take(): number | undefined {
    const sum = this.#sum;
    this.#sum = undefined;
    return sum;
  }
}

function selectorsOf({ segments }: Path): readonly string[] {
  const kinds = ({ selectors }: Segment) =>
    selectors.map((selector: Selector) => {
      const special: Slice | Filter | undefined = selector.kind === "slice" || selector.kind === "filter"
        ? selector
        : undefined;
      return special?.kind ?? selector.kind;
    });
  return segments.flatMap(kinds);
}

Deno.test("@trawl/trawl/json follows several paths through bytes or text with a collector of one's own", async () => {
  const path: Path = json.parsePath("$.rows[?@.n]");
  assert.deepEqual(selectorsOf(path), ["name", "filter"]);
  const takes: readonly Take[] = ["visit", "text"];
  const paths: readonly QueryPath[] = [
    { path, take: takes[0] ?? "visit" },
    { path: json.parsePath("$.n"), take: takes[1] ?? "text", within: 0 },
  ];
  const chunks = ['{"rows":[{"n":1},{"m":5},', new TextEncoder().encode('{"n":2},{"n":4}]}')];
  const stream: TransformStream<Uint8Array | string, number> = new json.TokenizerStream(
    new json.Query(paths),
    new Sums(),
  );
  assert.deepEqual(await Array.fromAsync(ReadableStream.from(chunks).pipeThrough(stream)), [1, 6]);
});

Deno.test("@trawl/trawl/json throws errors with a place, a fault or a limit", () => {
  const handler: Handler = { enter() {}, leave() {}, text() {} };
  const read = (text: string) => {
    const tokenizer = new json.Tokenizer(new json.Query([]), handler);
    tokenizer.process(text);
    tokenizer.finalize();
  };
  assert.throws(() => read("[1,\n,2]"), (error) => {
    assert.ok(error instanceof json.JsonSyntaxError);
    const place: JsonPlace = error;
    const fault: JsonFault = error.fault;
    assert.deepEqual([place.offset, place.line, place.column, fault], [4, 2, 1, "grammar"]);
    return true;
  });
  assert.throws(() => read("[".repeat(json.jsonLimits.depthMax + 1)), (error) => {
    assert.ok(error instanceof json.JsonLimitError);
    const limit: JsonLimit = error.limit;
    return limit === "depth";
  });
  assert.throws(() => json.parsePath("$["), json.PathSyntaxError);
  assert.throws(() => json.parsePath("$[-1]"), json.UnsupportedPathError);
});

Deno.test("the examples of docs/json.md print what they say", async () => {
  using folder = new TempFolder();
  const examples = blocks.filter(({ language }) => language === "ts");
  assert.ok(examples.length >= 2, String(examples.length));
  for (const [index, { body }] of examples.entries()) {
    const file = `${folder.path}/example_${index}.ts`;
    const module = new URL(config.exports["./json"], root).href;
    await Deno.writeTextFile(file, body.replaceAll('"@trawl/trawl/json"', JSON.stringify(module)));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", "--no-config", "--unstable-raw-imports", file],
      cwd: folder.path,
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const printed = [...body.matchAll(/\/\/ prints (.*)$/gm)].map(([, line]) => `${line}\n`).join("");
    assert.notEqual(printed, "");
    assert.equal(new TextDecoder().decode(stdout), printed, body);
  }
});
