/**
 * Scenario `hello`: small requests per second with everything stored, compared with clients that only download.
 *
 * @module
 */

import { type BenchContext, compare, type Outcome, type Scenario } from "./harness.ts";
import { installed, python, script, storedRun } from "./programs.ts";
import { servePractice, serveStatic } from "./servers.ts";
import { formatCount } from "../../lib/text/format.ts";

const keys = 200_000;
const inFlight = 64;
const rounds = 3;
const answer = '{"message":"Hello, world!","n":123456789,"unit":"greetings"}';

/** Small answers. */
export const hello: Scenario = {
  name: "hello",
  about: `${formatCount(keys)} questions with answers of some 70 bytes, ${inFlight} in flight`,
  ask: askHello,
};

async function* askHello(context: BenchContext): AsyncIterable<Outcome> {
  const nginx = await serveStatic(answer, context.folder);
  await using server = nginx ?? await servePractice("--profile", "hello", "--delay", "0");
  const url = `${server.url}/hello/{key}`;
  const counts = [String(keys), String(inFlight)];
  yield await compare({
    title: `asking ${nginx === undefined ? "the simulator" : "nginx"}`,
    unit: "requests/s",
    figure: (seconds) => keys / seconds,
    rounds,
    contestants: [
      {
        name: "plain fetch, dropped",
        command: script("fetch_keys.ts", url, ...counts),
        isDone: () => true,
      },
      {
        name: "trawl run, stored",
        ...storedRun({
          url: server.url,
          keys,
          folder: context.folder,
          flags: ["--in-flight", String(inFlight)],
        }),
      },
      {
        name: "node:http, dropped",
        command: script("node_http_keys.ts", url, ...counts),
        isDone: () => true,
      },
      {
        name: "curl -Z, dropped",
        command: installed(
          "curl",
          ...[
            "--silent",
            "--fail",
            "--parallel",
            "--parallel-max",
            String(inFlight),
            "--output",
            "/dev/null",
          ],
          url.replace("{key}", `[1-${keys}]`),
        ),
        isDone: () => true,
      },
      {
        name: "aiohttp limited_as_completed, dropped",
        command: await python("aiohttp", "limited_as_completed.py", url, ...counts),
        isDone: ({ text }) => text.trim() === String(keys),
        isSlow: true,
      },
    ],
  }, context);
}
