/**
 * Windows: the closed time spans that runs cover, and their names. All times are UTC, so every day has 24 hours. Pure:
 * the current time is an argument, in milliseconds since 1970.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { Window, WindowRule } from "./job.ts";
import { formatDuration } from "../text/format.ts";

const dayMs = 86_400_000;

/**
 * Parses the name of a window: `2026-11-20` or `yesterday` (a UTC day), `2026-11-20T06:00Z` (its start), or
 * `2026-11-20T06:00Z/2026-11-20T07:00Z` (its start and end). A time without a zone is UTC.
 *
 * @throws {UsageError} If the text is not a window, or the window is not one of the job's, or is not over yet.
 */
export function parseWindow(text: string, rule: WindowRule, { nowMs }: { readonly nowMs: number }): Window {
  const [from = "", to, ...more] = text.trim().split("/");
  const startMs = parseInstant(from, nowMs);
  const everyDay = rule.everyMs % dayMs === 0;
  if (
    startMs === undefined || more.length > 0 || (to !== undefined && parseInstant(to, nowMs) === undefined)
  ) {
    throw windowError(
      text,
      'it must be "yesterday", a date, a time or START/END, such as 2026-11-20T06:00Z/2026-11-20T07:00Z',
    );
  }
  if (to === undefined && !everyDay && !from.includes("T")) {
    const example = new Date(startMs).toISOString().slice(0, 16);
    throw windowError(
      text,
      `the windows of the job last ${
        formatDuration(rule.everyMs)
      }, so it must be a start such as ${example}Z`,
    );
  }
  const endMs = (to === undefined ? undefined : parseInstant(to, nowMs)) ?? startMs + rule.everyMs;
  if (startMs % rule.everyMs !== 0 || endMs - startMs !== rule.everyMs) {
    const beforeMs = Math.floor(startMs / rule.everyMs) * rule.everyMs;
    const near = formatWindow({ startMs: beforeMs, endMs: beforeMs + rule.everyMs });
    throw windowError(
      text,
      `the windows of the job last ${formatDuration(rule.everyMs)}, counted from 1970, such as ${near}`,
    );
  }
  if (endMs > nowMs) {
    throw windowError(text, `it must be over, and it ends at ${new Date(endMs).toISOString()}`);
  }
  return { startMs, endMs };
}

/** Options of `dueWindows()`. */
export interface DueOptions {
  /** Start of the oldest window that has a run, in milliseconds since 1970. Earlier windows were not missed. */
  readonly sinceMs?: number | undefined;
}

/**
 * The due windows, oldest first: of the last `rule.catchUp` windows that ended at least `rule.lagMs` ago, those not
 * finished. Only the newest window if no window has a run.
 */
export function dueWindows(
  rule: WindowRule,
  nowMs: number,
  finished: (window: Window) => boolean,
  { sinceMs }: DueOptions = {},
): Window[] {
  const { everyMs, lagMs, catchUp } = rule;
  const lastEndMs = Math.floor((nowMs - lagMs) / everyMs) * everyMs;
  const newestMs = lastEndMs - everyMs;
  // The length of the windows may have been another at the time of the first run.
  const oldestMs = sinceMs === undefined
    ? newestMs
    : Math.min(newestMs, Math.ceil(sinceMs / everyMs) * everyMs);
  const firstMs = Math.max(0, lastEndMs - catchUp * everyMs, oldestMs);
  const due: Window[] = [];
  for (let startMs = firstMs; startMs <= newestMs; startMs += everyMs) {
    const window = { startMs, endMs: startMs + everyMs };
    if (!finished(window)) due.push(window);
  }
  return due;
}

/** The shortest name of a window that `parseWindow()` reads: a date for a UTC day, otherwise start and end. */
export function formatWindow({ startMs, endMs }: Window): string {
  const dates = startMs % dayMs === 0 && endMs % dayMs === 0;
  if (dates && endMs - startMs === dayMs) return formatInstant(startMs, dates);
  return `${formatInstant(startMs, dates)}/${formatInstant(endMs, dates)}`;
}

function formatInstant(ms: number, asDate: boolean): string {
  const iso = new Date(ms).toISOString();
  if (asDate) return iso.slice(0, 10);
  return `${iso.slice(0, ms % 60_000 === 0 ? 16 : 19)}Z`;
}

/** The milliseconds of a date or time; undefined if the text is neither. */
function parseInstant(text: string, nowMs: number): number | undefined {
  if (text === "yesterday") return (Math.floor(nowMs / dayMs) - 1) * dayMs;
  const [, date, time] = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)Z?)?$/.exec(text) ?? [];
  if (date === undefined) return undefined;
  const full = `${date}T${(time ?? "00:00").padEnd(8, ":00")}.000Z`;
  const ms = Date.parse(full);
  // `Date.parse()` accepts 30 February as 2 March.
  return ms >= 0 && new Date(ms).toISOString() === full ? ms : undefined;
}

function windowError(text: string, rest: string): UsageError {
  return new UsageError(`Cannot use the window ${JSON.stringify(text)}: ${rest}`);
}
