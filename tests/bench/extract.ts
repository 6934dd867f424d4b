/**
 * Scenario `extract`: throughput and memory of one path over a large file.
 *
 * @module
 */

import { type ExtractFile, writeBare, writeBeyondAscii, writeUpdates } from "./extract_files.ts";
import { type BenchContext, compare, type Outcome, type Race, type Scenario } from "./harness.ts";
import type { Ended } from "./process.ts";
import { installed, python, script, scriptWith, trawl } from "./programs.ts";
import { formatCount } from "../../lib/text/format.ts";

const rounds = 3;
/** Keeps lines with a name and a number; the stream also reports ends of containers. */
const jqFilter = 'select(length == 2 and .[0][3] == "timestamp" and .[0][:2] == ["data","updates"]) | .[1]';

/** From a file to its timestamps, one per line. */
export const extract: Scenario = {
  name: "extract",
  about: "$.data.updates[*].timestamp of one file to a line each, the start of the process included",
  ask: askExtract,
};

async function* askExtract(context: BenchContext): AsyncIterable<Outcome> {
  for (const write of [writeBare, writeUpdates, writeBeyondAscii]) {
    context.note("extract: writing a file");
    const file = await write(`${context.folder}/extract.json`, context.fileBytes);
    yield await compare(await raceOf(file), context);
    await Deno.remove(file.path);
  }
}

async function raceOf({ path, title, bytes, timestamps }: ExtractFile): Promise<Race> {
  const isDone = ({ lines }: Ended) => lines === timestamps;
  const streamParser = "@streamparser/json";
  return {
    title: `${formatCount(timestamps)} ${title}, ${formatCount(bytes / 1e6)} MB`,
    unit: "MB/s",
    figure: (seconds) => bytes / 1e6 / seconds,
    rounds,
    contestants: [
      { name: "JSON.parse of the whole", command: script("json_parse.ts", path), isDone },
      { name: "trawl extract", command: trawl("extract", "$.data.updates[*].timestamp", path), isDone },
      {
        name: streamParser,
        command: scriptWith(streamParser, "streamparser.ts", path),
        isDone,
      },
      {
        name: "ijson (C backend)",
        command: await python("ijson", "ijson_extract.py", path),
        isDone,
        isSlow: true,
      },
      { name: "jq --stream", command: installed("jq", "--stream", jqFilter, path), isDone, isSlow: true },
    ],
  };
}
