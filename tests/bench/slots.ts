/**
 * Question `slots`: whether every slot in flight is in use all the time, beside batches that wait for their slowest
 * request.
 *
 * @module
 */

import { formatCount } from "../../lib/job/units.ts";
import { type BenchContext, compare, type Outcome, type Question } from "./harness.ts";
import { hasStored, removeDatabase, script, trawl } from "./programs.ts";
import { servePractice } from "./servers.ts";

const keys = 4_000;
const inFlight = 16;
const batch = 128;
const delayMsMax = 80;
const rounds = 2;

/** Answers that take different times. */
export const slots: Question = {
  name: "slots",
  about: `${
    formatCount(keys)
  } answers after 0 to ${delayMsMax} ms, ${inFlight} in flight, batches of ${batch}`,
  ask: askSlots,
};

async function* askSlots(context: BenchContext): AsyncIterable<Outcome> {
  await using server = await servePractice("--profile", "hello", "--delay", `0..${delayMsMax}`);
  const url = `${server.url}/hello/{key}`;
  const database = `${context.folder}/slots.db`;
  const keyFile = `${context.folder}/slots.txt`;
  await Deno.writeTextFile(keyFile, Array.from({ length: keys }, (_, index) => `${index + 1}\n`).join(""));
  const counts = [keys, inFlight, batch].map(String);
  yield await compare({
    title: "time for all answers",
    unit: "s",
    figure: (seconds) => seconds,
    rounds,
    ideal: {
      name: "ideal: keys × mean delay ÷ in flight",
      figure: keys * (delayMsMax / 2 / 1_000) / inFlight,
    },
    contestants: [
      {
        name: "trawl run, stored",
        command: trawl(
          ...["run", "--url", url, "--rows", "$", "--in-flight", String(inFlight), "--batch", String(batch)],
          ...["--keys", keyFile, "--db", database, "--quiet", "--json"],
        ),
        before: () => removeDatabase(database),
        isDone: hasStored(keys),
      },
      {
        name: "plain fetch, batch after batch, dropped",
        command: script("fetch_keys.ts", url, ...counts),
        isDone: () => true,
      },
    ],
  }, context);
}
