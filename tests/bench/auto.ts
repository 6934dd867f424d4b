/**
 * Scenario `auto`: the share of a server's rate that an auto-tuned run uses and the refusals that it causes, and the
 * number of requests in flight that it finds.
 *
 * @module
 */

import { type BenchContext, compare, type Contestant, type Outcome, type Scenario } from "./harness.ts";
import { storedRun } from "./programs.ts";
import { serveLimited, servePlaces } from "./servers.ts";

/** Requests per second that nginx allows, and the burst. */
const perSecond = 100;
const burst = 2;
/** The number of keys: what the rate allows in a minute. */
const keys = 6_000;
const inFlight = 16;
/** Share of requests that may be refused while the limit is unknown; with a known limit, none may be. */
const refusedMax = 0.01;

/** Requests that the other server serves at once, and the longest service time in milliseconds. */
const places = 12;
const delayMsMax = 80;
const placeKeys = 6_000;

/** Auto-tuned limits. */
export const auto: Scenario = {
  name: "auto",
  about: `${keys} answers of nginx with limit_req ${perSecond}r/s burst=${burst} nodelay, of which at most ` +
    `${
      refusedMax * 100
    } % may be refused; and ${placeKeys} of a server with ${places} places, 0 to ${delayMsMax} ms each`,
  ask: askAuto,
};

async function* askAuto(context: BenchContext): AsyncIterable<Outcome> {
  const { folder } = context;
  {
    await using server = await serveLimited({ perSecond, burst }, folder);
    const run = (rate: string, refusedMax: number): Contestant => {
      const flags = ["--in-flight", String(inFlight), "--rate", rate];
      return {
        name: `trawl run --rate ${rate}`,
        ...storedRun({ url: server?.url, keys, folder, flags, refusedMax }),
      };
    };
    const race = raceOf(keys, { name: "ideal: what is allowed", figure: perSecond });
    const contestants = [run("auto", refusedMax), run(`${perSecond}/s`, 0)];
    yield await compare({ ...race, title: "all answers within the limit", contestants }, context);
  }
  await using server = servePlaces({ places, delayMsMax });
  const run = (count: string): Contestant => ({
    name: `trawl run --in-flight ${count}`,
    ...storedRun({ url: server.url, keys: placeKeys, folder, flags: ["--in-flight", count], refusedMax }),
  });
  const race = raceOf(placeKeys, {
    name: "ideal: places ÷ mean delay",
    figure: places / (delayMsMax / 2 / 1_000),
  });
  const contestants = [run("auto"), run(String(places)), run("200")];
  yield await compare(
    { ...race, title: "all answers, with a limited number of places", contestants },
    context,
  );
}

/** Answers per second, compared with the maximum. */
function raceOf(keys: number, ideal: { readonly name: string; readonly figure: number }) {
  return { unit: "requests/s", figure: (seconds: number) => keys / seconds, rounds: 1, ideal };
}
