/**
 * Holds `docs/` against the program: its links and paths lead somewhere, its jobs load, and limits, exit codes,
 * permissions, reasons, tables and the version are those of the code.
 *
 * @module
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import config from "../../deno.json" with { type: "json" };
import { failureReasons } from "../../lib/rows/failure_reasons.ts";
import { loadJob } from "../../lib/job/load_job.ts";
import { presets } from "../../lib/job/presets.ts";
import { backoffTuning } from "../../lib/http/retry_delay.ts";
import { databaseLimits, httpLimits, jsonLimits, outboxLimits, runLimits } from "../../lib/limits.ts";
import * as limits from "../../lib/limits.ts";
import { definitionsOf } from "../../lib/store/sqlite/job_table_sql.ts";
import { trawlTables } from "../../lib/store/sqlite/sql_schema.ts";
import { formatBytes, formatCount, formatDuration } from "../../lib/text/format.ts";
import { blocksOf, markdownFiles, textOf } from "./markdown.ts";

const root = new URL("../../", import.meta.url);
const texts = await Promise.all(markdownFiles().map(async (path) => ({ path, text: await textOf(path) })));

/** The rows of all tables of a section, header excluded. */
function rowsOf(markdown: string, heading: string): string[] {
  const [, section = ""] = markdown.split(`\n${heading}\n`);
  const rows = (section.split(/\n#+ /)[0] ?? "").split("\n").filter((line) => line.startsWith("| "));
  assert.ok(rows.length > 2, heading);
  return rows.slice(2);
}

Deno.test("every link and every path in the documentation leads to a file and a heading", () => {
  for (const { path, text } of texts) {
    const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, "");
    for (const [, target = ""] of prose.matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [file = "", anchor] = target.split("#");
      const url = file === "" ? new URL(path, root) : new URL(file, new URL(path, root));
      assert.ok(existsSync(url), `${path}: ${target}`);
      if (anchor !== undefined) {
        assert.ok(anchorsOf(Deno.readTextFileSync(url)).includes(anchor), `${path}: ${target}`);
      }
    }
    for (const [, file = ""] of prose.matchAll(/`((?:lib|tests|docs|examples|fixtures|\.ci)\/[\w./-]+)`/g)) {
      assert.ok(existsSync(new URL(file, root)), `${path}: ${file}`);
    }
  }
});

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

Deno.test("every job in the documentation loads", () => {
  let jobs = 0;
  for (const { path, text } of texts) {
    for (const { language, body } of blocksOf(text)) {
      if (language !== "toml" || !/^name = /m.test(body)) continue;
      loadJob(body, { file: path, env: () => "x", secret: () => "y" });
      jobs++;
    }
  }
  assert.ok(jobs >= 2);
});

Deno.test("docs/job-file.md names every preset", async () => {
  const page = await textOf("docs/job-file.md");
  for (const name of Object.keys(presets)) assert.ok(page.includes(`\`${name}\``), name);
});

Deno.test("docs/limits.md has the limits as they are, and names only reasons and limits that there are", async () => {
  const page = await textOf("docs/limits.md");
  const input = rowsOf(page, "## Limits on untrusted input");
  const job = rowsOf(page, "## Limits of a job");
  for (
    const [row, value] of [
      ["response body", `${formatBytes(httpLimits.bodyBytesMax)} after decompression`],
      [
        "compressed body",
        `${httpLimits.ratioMax} times the bytes sent, once ${formatBytes(httpLimits.ratioBytesMin)} `,
      ],
      ["rows of one response", `${runLimits.answerRowsMax / 1e6} million`],
      ["nesting of JSON", `${jsonLimits.depthMax} levels`],
      ["one stored value", formatBytes(jsonLimits.valueBytesMax)],
      ["an element that a filter", formatBytes(jsonLimits.elementBytesMax)],
      ["one header field", formatBytes(httpLimits.fieldCharsMax)],
      ["time to connect", ` ${formatDuration(httpLimits.connectMs)} `],
      ["time to the first byte", ` ${formatDuration(httpLimits.firstByteMs)} `],
      ["pause within a body", ` ${formatDuration(httpLimits.idleMs)} `],
      ["time of one attempt", ` ${formatDuration(httpLimits.totalMs)} `],
      [
        "redirects",
        `${httpLimits.redirectsMax}, each to a URL of at most ${formatBytes(httpLimits.locationCharsMax)}`,
      ],
      ["`Retry-After`", ` ${formatDuration(httpLimits.retryAfterMaxMs)} `],
      ["groups of `rows.count`", `${outboxLimits.countGroupsMax / 1e6} million`],
      ["an object name", formatBytes(jsonLimits.nameBytesMax)],
      ["redirect to another host", `at most ${httpLimits.redirectHostsMax})`],
      ["one key", `${formatCount(runLimits.keyCharsMax)} characters`],
    ] as const
  ) {
    assert.ok(input.some((line) => line.startsWith(`| ${row}`) && line.includes(value)), `${row}: ${value}`);
  }
  for (
    const [row, values] of [
      ["requests in flight", [formatCount(runLimits.inFlightDefault), formatCount(runLimits.inFlightMax)]],
      ["the same, with", [formatCount(runLimits.inFlightAutoMax), formatCount(runLimits.inFlightMax)]],
      ["keys in a batch", [
        `${formatCount(runLimits.batchMax)}, and ${formatBytes(runLimits.batchCharsMax)}`,
      ]],
      ["Workers alive", [String(runLimits.workersMax)]],
      ["attempts on a key", [String(httpLimits.attemptsMax)]],
      ["outage of the API", [formatDuration(httpLimits.outageMs)]],
      ["pause before", [
        "up to " + formatDuration(backoffTuning.baseMs),
        formatDuration(backoffTuning.maxMs),
      ]],
      ["least coverage", [String(runLimits.minCoverage)]],
      ["nested parentheses", [String(jsonLimits.filterDepthMax)]],
      ["wait for a locked", [formatDuration(databaseLimits.busyMs)]],
      ["grace after SIGTERM", [formatDuration(runLimits.graceMs)]],
      ["silence of a Worker", [formatDuration(runLimits.silentMs)]],
      ["free disk space", [formatBytes(databaseLimits.freeBytesMin)]],
    ] as const
  ) {
    const line = job.find((line) => line.startsWith(`| ${row}`));
    for (const value of values) assert.match(line ?? "", new RegExp(`\\| ${value}\\b`), row);
  }
  const named = input.flatMap((line) => /`([a-z]+(?:-[a-z0-9]+)*)`[^|]*\|$/.exec(line)?.[1] ?? []);
  assert.ok(named.length >= 12);
  assert.deepEqual(named.filter((name) => !Object.hasOwn(failureReasons, name)), []);
  const tables = limits as Readonly<Record<string, Readonly<Record<string, number>>>>;
  const onPage = [...page.matchAll(/`(\w+Limits)\.(\w+)`/g)].map(([, table = "", name = ""]) =>
    [table, name] as const
  );
  for (const [table, name] of onPage) assert.ok(Object.hasOwn(tables[table] ?? {}, name), `${table}.${name}`);
  for (const table of ["httpLimits", "jsonLimits", "runLimits", "databaseLimits"]) {
    for (const name of Object.keys(tables[table] ?? {})) {
      // Not a limit but the size up to which a body is read whole.
      if (name === "smallBodyBytesMax") continue;
      assert.ok(
        onPage.some(([at, it]) => at === table && it === name),
        `${table}.${name} is not on the page`,
      );
    }
  }
});

Deno.test("SECURITY.md names every permission of the task and the executable", async () => {
  const page = await textOf("SECURITY.md");
  for (const flag of config.tasks.trawl.command.match(/--\S+/g) ?? []) {
    assert.ok(page.includes(`\`${flag}\``), flag);
  }
});

Deno.test("docs/database.md names every view and verdict", async () => {
  const page = await textOf("docs/database.md");
  const own = [...trawlTables.matchAll(/^CREATE VIEW (\w+)/gm)].map(([, view = ""]) => view);
  const ofJob = definitionsOf({ name: "T", columns: [{ name: "ts", type: "TIME", isIndexed: true }] })
    .filter(({ type }) => type === "view").map(({ name }) => name);
  const rows = rowsOf(page, "## Views");
  for (const view of [...own, ...ofJob]) {
    assert.ok(rows.some((line) => line.startsWith(`| \`${view}\` `)), view);
  }
  const [, verdicts = ""] = /verdict IN \(([^)]+)\)/.exec(trawlTables) ?? [];
  for (const [, verdict] of verdicts.matchAll(/'(\w+)'/g)) {
    assert.ok(rows.some((line) => line.startsWith(`| \`${verdict}\``)), verdict);
  }
});

