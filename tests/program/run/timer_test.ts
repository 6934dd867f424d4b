/**
 * Daily starts by a timer, without --window, on a clock that the test sets.
 *
 * @module
 */

import assert from "node:assert/strict";
import { main } from "../../../lib/command/dispatch.ts";
import { HandlerServer } from "../../http/support.ts";
import { query } from "../../support/database.ts";
import { TempFolder } from "../../support/temp.ts";
import { trawl } from "../../support/trawl.ts";

const dayMs = 86_400_000;

/** An API with an answer for every key and day. */
class DailyApi {
  isDown = false;
  /** Answers by key and day. */
  readonly answered = new Map<string, number>();

  readonly answer = (request: Request): Response => {
    if (this.isDown) return new Response("down for maintenance", { status: 503 });
    const { pathname, search } = new URL(request.url);
    const question = `${pathname}${search}`;
    this.answered.set(question, (this.answered.get(question) ?? 0) + 1);
    return Response.json([question]);
  };
}

function jobText(url: string): string {
  return `name = "days"
[keys]
range = "1..20"
[window]
every = "1d"
lag = "3h"
[request]
url = "${url}/{key}?day={window.start.date}"
[limits]
in_flight = 4
[retry]
attempts = 1
outage = "1s"
[rows]
path = "$[*]"
`;
}

/** One start by the timer: its exit code and its messages. */
async function start(now: number, args: readonly string[]): Promise<{ code: number; said: string }> {
  let said = "";
  const code = await main(args, {
    out: () => {},
    log: (text) => said += text,
    columns: () => undefined,
    env: () => undefined,
    now: () => now,
    interruptible: () => new AbortController().signal,
  });
  return { code, said };
}

Deno.test("trawl run by a timer finishes each of 15 windows once, despite four outages and two missed days", async () => {
  using folder = new TempFolder();
  const api = new DailyApi();
  await using server = new HandlerServer(api.answer);
  const args = ["run", folder.file("days.toml", jobText(server.url)), "--db", folder.file("days.db")];
  const firstMs = Date.parse("2024-02-20T03:10:00Z");
  const down = new Set([3, 8, 9, 12]);
  const off = new Set([5, 10]);
  for (let day = 0; day < 15; day++) {
    if (off.has(day)) continue;
    api.isDown = down.has(day);
    const { code, said } = await start(firstMs + day * dayMs, args);
    assert.equal(code, api.isDown ? 75 : 0, `day ${day}: ${said}`);
  }
  const runs = query(
    args[3] ?? "",
    "SELECT substr(window_start, 1, 10), state, ok, rows FROM runs ORDER BY window_start",
  );
  const expected = Array.from({ length: 15 }, (_, day) => [
    new Date(firstMs + (day - 1) * dayMs).toISOString().slice(0, 10),
    "finished",
    20,
    20,
  ]);
  assert.deepEqual(runs, expected);
  assert.equal(runs.some(([day]) => day === "2024-02-29"), true);
  assert.deepEqual([api.answered.size, Math.max(...api.answered.values())], [15 * 20, 1]);
});

Deno.test("trawl run ends at the first of several windows when the API is down", async () => {
  using folder = new TempFolder();
  const api = new DailyApi();
  await using server = new HandlerServer(api.answer);
  const args = ["run", folder.file("days.toml", jobText(server.url)), "--db", folder.file("days.db")];
  assert.equal((await start(Date.parse("2026-11-02T04:00Z"), args)).code, 0);
  api.isDown = true;
  const { code, said } = await start(Date.parse("2026-11-05T04:00Z"), args);
  assert.equal(code, 75);
  assert.equal(said.match(/starts run/g)?.length, 1, said);
  api.isDown = false;
  const late = await start(Date.parse("2026-11-05T05:00Z"), args);
  assert.equal(late.code, 0);
  assert.match(late.said, /resumes run 2 for 2026-11-02[^]*starts run 3 for 2026-11-03/);
});

Deno.test("trawl run names an unfinished run of a changed job, and asks the other windows", async () => {
  using folder = new TempFolder();
  const api = new DailyApi();
  await using server = new HandlerServer(api.answer);
  const job = folder.file("days.toml", jobText(server.url));
  const args = ["run", job, "--db", folder.file("days.db")];
  api.isDown = true;
  assert.equal((await start(Date.parse("2026-11-02T04:00Z"), args)).code, 75);
  api.isDown = false;
  folder.file("days.toml", jobText(server.url).replace("1..20", "1..21"));
  const { code, said } = await start(Date.parse("2026-11-03T04:00Z"), args);
  assert.equal(code, 2);
  assert.match(
    said,
    /Cannot resume run 1 of "days" for 2026-11-01.* keys.range has changed.*\n.*for 2026-11-02/,
  );
  assert.equal((await start(Date.parse("2026-11-03T04:00Z"), [...args, "--new"])).code, 0);
  assert.deepEqual(query(args[3] ?? "", "SELECT substr(window_start, 1, 10), state FROM runs ORDER BY id"), [
    ["2026-11-01", "interrupted"],
    ["2026-11-02", "finished"],
    ["2026-11-01", "finished"],
  ]);
});

