/**
 * Windows: their names, and which are due. The current time is an argument.
 *
 * @module
 */

import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import type { Window, WindowRule } from "../../lib/job/job.ts";
import { dueWindows, formatWindow, parseWindow, parseWindows } from "../../lib/job/window.ts";
import { assertProperty } from "../support/property.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const daily: WindowRule = { everyMs: dayMs, lagMs: 3 * hourMs, catchUp: 7 };
const hourly: WindowRule = { everyMs: hourMs, lagMs: 0, catchUp: 7 };
const weekly: WindowRule = { everyMs: 7 * dayMs, lagMs: 0, catchUp: 7 };
const nowMs = Date.parse("2026-11-22T06:30:00Z");

function windowAt(start: string, everyMs = dayMs): Window {
  const startMs = Date.parse(start);
  return { startMs, endMs: startMs + everyMs };
}

const readable: readonly (readonly [string, WindowRule, Window])[] = [
  ["2026-11-20", daily, windowAt("2026-11-20")],
  [" 2026-11-20\n", daily, windowAt("2026-11-20")],
  ["2024-02-29", daily, windowAt("2024-02-29")],
  ["1970-01-01", daily, { startMs: 0, endMs: dayMs }],
  ["yesterday", daily, windowAt("2026-11-21")],
  ["2026-11-20T00:00Z", daily, windowAt("2026-11-20")],
  ["2026-11-20T00:00:00", daily, windowAt("2026-11-20")],
  ["2026-11-20/2026-11-21", daily, windowAt("2026-11-20")],
  ["2024-02-28T00:00Z/2024-02-29", daily, windowAt("2024-02-28")],
  // Europe's and America's clocks change on these days; a UTC day stays 24 hours long.
  ["2026-03-29", daily, windowAt("2026-03-29")],
  ["2026-11-01", daily, windowAt("2026-11-01")],
  ["2026-11-20T06:00Z", hourly, windowAt("2026-11-20T06:00Z", hourMs)],
  ["2026-11-20T23:00", hourly, windowAt("2026-11-20T23:00Z", hourMs)],
  ["2026-11-20T23:00Z/2026-11-21", hourly, windowAt("2026-11-20T23:00Z", hourMs)],
  // 1970 began on a Thursday.
  ["2026-11-12", weekly, windowAt("2026-11-12", 7 * dayMs)],
];

Deno.test("parseWindow() reads dates, times and intervals", () => {
  for (const [text, rule, window] of readable) {
    deepStrictEqual(parseWindow(text, rule, { nowMs }), window, text);
  }
});

const noWindow =
  'it must be "yesterday", a date, a time or START/END, such as 2026-11-20T06:00Z/2026-11-20T07:00Z';
const refused: readonly (readonly [string, WindowRule, string])[] = [
  ["", daily, noWindow],
  ["today", daily, noWindow],
  ["20.11.2026", daily, noWindow],
  ["2026-11-31", daily, noWindow],
  ["2026-02-29", daily, noWindow],
  ["2026-13-01", daily, noWindow],
  ["2026-11-20T24:00Z", daily, noWindow],
  ["2026-11-20T06:60Z", hourly, noWindow],
  ["2026-11-20T06:00+01:00", hourly, noWindow],
  ["2026-11-20T06Z", hourly, noWindow],
  ["1969-12-31", daily, noWindow],
  ["2026-11-20/", daily, noWindow],
  ["/2026-11-20", daily, noWindow],
  ["2026-11-20/P1D", daily, noWindow],
  ["2026-11-20/2026-11-21/2026-11-22", daily, noWindow],
  ["2026-11-20", hourly, "the windows of the job last 1h, so it must be a start such as 2026-11-20T00:00Z"],
  ["yesterday", hourly, "the windows of the job last 1h, so it must be a start such as 2026-11-21T00:00Z"],
  ["2026-11-20T06:00Z", daily, "the windows of the job last 1d, counted from 1970, such as 2026-11-20"],
  ["2026-11-20/2026-11-20", daily, "its end must be after its start"],
  ["2026-11-21/2026-11-20", daily, "its end must be after its start"],
  [
    "2026-11-20T06:30Z",
    hourly,
    "the windows of the job last 1h, counted from 1970, such as 2026-11-20T06:00Z/2026-11-20T07:00Z",
  ],
  ["2026-11-11", weekly, "the windows of the job last 7d, counted from 1970, such as 2026-11-05/2026-11-12"],
  ["2026-11-22", daily, "it must be over, and it ends at 2026-11-23T00:00:00.000Z"],
  ["2026-11-22T06:00Z", hourly, "it must be over, and it ends at 2026-11-22T07:00:00.000Z"],
];

