/**
 * The result of a campaign as a table of text.
 *
 * @module
 */

import type { Outcome } from "./run.ts";
import { formatCount, formatDuration } from "../../lib/text/format.ts";

/** Characters of a line that lists injected faults. */
const lineCharsMax = 100;

/** The sums over all outcomes, one a line. */
export function tableOf(outcomes: readonly Outcome[], elapsedMs: number): string {
  const sum = (count: (outcome: Outcome) => number) =>
    formatCount(outcomes.reduce((all, one) => all + count(one), 0));
  const injected = new Map<string, number>();
  for (const outcome of outcomes) {
    for (const [name, count] of Object.entries(outcome.injected)) {
      injected.set(name, (injected.get(name) ?? 0) + count);
    }
  }
  const starts = injected.get("starts") ?? 0;
  injected.delete("starts");
  const faults = [...injected].toSorted(([a], [b]) => a < b ? -1 : 1);
  const names = faults.map(([name, count]) => `${formatCount(count)} ${name}`);
  const rows: readonly (readonly [string, string])[] = [
    ["schedules", `${formatCount(outcomes.length)} in ${formatDuration(elapsedMs)}`],
    ["processes", formatCount(starts)],
    ["faults injected", formatCount(faults.reduce((all, [, count]) => all + count, 0))],
    ...wrapped(names).map((line) => ["", line] as const),
    ["keys checked", sum(({ keys }) => keys)],
    ["rows checked", sum(({ rows }) => rows)],
    ["machine busy", `${sum(({ isBusy }) => isBusy ? 1 : 0)} times, so that timeouts did not count`],
    ["lost", sum(({ lost }) => lost)],
    ["doubled", sum(({ doubled }) => doubled)],
    ["hangs", sum(({ hangs }) => hangs)],
    [
      "other problems",
      sum(({ problems, hangs, lost, doubled }) => hangs + lost + doubled > 0 ? 0 : problems.length),
    ],
  ];
  return rows.map(([name, text]) => `  ${name.padEnd(16)} ${text}\n`).join("");
}

function wrapped(names: readonly string[]): string[] {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last === undefined || last.length + name.length > lineCharsMax) lines.push(name);
    else lines[lines.length - 1] = `${last}, ${name}`;
  }
  return lines;
}