Deno.test("trawl run --window START/END collects each window of the span, oldest first, and none twice", async () => {
  using folder = new TempFolder();
  const api = new DailyApi();
  await using server = new HandlerServer(api.answer);
  const job = folder.file("days.toml", jobText(server.url));
  const args = ["run", job, "--db", folder.file("days.db"), "--window"];
  const now = Date.parse("2026-11-09T04:00Z");
  assert.equal((await start(now, [...args, "2026-11-03"])).code, 0);
  const { code, said } = await start(now, [...args, "2026-11-02/2026-11-05"]);
  assert.equal(code, 0, said);
  const runs = query(
    args[3] ?? "",
    "SELECT id, substr(window_start, 1, 10), state, ok FROM runs ORDER BY id",
  );
  assert.deepEqual(runs, [
    [1, "2026-11-03", "finished", 20],
    [2, "2026-11-02", "finished", 20],
    [3, "2026-11-04", "finished", 20],
  ]);
  assert.equal(Math.max(...api.answered.values()), 1);
  api.isDown = true;
  const down = await start(now, [...args, "2026-11-05/2026-11-08"]);
  assert.deepEqual([down.code, down.said.match(/starts run/g)?.length], [75, 1], down.said);
  const partial = await start(now, [...args, "2026-11-02T12:00Z/2026-11-05"]);
  assert.equal(partial.code, 2);
  assert.match(
    partial.said,
    /it begins within the window 2026-11-02; the nearest whole windows are 2026-11-03\//,
  );
  const plan = await start(now, ["plan", job, "--window", "2026-11-02/2026-11-05"]);
  assert.equal(plan.code, 2);
  assert.match(plan.said, /plan forecasts one window, got 3/);
});

Deno.test("trawl run collects no window that the job deletes at the end of the same start", async () => {
  using folder = new TempFolder();
  const job = folder.file("days.toml", `keep = "3d"\n${jobText("http://127.0.0.1:9")}`);
  const { code, said } = await start(Date.parse("2026-11-09T04:00Z"), [
    ...["run", job, "--db", folder.file("days.db"), "--window", "2026-11-04/2026-11-08"],
  ]);
  assert.equal(code, 2);
  assert.match(
    said,
    /deletes windows that ended before 2026-11-06T04:00:00Z, got an end of 2026-11-05T00:00:00Z/,
  );
  assert.deepEqual(folder.names(), ["days.toml"]);
});

Deno.test("trawl run says that it gives up a trial of another question, and why", async () => {
  using folder = new TempFolder();
  await using server = new HandlerServer(new DailyApi().answer);
  const args = ["run", folder.file("days.toml", jobText(server.url)), "--db", folder.file("days.db")];
  const now = Date.parse("2026-11-02T04:00Z");
  assert.equal((await start(now, [...args, "--limit", "3"])).code, 0);
  folder.file("days.toml", jobText(server.url).replace("{key}?", "{key}?a=1&").replace("1..20", "1..9"));
  const { code, said } = await start(now, args);
  assert.equal(code, 0, said);
  assert.match(
    said,
    /^trawl: run 1 is given up with 3 keys done: keys\.range and request\.url have changed since\ntrawl: .*starts run 2/,
  );
});

Deno.test("trawl run deletes the windows that are older than `keep`, and reports their number", async () => {
  using folder = new TempFolder();
  await using server = new HandlerServer(new DailyApi().answer);
  const job = folder.file("days.toml", jobText(server.url).replace("\n", '\nkeep = "2d"\n'));
  const args = ["run", job, "--db", folder.file("days.db")];
  for (let day = 1; day <= 4; day++) {
    const { said } = await start(Date.parse(`2026-11-0${day}T04:00Z`), args);
    assert.equal(/trawl: deleted 1 run older than 2d\n$/.test(said), day >= 3, said);
  }
  assert.deepEqual(
    query(args[3] ?? "", "SELECT substr(window_start, 1, 10) FROM runs"),
    [
      ["2026-11-02"],
      ["2026-11-03"],
    ],
  );
  assert.deepEqual(
    query(args[3] ?? "", "SELECT count(*), (SELECT count(*) FROM _trawl_rows_data) FROM fetches"),
    [[
      40,
      40,
    ]],
  );
});

Deno.test("trawl check names the same window in any time zone", async () => {
  using folder = new TempFolder();
  const job = folder.file("days.toml", jobText("http://127.0.0.1:1"));
  const zones = ["UTC", "Pacific/Kiritimati", "Pacific/Honolulu", "America/New_York"];
  const [utc = "", ...others] = await Promise.all(
    zones.map(async (TZ) => (await trawl(["check", job], { env: { TZ } })).stdout),
  );
  assert.match(utc, /window +\d{4}-\d\d-\d\d/);
  assert.deepEqual(others, [utc, utc, utc]);
});