Deno.test("CHANGELOG.md begins with the version of deno.json", async () => {
  const versions = [
    ...(await textOf("CHANGELOG.md")).matchAll(/^## \[?(\d+\.\d+\.\d+)\]? - \d{4}-\d\d-\d\d$/gm),
  ];
  assert.equal(versions[0]?.[1], config.version);
});

Deno.test("every page and heading that a comment of lib/ cites is there", () => {
  for (const path of sourcesOf("lib")) {
    const source = Deno.readTextFileSync(new URL(path, root));
    for (const [, page = "", anchor] of source.matchAll(/\b(docs\/[\w-]+\.md)(?:#([\w-]+))?/g)) {
      assert.ok(existsSync(new URL(page, root)), `${path}: ${page}`);
      if (anchor === undefined) continue;
      assert.ok(
        anchorsOf(Deno.readTextFileSync(new URL(page, root))).includes(anchor),
        `${path}: ${page}#${anchor}`,
      );
    }
  }
});

/** The paths of all TypeScript files of a folder. */
function* sourcesOf(folder: string): Iterable<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, root))) {
    if (isDirectory) yield* sourcesOf(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}

Deno.test("every page of docs/ is linked from the README", async () => {
  const readme = await textOf("README.md");
  for (const path of markdownFiles().filter((path) => path.startsWith("docs/"))) {
    assert.ok(readme.includes(`](${path})`), path);
  }
});