Deno.test("parseWindow() throws when the text is not a window of the job", () => {
  for (const [text, rule, rest] of refused) {
    const message = `Cannot use the window ${JSON.stringify(text)}: ${rest}`;
    throws(() => parseWindow(text, rule, { nowMs }), { name: "UsageError", message }, text);
  }
});

Deno.test("parseWindow() refuses a span of several windows", () => {
  throws(() => parseWindow("2026-11-18/2026-11-21", daily, { nowMs }), {
    message: 'Cannot use the window "2026-11-18/2026-11-21": it must be one window, and it is 3',
  });
});

Deno.test("parseWindows() divides a span into the job's windows, oldest first", () => {
  const namesOf = (text: string, rule: WindowRule) => parseWindows(text, rule, { nowMs }).map(formatWindow);
  deepStrictEqual(namesOf("2026-11-19/2026-11-22", daily), ["2026-11-19", "2026-11-20", "2026-11-21"]);
  deepStrictEqual(namesOf("2026-11-20", daily), ["2026-11-20"]);
  deepStrictEqual(namesOf("2026-11-21T23:00Z/2026-11-22T01:00Z", hourly), [
    "2026-11-21T23:00Z/2026-11-22T00:00Z",
    "2026-11-22T00:00Z/2026-11-22T01:00Z",
  ]);
  deepStrictEqual(namesOf("2026-11-05/2026-11-19", weekly), [
    "2026-11-05/2026-11-12",
    "2026-11-12/2026-11-19",
  ]);
  strictEqual(parseWindows("1999-07-07/2026-11-22", daily, { nowMs }).length, 10_000);
});

const refusedSpans: readonly (readonly [string, WindowRule, string])[] = [
  [
    "2026-11-18T06:00Z/2026-11-21",
    daily,
    "it begins within the window 2026-11-18; the nearest whole windows are 2026-11-18/2026-11-21",
  ],
  [
    "2026-11-18/2026-11-20T18:00Z",
    daily,
    "it ends within the window 2026-11-20; the nearest whole windows are 2026-11-18/2026-11-21",
  ],
  [
    "2026-11-18T20:00Z/2026-11-20T02:00Z",
    daily,
    "it begins within the window 2026-11-18 and ends within the window 2026-11-20; the nearest whole windows are " +
    "2026-11-19",
  ],
  [
    "2026-11-18T13:00Z/2026-11-18T14:00Z",
    daily,
    "it begins within the window 2026-11-18 and ends within the window 2026-11-18; the nearest whole windows are " +
    "2026-11-18",
  ],
  [
    "2026-11-01/2026-11-12",
    weekly,
    "it begins within the window 2026-10-29/2026-11-05; the nearest whole windows are 2026-10-29/2026-11-12",
  ],
  [
    "2026-11-20/2026-11-25",
    daily,
    "it must be over, and it ends at 2026-11-25T00:00:00.000Z; 2026-11-20/2026-11-22 is",
  ],
  ["1999-07-06/2026-11-22", daily, "it must hold at most 10000 windows, and it holds 10001"],
  ["1970-01-01/2026-11-22", hourly, "it must hold at most 10000 windows, and it holds 498696"],
];

Deno.test("parseWindows() names the windows that a span has a part of, and the nearest whole ones", () => {
  for (const [text, rule, rest] of refusedSpans) {
    const message = `Cannot use the window ${JSON.stringify(text)}: ${rest}`;
    throws(() => parseWindows(text, rule, { nowMs }), { name: "UsageError", message }, text);
  }
});

Deno.test("parseWindow() accepts a window from its end on", () => {
  const window = windowAt("2026-11-21");
  deepStrictEqual(parseWindow("2026-11-21", daily, { nowMs: window.endMs }), window);
  throws(() => parseWindow("2026-11-21", daily, { nowMs: window.endMs - 1 }), { name: "UsageError" });
});

Deno.test("formatWindow() gives the shortest name", () => {
  strictEqual(formatWindow(windowAt("2024-02-29")), "2024-02-29");
  strictEqual(formatWindow(windowAt("2026-11-12", 7 * dayMs)), "2026-11-12/2026-11-19");
  strictEqual(formatWindow(windowAt("2026-11-20T23:00Z", hourMs)), "2026-11-20T23:00Z/2026-11-21T00:00Z");
  strictEqual(formatWindow({ startMs: 0, endMs: 90_000 }), "1970-01-01T00:00Z/1970-01-01T00:01:30Z");
});

