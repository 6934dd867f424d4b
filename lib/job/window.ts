/**
 * Windows: which closed spans of time a job asks about, and their names. Everything is UTC, so every day has 24
 * hours. Pure: the present comes in as milliseconds since 1970.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { Window, WindowRule } from "./job.ts";
import { formatDuration } from "../text/format.ts";

const dayMs = 86_400_000;

/**
 * The window that a text names: `2026-11-20` or `yesterday` (a UTC day), `2026-11-20T06:00Z` (its start), or
 * `2026-11-20T06:00Z/2026-11-20T07:00Z` (its start and end). A time without a zone is UTC.
 *
 * @throws {UsageError} If the text names none, or one that the job does not have, or that has not closed yet.
 */
export function parseWindow(text: string, rule: WindowRule, { nowMs }: { readonly nowMs: number }): Window {
  const [from = "", to, ...more] = text.trim().split("/");
  const startMs = parseInstant(from, nowMs);
  const everyDay = rule.everyMs % dayMs === 0;
  if (
    startMs === undefined || more.length > 0 || (to !== undefined && parseInstant(to, nowMs) === undefined)
  ) {
    throw windowError(text, 'it must be "yesterday", a date, a time or START/END: it is none of these');
  }
  if (to === undefined && !everyDay && !from.includes("T")) {
    const example = new Date(startMs).toISOString().slice(0, 16);
    throw windowError(
      text,
      `the job asks for spans of ${formatDuration(rule.everyMs)}: name a start such as ${example}Z`,
    );
  }
  const endMs = (to === undefined ? undefined : parseInstant(to, nowMs)) ?? startMs + rule.everyMs;
  if (startMs % rule.everyMs !== 0 || endMs - startMs !== rule.everyMs) {
    const beforeMs = Math.floor(startMs / rule.everyMs) * rule.everyMs;
    const near = formatWindow({ startMs: beforeMs, endMs: beforeMs + rule.everyMs });
    throw windowError(
      text,
      `windows are spans of ${formatDuration(rule.everyMs)} since 1970: the one there is ${near}`,
    );
  }
  if (endMs > nowMs) {
    throw windowError(text, `it must have closed: it ends at ${new Date(endMs).toISOString()}`);
  }
  return { startMs, endMs };
}

/** What `dueWindows` may be told of the past. */
export interface DueOptions {
  /** Start of the oldest window that was ever run, milliseconds since 1970: earlier ones were not missed. */
  readonly sinceMs?: number | undefined;
}

/**
 * The windows to ask for now, oldest first: those among the last `rule.catchUp` closed ones (each for at least
 * `rule.lagMs`) that are not finished. Where nothing was ever run, only the newest.
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
  // The job's spans may have been others when its first window was run.
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

/** A text that `parseWindow` reads back: a date for a UTC day, else start and end, as short as they can be. */
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

/** Milliseconds of a date or time; nothing if there is no such day, time or form. */
function parseInstant(text: string, nowMs: number): number | undefined {
  if (text === "yesterday") return (Math.floor(nowMs / dayMs) - 1) * dayMs;
  const [, date, time] = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)Z?)?$/.exec(text) ?? [];
  if (date === undefined) return undefined;
  const full = `${date}T${(time ?? "00:00").padEnd(8, ":00")}.000Z`;
  const ms = Date.parse(full);
  // `Date.parse` moves 30 February to March.
  return ms >= 0 && new Date(ms).toISOString() === full ? ms : undefined;
}

function windowError(text: string, rest: string): UsageError {
  return new UsageError(`Cannot use ${JSON.stringify(text)} as a window as ${rest}`);
}
