/**
 * Scenario `slots`: utilization of the slots in flight, compared with batches that wait for their slowest request.
 *
 * @module
 */

import { type BenchContext, compare, type Outcome, type Scenario } from "./harness.ts";
import { script, storedRun } from "./programs.ts";
import { servePractice } from "./servers.ts";
import { formatCount } from "../../lib/text/format.ts";

const keys = 20_000;
const inFlight = 16;
const batch = 128;
const delayMsMean = 40;

/** A distribution of answer times: the simulator's option and a name. */
const delays = [
  { flag: `0..${2 * delayMsMean}`, name: `0 to ${2 * delayMsMean} ms, uniform` },
  { flag: `~${delayMsMean}`, name: `${delayMsMean} ms on average, exponential` },
] as const;

/** Answers with varying times. */
export const slots: Scenario = {
  name: "slots",
  about: `${
    formatCount(keys)
  } answers after some ${delayMsMean} ms, ${inFlight} in flight, batches of ${batch}`,
  ask: askSlots,
};

async function* askSlots(context: BenchContext): AsyncIterable<Outcome> {
  for (const delay of delays) yield await askDelayed(delay, context);
}

async function askDelayed(delay: (typeof delays)[number], context: BenchContext): Promise<Outcome> {
  await using server = await servePractice("--profile", "hello", "--delay", delay.flag);
  const url = `${server.url}/hello/{key}`;
  const counts = [keys, inFlight, batch].map(String);
  return await compare({
    title: `time for all answers, ${delay.name}`,
    unit: "s",
    figure: (seconds) => seconds,
    rounds: 1,
    ideal: { name: "ideal: keys × mean delay ÷ in flight", figure: keys * delayMsMean / 1_000 / inFlight },
    contestants: [
      {
        name: "trawl run, stored",
        ...storedRun({
          url: server.url,
          keys,
          folder: context.folder,
          flags: ["--in-flight", String(inFlight), "--batch", String(batch)],
        }),
      },
      {
        name: "plain fetch, batch after batch, dropped",
        command: script("fetch_keys.ts", url, ...counts),
        isDone: () => true,
      },
      {
        name: "plain fetch, all at once, dropped",
        command: script("fetch_keys.ts", url, String(keys), String(inFlight)),
        isDone: () => true,
      },
    ],
  }, context);
}