Deno.test("parseWindow() reads what formatWindow() writes", () => {
  const seconds = fc.integer({ min: 1, max: 366 * 86_400 });
  const number = fc.integer({ min: 0, max: 500_000 });
  assertProperty(fc.property(seconds, number, (every, index) => {
    const everyMs = every * 1_000;
    const window = { startMs: index * everyMs, endMs: (index + 1) * everyMs };
    fc.pre(window.endMs < Date.UTC(9999, 0));
    const rule = { everyMs, lagMs: 0, catchUp: 1 };
    deepStrictEqual(parseWindow(formatWindow(window), rule, { nowMs: Infinity }), window);
  }));
});

function dueDays(now: string, finished: readonly string[], sinceMs?: number): string[] {
  const windows = dueWindows(daily, Date.parse(now), (window) => finished.includes(formatWindow(window)), {
    sinceMs,
  });
  return windows.map(formatWindow);
}

const since = Date.parse("2026-11-01");

Deno.test("dueWindows() gives only the newest window when no window has a run", () => {
  deepStrictEqual(dueDays("2026-11-22T06:30Z", []), ["2026-11-21"]);
});

Deno.test("dueWindows() gives a window exactly when its lag is over", () => {
  deepStrictEqual(dueDays("2026-11-22T02:59:59.999Z", []), ["2026-11-20"]);
  deepStrictEqual(dueDays("2026-11-22T03:00:00.000Z", []), ["2026-11-21"]);
});

Deno.test("dueWindows() gives missed windows oldest first, at most catchUp", () => {
  deepStrictEqual(dueDays("2026-11-22T06:30Z", ["2026-11-18", "2026-11-20"], Date.parse("2026-11-18")), [
    "2026-11-19",
    "2026-11-21",
  ]);
  deepStrictEqual(
    dueDays("2026-11-22T06:30Z", [], since),
    [15, 16, 17, 18, 19, 20, 21].map((day) => `2026-11-${day}`),
  );
});

Deno.test("dueWindows() gives no window before the first run", () => {
  deepStrictEqual(dueDays("2026-11-23T06:30Z", ["2026-11-21"], Date.parse("2026-11-21")), ["2026-11-22"]);
  deepStrictEqual(dueDays("2026-11-23T06:30Z", [], Date.parse("2026-11-20T12:00Z")), [
    "2026-11-21",
    "2026-11-22",
  ]);
});

Deno.test("dueWindows() gives nothing when all windows are finished or none has ended since 1970", () => {
  deepStrictEqual(dueDays("2026-11-22T06:30Z", ["2026-11-21"]), []);
  deepStrictEqual(dueDays("2026-11-22T06:30Z", ["2026-11-21"], Date.parse("2026-11-21")), []);
  deepStrictEqual(dueWindows(daily, hourMs, () => false), []);
  deepStrictEqual(dueWindows(daily, 2 * dayMs, () => false, { sinceMs: 0 }), [{ startMs: 0, endMs: dayMs }]);
});

Deno.test("dueWindows() crosses the end of February in a leap year", () => {
  deepStrictEqual(
    dueWindows({ ...daily, catchUp: 3 }, Date.parse("2024-03-02T03:00Z"), () => false, { sinceMs: 0 }).map(
      formatWindow,
    ),
    [
      "2024-02-28",
      "2024-02-29",
      "2024-03-01",
    ],
  );
});

Deno.test("dueWindows() gives closed, aligned, consecutive windows for any rule", () => {
  const rules = fc.record({
    everyMs: fc.integer({ min: 1, max: 100_000 }).map((seconds) => seconds * 1_000),
    lagMs: fc.integer({ min: 0, max: 10 * dayMs }),
    catchUp: fc.integer({ min: 1, max: 40 }),
  });
  const moments = fc.integer({ min: 0, max: nowMs });
  assertProperty(fc.property(rules, moments, moments, (rule, now, sinceMs) => {
    const due = dueWindows(rule, now, () => false, { sinceMs });
    strictEqual(due.length <= rule.catchUp, true);
    for (const [index, { startMs, endMs }] of due.entries()) {
      strictEqual(startMs % rule.everyMs, 0);
      strictEqual(endMs - startMs, rule.everyMs);
      strictEqual(endMs + rule.lagMs <= now, true);
      if (index > 0) strictEqual(due[index - 1]?.endMs, startMs);
    }
    // Nothing that is due is newer than the last one.
    const newestMs = due.at(-1)?.endMs ?? 0;
    strictEqual(newestMs + rule.everyMs + rule.lagMs > now, true);
  }));
});
