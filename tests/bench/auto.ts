/**
 * Question `auto`: how much of what a server allows a run uses that has to find out, and how often it is refused; and
 * whether it finds how many requests at once are of use.
 *
 * @module
 */

import { type BenchContext, compare, type Contestant, type Outcome, type Question } from "./harness.ts";
import { removeDatabase, trawl } from "./programs.ts";
import type { Ended } from "./process.ts";
import { serveLimited, servePlaces } from "./servers.ts";

/** Requests a second that nginx allows, and how many more at once. */
const perSecond = 100;
const burst = 2;
/** As many as are allowed in a minute. */
const keys = 6_000;
const inFlight = 16;
/** Of all requests, where the limit is to be found; where it is known, none may be refused. */
const refusedMax = 0.01;

/** How many requests the other server works on at once, and how long it takes, 0 to so many milliseconds. */
const places = 12;
const delayMsMax = 80;
const placeKeys = 6_000;

/** Limits that are found. */
export const auto: Question = {
  name: "auto",
  about: `${keys} answers of nginx with limit_req ${perSecond}r/s burst=${burst} nodelay, of which at most ` +
    `${
      refusedMax * 100
    } % may be refused; and ${placeKeys} of a server with ${places} places, 0 to ${delayMsMax} ms each`,
  ask: askAuto,
};

async function* askAuto(context: BenchContext): AsyncIterable<Outcome> {
  const nginx = await serveLimited({ perSecond, burst }, context.folder);
  {
    await using server = nginx;
    const database = `${context.folder}/auto.db`;
    const run = (rate: string, refusedMax: number): Contestant => ({
      name: `trawl run --rate ${rate}`,
      command: server && trawlRun(server.url, {
        keys,
        database,
        flags: ["--in-flight", String(inFlight), "--rate", rate],
      }),
      before: () => removeDatabase(database),
      isDone: hasFew(keys, refusedMax),
    });
    yield await compare({
      title: "all answers within the limit",
      unit: "requests/s",
      figure: (seconds) => keys / seconds,
      rounds: 1,
      ideal: { name: "ideal: what is allowed", figure: perSecond },
      contestants: [run("auto", refusedMax), run(`${perSecond}/s`, 0)],
    }, context);
  }
  await using server = servePlaces({ places, delayMsMax });
  const database = `${context.folder}/places.db`;
  const run = (count: string): Contestant => ({
    name: `trawl run --in-flight ${count}`,
    command: trawlRun(server.url, { keys: placeKeys, database, flags: ["--in-flight", count] }),
    before: () => removeDatabase(database),
    isDone: hasFew(placeKeys, refusedMax),
  });
  yield await compare({
    title: "all answers of so many places",
    unit: "requests/s",
    figure: (seconds) => placeKeys / seconds,
    rounds: 1,
    ideal: { name: "ideal: places ÷ mean delay", figure: places / (delayMsMax / 2 / 1_000) },
    contestants: [run("auto"), run(String(places)), run("200")],
  }, context);
}

function trawlRun(
  url: string,
  { keys, database, flags }: {
    readonly keys: number;
    readonly database: string;
    readonly flags: readonly string[];
  },
) {
  const keyFile = `${database}.txt`;
  Deno.writeTextFileSync(keyFile, Array.from({ length: keys }, (_, index) => `${index + 1}\n`).join(""));
  return trawl(
    ...["run", "--url", `${url}/hello/{key}`, "--rows", "$", "--keys", keyFile, "--db", database],
    ...["--quiet", "--json", ...flags],
  );
}

/** Whether every key has its answer, and at most such a share of requests was refused: attempts beyond the keys. */
function hasFew(keys: number, refusedMax: number): (ended: Ended) => boolean {
  return ({ text }) => {
    const summary: unknown = JSON.parse(text);
    if (typeof summary !== "object" || summary === null || !("ok" in summary && "attempts" in summary)) {
      return false;
    }
    return summary.ok === keys && Number(summary.attempts) - keys <= refusedMax * Number(summary.attempts);
  };
}
