/**
 * Windows: the closed time spans that runs cover, and their names. All times are UTC, so every day has 24 hours. Pure:
 * the current time is an argument, in milliseconds since 1970.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { Window, WindowRule } from "./job.ts";
import { runLimits } from "../limits.ts";
import { formatDuration } from "../text/format.ts";

const dayMs = 86_400_000;

/** What the names of windows are read with: the current time. */
export interface ReadOptions {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Parses the name of a window: `2026-11-20` or `yesterday` (a UTC day), `2026-11-20T06:00Z` (its start), or
 * `2026-11-20T06:00Z/2026-11-20T07:00Z` (its start and end). A time without a zone is UTC.
 *
 * @throws {UsageError} If the text is not a window, or the window is not one of the job's, or is not over yet.
 */
export function parseWindow(text: string, rule: WindowRule, options: ReadOptions): Window {
  const [window, ...others] = parseWindows(text, rule, options);
  if (others.length > 0) throw windowError(text, `it must be one window, and it is ${others.length + 1}`);
  return window;
}

/**
 * Parses the name of a window, or of a span of consecutive windows by its start and end. Oldest first; at most
 * `runLimits.spanWindowsMax`.
 *
 * @throws {UsageError} If the text is not a window, or it begins or ends within one of the job's windows, or it is not
 *   over yet.
 */
export function parseWindows(
  text: string,
  rule: WindowRule,
  { nowMs }: ReadOptions,
): readonly [Window, ...Window[]] {
  const { everyMs } = rule;
  const span = parseSpan(text, rule, nowMs);
  const partial = partialOf(span, everyMs);
  if (partial !== undefined) throw windowError(text, partial);
  const { startMs, endMs } = span;
  if (endMs > nowMs) {
    const closed = { startMs, endMs: Math.floor(nowMs / everyMs) * everyMs };
    const hint = closed.endMs > startMs ? `; ${formatWindow(closed)} is` : "";
    throw windowError(text, `it must be over, and it ends at ${new Date(endMs).toISOString()}${hint}`);
  }
  const count = (endMs - startMs) / everyMs;
  const { spanWindowsMax } = runLimits;
  if (count > spanWindowsMax) {
    throw windowError(text, `it must hold at most ${spanWindowsMax} windows, and it holds ${count}`);
  }
  const windowAt = (startMs: number) => ({ startMs, endMs: startMs + everyMs });
  return [
    windowAt(startMs),
    ...Array.from({ length: count - 1 }, (_, index) => windowAt(startMs + (index + 1) * everyMs)),
  ];
}

/** The span that a text names, aligned or not. */
function parseSpan(text: string, { everyMs }: WindowRule, nowMs: number): Window {
  const [from = "", to, ...more] = text.trim().split("/");
  const startMs = parseInstant(from, nowMs);
  const endMs = to === undefined ? undefined : parseInstant(to, nowMs);
  if (startMs === undefined || more.length > 0 || (to !== undefined && endMs === undefined)) {
    throw windowError(
      text,
      'it must be "yesterday", a date, a time or START/END, such as 2026-11-20T06:00Z/2026-11-20T07:00Z',
    );
  }
  if (endMs !== undefined) {
    if (endMs <= startMs) throw windowError(text, "its end must be after its start");
    return { startMs, endMs };
  }
  const length = `the windows of the job last ${formatDuration(everyMs)}`;
  if (everyMs % dayMs !== 0 && !from.includes("T")) {
    const example = new Date(startMs).toISOString().slice(0, 16);
    throw windowError(text, `${length}, so it must be a start such as ${example}Z`);
  }
  if (startMs % everyMs !== 0) {
    const near = formatWindow(windowAround(startMs, everyMs));
    throw windowError(text, `${length}, counted from 1970, such as ${near}`);
  }
  return { startMs, endMs: startMs + everyMs };
}

/** Which edge of a span lies within a window, and the nearest span that is whole; undefined for a whole one. */
function partialOf({ startMs, endMs }: Window, everyMs: number): string | undefined {
  const edges = [
    ...(startMs % everyMs === 0 ? [] : [`begins within the window ${nameAround(startMs, everyMs)}`]),
    ...(endMs % everyMs === 0 ? [] : [`ends within the window ${nameAround(endMs, everyMs)}`]),
  ];
  if (edges.length === 0) return undefined;
  const near = {
    startMs: Math.round(startMs / everyMs) * everyMs,
    endMs: Math.round(endMs / everyMs) * everyMs,
  };
  const whole = near.endMs > near.startMs ? near : windowAround(startMs, everyMs);
  return `it ${edges.join(" and ")}; the nearest whole windows are ${formatWindow(whole)}`;
}

function windowAround(ms: number, everyMs: number): Window {
  const startMs = Math.floor(ms / everyMs) * everyMs;
  return { startMs, endMs: startMs + everyMs };
}

function nameAround(ms: number, everyMs: number): string {
  return formatWindow(windowAround(ms, everyMs));
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
