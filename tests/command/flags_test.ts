/**
 * The flag table and its parser: typed values, and messages that name the flag.
 *
 * @module
 */

import assert from "node:assert/strict";
import { commands } from "../../lib/command/commands.ts";
import { type Flag, parseArguments } from "../../lib/command/flag.ts";
import { flags } from "../../lib/command/flags.ts";
import { commandHelp, overview } from "../../lib/command/help.ts";

const all: readonly Flag[] = Object.values(flags);

function parse(...args: readonly string[]) {
  return parseArguments(args, all);
}

Deno.test("Arguments.get() returns typed values: switches, values and lists", () => {
  const args = parse(
    "JOB",
    "--limit",
    "1_000",
    "--new",
    "--column",
    "a=$.a",
    "--column",
    "b=$['c=d']:text",
    "x",
  );
  assert.deepEqual(args.operands, ["JOB", "x"]);
  assert.equal(args.get(flags.limit), 1_000);
  assert.equal(args.get(flags.isNew), true);
  assert.equal(args.get(flags.quiet), false);
  assert.equal(args.get(flags.batch), undefined);
  assert.deepEqual(args.get(flags.column), [
    { name: "a", path: "$.a", type: undefined },
    { name: "b", path: "$['c=d']", type: "text" },
  ]);
  assert.deepEqual(args.get(flags.set), []);
  assert.equal(args.has(flags.set), false);
});

const values: readonly (readonly [args: readonly string[], flag: Flag, value: unknown])[] = [
  [["--keys", "-"], flags.keys, { kind: "stdin" }],
  [["--keys=a b.txt"], flags.keys, { kind: "file", file: "a b.txt" }],
  [["--in-flight", "auto"], flags.inFlight, "auto"],
  [["--in-flight", "10000"], flags.inFlight, 10_000],
  [["--rate", "auto"], flags.rate, "auto"],
  [["--rate", "5/min"], flags.rate, { count: 5, perMs: 60_000 }],
  [["--min-coverage", "0.5"], flags.minCoverage, 0.5],
  [["--max-age", "26h"], flags.maxAge, 93_600_000],
  [["--limit", "1", "--limit", "2"], flags.limit, 2],
  [["-q"], flags.quiet, true],
  [["--set", "a=b=c"], flags.set, [["a", "b=c"]]],
  [["--column", "a=$['b:text']"], flags.column, [{ name: "a", path: "$['b:text']", type: undefined }]],
  [["--size", "AS3333=5"], flags.size, [{ key: "3333", updates: 5 }]],
  [["--delay", "~80"], flags.delay, { kind: "exponential", meanMs: 80 }],
  [["--format", "man"], flags.format, "man"],
];

Deno.test("parseArguments() parses the value of each flag", () => {
  for (const [args, flag, value] of values) {
    const parsed = parse(...args);
    const found = flag.value === undefined
      ? parsed.get(flag)
      : flag.isList === true
      ? parsed.get(flag)
      : parsed.get(flag);
    assert.deepEqual(found, value, args.join(" "));
  }
});

const mistakes: readonly (readonly [args: readonly string[], message: string])[] = [
  [["--limit", "0"], 'Cannot use --limit: must be a whole number of at least 1, got "0"'],
  [["--limit", "1.5"], 'Cannot use --limit: must be a whole number of at least 1, got "1.5"'],
  [["--batch", "50001"], 'Cannot use --batch: must be a whole number from 1 to 50000, got "50001"'],
  [
    ["--in-flight", "x"],
    'Cannot use --in-flight: must be a whole number from 1 to 10000, or "auto", got "x"',
  ],
  [["--min-coverage", "99"], 'Cannot use --min-coverage: must be a number from 0 to 1, got "99"'],
  [["--set", "=1"], 'Cannot use --set: must be NAME=VALUE, got "=1"'],
  [["--column", "a"], 'Cannot use --column: must be NAME=PATH or NAME=PATH:TYPE, got "a"'],
  [["--column", "=$"], 'Cannot use --column: must be NAME=PATH or NAME=PATH:TYPE, got "=$"'],
  [["--profile", "x"], 'Cannot use --profile: must be one of ripestat, hello, got "x"'],
  [
    ["--metrics", "a.txt"],
    'Cannot use --metrics: must end in .prom, as node_exporter ignores other files, got "a.txt"',
  ],
  [["--db"], "--db has no value: write --db FILE"],
  [["--db", "--new"], "--db has no value: write --db FILE"],
  [["--keys="], "--keys has no value: write --keys FILE"],
  [["--in-fligth", "3"], "Unknown flag --in-fligth: did you mean --in-flight?"],
  [["--zzzzzz"], "Unknown flag --zzzzzz: see --help"],
];

Deno.test("parseArguments() names the flag that is wrong", () => {
  for (const [args, message] of mistakes) {
    assert.throws(() => parse(...args), { name: "UsageError", message }, args.join(" "));
  }
});

Deno.test("parseArguments() names the flag before the rule of a duration, a rate and a size", () => {
  assert.throws(
    () => parse("--max-age", "soon"),
    /^UsageError: Cannot use --max-age: must be a duration .*, got "soon"$/,
  );
  assert.throws(() => parse("--rate", "fast"), /^UsageError: Cannot use --rate: must be .*, got "fast"$/);
  assert.throws(() => parse("--size", "big"), /^UsageError: --size: Cannot read the size: .*, got "big"$/);
});

Deno.test("every flag belongs to a command, has a name of its own, and a short text that fits", () => {
  const used = new Set(commands.flatMap((command) => command.flags.map(({ name }) => name)));
  assert.deepEqual(all.map(({ name }) => name).filter((name) => !used.has(name)), []);
  for (const command of commands) {
    assert.equal(new Set(command.flags.map(({ name }) => name)).size, command.flags.length, command.name);
  }
  for (const { name, help, more } of all) {
    assert.ok(help.length <= 52, `${name}: ${help.length}`);
    assert.match(more, /[.)]$/, name);
    assert.doesNotMatch(help, /\.$/, name);
  }
});

Deno.test("every help text fits into 80 columns, examples included", () => {
  const texts = [
    overview(commands),
    ...commands.flatMap((command) => [false, true].map((isLong) => commandHelp(command, { isLong }))),
  ];
  for (const text of texts) assert.deepEqual(text.split("\n").filter((line) => line.length > 80), []);
});

Deno.test("each flag accepts its own examples", () => {
  for (const flag of all) {
    if (flag.value === undefined) continue;
    assert.ok(flag.examples.length > 0, flag.name);
    for (const example of flag.examples) {
      assert.ok(parseArguments([`--${flag.name}`, example], [flag]).has(flag), flag.name);
    }
  }
});
