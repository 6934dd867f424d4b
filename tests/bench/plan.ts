/**
 * Scenario `plan`: the accuracy of a forecast. `trawl plan` asks some of the keys, then `trawl run` all of them, of
 * an API whose pauses are exponential; the promise is that the two times differ by less than 10 %.
 *
 * @module
 */

import { type BenchContext, compare, type Outcome, type Scenario } from "./harness.ts";
import { runCommand } from "./process.ts";
import { hasStored, keyFileOf, removeDatabase, trawl } from "./programs.ts";
import { servePractice } from "./servers.ts";
import { formatCount } from "../../lib/text/format.ts";

const keys = 20_000;
const inFlight = 8;
/** RIPEstat's mean of 4 s, two hundred times as fast. */
const meanDelayMs = 20;
const rounds = 2;

/** A forecast and the run that it predicts. */
export const plan: Scenario = {
  name: "plan",
  about:
    `${
      formatCount(keys)
    } answers after ${meanDelayMs} ms on average (exponential), ${inFlight} in flight: forecast by ` +
    "`trawl plan`, then asked by `trawl run`; the ratio is the run's time to the forecast",
  ask: askPlan,
};

async function* askPlan(context: BenchContext): AsyncIterable<Outcome> {
  await using server = await servePractice("--profile", "hello", "--delay", `~${meanDelayMs}`);
  const database = `${context.folder}/plan.db`;
  const job = [
    ...["--url", `${server.url}/hello/{key}`, "--rows", "$", "--keys", keyFileOf(keys, context.folder)],
    ...["--in-flight", String(inFlight), "--db", database, "--json"],
  ];
  context.note("trawl plan");
  const { text } = await runCommand(trawl("plan", ...job), context.signal);
  yield await compare({
    title: "time for all answers",
    unit: "s",
    figure: (seconds) => seconds,
    rounds,
    ideal: { name: "trawl plan: the forecast", figure: forecastMs(text) / 1_000 },
    contestants: [{
      name: "trawl run, stored",
      command: trawl("run", ...job, "--quiet"),
      before: () => removeDatabase(database),
      isDone: hasStored(keys),
    }],
  }, context);
}

function forecastMs(text: string): number {
  const { timeMs: { mean } }: { readonly timeMs: { readonly mean: number } } = JSON.parse(text);
  return mean;
}
