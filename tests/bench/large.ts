/**
 * Question `large`: how fast the rows of one large answer are stored, beside reading and dropping it.
 *
 * @module
 */

import { formatBytes } from "../../lib/job/units.ts";
import { type BenchContext, compare, type Outcome, type Question } from "./harness.ts";
import { hasStored, installed, removeDatabase, script, trawl } from "./programs.ts";
import { servePractice } from "./servers.ts";

const asn = "3333";
const size = 256 * 1_024 ** 2;
const rounds = 3;

/** One answer, all of its rows kept. */
export const large: Question = {
  name: "large",
  about: `one answer of ${
    formatBytes(size)
  } from the practice API, all updates stored as rows of two columns`,
  ask: askLarge,
};

async function* askLarge(context: BenchContext): AsyncIterable<Outcome> {
  await using server = await servePractice("--size", `${asn}=${size / 1_024 ** 2}MiB`, "--envelope", "b");
  const span = "starttime=2026-11-20T00:00:00&endtime=2026-11-21T00:00:00&unix_timestamps=TRUE";
  const url = `${server.url}/data/bgp-updates/data.json?resource=AS{key}&${span}`;
  const plain = url.replace("{key}", asn);
  const database = `${context.folder}/large.db`;
  const keyFile = `${context.folder}/large.txt`;
  await Deno.writeTextFile(keyFile, `${asn}\n`);
  const bytes = await lengthOf(plain);
  yield await compare({
    title: `one answer of ${formatBytes(bytes)}`,
    unit: "MB/s",
    figure: (seconds) => bytes / 1e6 / seconds,
    rounds,
    contestants: [
      { name: "plain fetch, dropped", command: script("fetch_keys.ts", plain, "1", "1"), isDone: () => true },
      {
        name: "trawl run, stored",
        command: trawl(
          ...["run", "--url", url, "--rows", "$.data.updates[*]"],
          ...["--column", "ts=$.timestamp:time", "--column", "type=$.type:text"],
          ...["--keys", keyFile, "--db", database, "--quiet", "--json"],
        ),
        before: () => removeDatabase(database),
        isDone: hasStored(1),
      },
      {
        name: "curl, dropped",
        command: installed("curl", "--silent", "--fail", "--output", "/dev/null", plain),
        isDone: () => true,
      },
    ],
  }, context);
}

async function lengthOf(url: string): Promise<number> {
  const response = await fetch(url);
  let bytes = 0;
  for await (const chunk of response.body ?? []) bytes += chunk.length;
  return bytes;
}
