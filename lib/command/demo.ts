/**
 * `trawl demo`: runs the preset `ripestat-updates` against the practice API, on this machine only.
 *
 * @module
 */

import { loadJob } from "../job/load_job.ts";
import { resolveJobName } from "../job/presets.ts";
import { startSimulatorWorker } from "../simulate/start_worker.ts";
import { type CommandContext, envIfAllowed } from "./context.ts";
import type { ExitCode } from "./exit_code.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { ownProgramWords } from "./program_words.ts";
import { runJob } from "./run.ts";
import { runDefaults } from "./run_options.ts";
import { shellWord } from "./shell_word.ts";

const preset = "ripestat-updates";

/** The latency of a nearby server; RIPEstat itself takes seconds. */
const latency = { kind: "exponential", meanMs: 10 } as const;

/** Some requests fail at their first attempt, so that the demo shows retries. */
const faults = [
  { kind: "status", status: 503, probability: 0.01, attempts: 1 },
  { kind: "reset-body", probability: 0.01, attempts: 1 },
] as const;

/** Ends with the exit code of the run. */
export async function demoCommand(args: Arguments, context: CommandContext): Promise<ExitCode> {
  const database = args.get(flags.db) ?? "demo.db";
  const simulator = await startSimulatorWorker({ profile: "ripestat", latency, faults });
  try {
    context.log(`trawl: the practice API imitates RIPEstat on ${simulator.url}, with some faults\n`);
    const { file, text } = await resolveJobName(preset);
    const env = (name: string) => name === "TRAWL_SOURCEAPP" ? "trawl-demo" : context.env(name);
    const loaded = loadJob(text, { file, set: { host: simulator.url }, env, secret: () => undefined });
    // No other job asks the practice API.
    const { share: _share, ...limits } = loaded.limits;
    const job = { ...loaded, limits };
    const options = { ...runDefaults, database, isNew: true, isQuiet: args.get(flags.quiet) };
    const exit = await runJob(job, options, { context });
    context.log(`${nextSteps(database, context)}\n`);
    return exit;
  } finally {
    await simulator.close();
  }
}

/** What to type next. Not every machine has sqlite3, so trawl's own view of the database comes first. */
function nextSteps(database: string, { env }: CommandContext): string {
  const program = ownProgramWords((name) => envIfAllowed(name, env));
  const file = shellWord(database);
  return [
    `trawl: the results are in ${database}; read them with`,
    `  ${program} status ${file}`,
    `  sqlite3 ${file} "SELECT key, sum(count) FROM updates GROUP BY key ORDER BY 2 DESC LIMIT 10"`,
    "and ask your own API with",
    `  ${program} check --url 'https://your.api/items/{key}' --rows '$.items[*]' --keys keys.txt --try 3`,
    `  ${program} run   --url 'https://your.api/items/{key}' --rows '$.items[*]' --keys keys.txt`,
  ].join("\n");
}
