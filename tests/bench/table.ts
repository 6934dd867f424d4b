/**
 * Results as an aligned Markdown table, for a terminal or a note. Does no I/O.
 *
 * @module
 */

import { median, type Outcome, type Race, type Result } from "./harness.ts";
import { formatCount } from "../../lib/text/format.ts";

const megabyte = 1e6;

/** The table of a race, with its failures below. */
export function tableOf({ race, results }: Outcome): string {
  const head = [race.title, race.unit, "ratio", "from – to", "peak MB", "runs"];
  const rows = [head, ...results.map((result) => cellsOf(race, result))];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => padded(cell, widths[column] ?? 0, column)).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => dashes(width, column)).join("|")}|`;
  const failures = results.flatMap(({ name, failure }) =>
    failure === undefined ? [] : ["", `${name} failed: ${failure}`]
  );
  return [line(head), rule, ...rows.slice(1).map(line), ...failures].map((text) => `${text}\n`).join("");
}

function cellsOf(race: Race, { name, figures, isInstalled, failure, ratio, peakBytes }: Result): string[] {
  if (!isInstalled) return [name, "not installed", "", "", "", ""];
  if (failure !== undefined) return [name, "failed", "", "", "", ""];
  const isKnown = name === race.ideal?.name;
  return [
    name,
    figureText(median(figures) ?? NaN),
    ratio === undefined ? "" : ratio.toFixed(2),
    figures.length < 2 ? "" : `${figureText(Math.min(...figures))} – ${figureText(Math.max(...figures))}`,
    peakBytes === undefined ? "" : formatCount(peakBytes / megabyte),
    isKnown ? "" : String(figures.length),
  ];
}

/** Three significant digits, and every digit before the decimal point. */
function figureText(figure: number): string {
  return figure >= 100 ? formatCount(figure) : figure.toPrecision(3);
}

/** Aligns the first column to the left and the others to the right. */
function padded(cell: string, width: number, column: number): string {
  const blanks = " ".repeat(width - cell.length);
  return column === 0 ? cell + blanks : blanks + cell;
}

function dashes(width: number, column: number): string {
  return column === 0 ? `:${"-".repeat(width + 1)}` : `${"-".repeat(width + 1)}:`;
}
