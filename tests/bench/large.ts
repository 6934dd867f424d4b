/**
 * Scenario `large`: throughput of storing the rows of one large answer, compared with discarding it.
 *
 * @module
 */

import {
  type BenchContext,
  compare,
  type Contestant,
  type Outcome,
  type Race,
  type Scenario,
} from "./harness.ts";
import { hasStored, installed, removeDatabase, script, trawl } from "./programs.ts";
import { servePractice } from "./servers.ts";
import { formatBytes } from "../../lib/text/format.ts";

const asn = "3333";
const size = 1_024 ** 3;
const rounds = 3;
const span = "starttime=2026-11-20T00:00:00&endtime=2026-11-21T00:00:00&unix_timestamps=TRUE";

/** The two generations of the envelope: pretty, with some 800 bytes an update, and compact, with some 270. */
const envelopes = [
  { letter: "a", title: "pretty" },
  { letter: "b", title: "compact" },
] as const;

/** The columns stored of an update. */
const columns = {
  "time and type": ["--column", "ts=$.timestamp:time", "--column", "type=$.type:text"],
  "the time alone": ["--column", "ts=$.timestamp:time"],
} as const;

/** One answer with all rows stored. */
export const large: Scenario = {
  name: "large",
  about: `one answer of ${formatBytes(size)} from the simulator, a row stored of every update`,
  ask: askLarge,
};

async function* askLarge(context: BenchContext): AsyncIterable<Outcome> {
  for (const { letter, title } of envelopes) {
    const flags = ["--size", `${asn}=${size / 1_024 ** 2}MiB`, "--envelope", letter];
    await using server = await servePractice(...flags);
    yield await compare(await raceOf(server.url, title, context), context);
  }
}

async function raceOf(server: string, title: string, { folder }: BenchContext): Promise<Race> {
  const url = `${server}/data/bgp-updates/data.json?resource=AS{key}&${span}`;
  const plain = url.replace("{key}", asn);
  const keyFile = `${folder}/large.txt`;
  await Deno.writeTextFile(keyFile, `${asn}\n`);
  const bytes = await lengthOf(plain);
  return {
    title: `${title}, ${formatBytes(bytes)}`,
    unit: "MB/s",
    figure: (seconds) => bytes / 1e6 / seconds,
    rounds,
    contestants: [
      { name: "plain fetch, dropped", command: script("fetch_keys.ts", plain, "1", "1"), isDone: () => true },
      ...Object.entries(columns).map(([name, flags]) =>
        storing(name, [...flags, "--keys", keyFile], { url, folder })
      ),
      {
        name: "curl, dropped",
        command: installed("curl", "--silent", "--fail", "--output", "/dev/null", plain),
        isDone: () => true,
      },
    ],
  };
}

function storing(
  name: string,
  flags: readonly string[],
  { url, folder }: { readonly url: string; readonly folder: string },
): Contestant {
  const database = `${folder}/large.db`;
  const wanted = ["--url", url, "--rows", "$.data.updates[*]", ...flags];
  return {
    name: `trawl run, ${name}`,
    command: trawl("run", ...wanted, "--db", database, "--quiet", "--json"),
    before: () => removeDatabase(database),
    isDone: hasStored(1),
  };
}

async function lengthOf(url: string): Promise<number> {
  const response = await fetch(url);
  let bytes = 0;
  for await (const chunk of response.body ?? []) bytes += chunk.length;
  return bytes;
}
