/**
 * `trawl demo`: the flagship preset on the practice API, from start to end, on this machine alone.
 *
 * @module
 */

import { loadJob } from "../job/load_job.ts";
import { resolveJobName } from "../job/presets.ts";
import { startSimulatorWorker } from "../simulate/start_worker.ts";
import type { Context } from "./context.ts";
import { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { runJob } from "./run.ts";

const preset = "ripestat-updates";

/** A pause such as a server's that is near; RIPEstat itself takes seconds. */
const latency = { kind: "exponential", meanMs: 10 } as const;

/** Some requests fail at first, as they do in life. */
const faults = [
  { kind: "status", status: 503, probability: 0.01, attempts: 1 },
  { kind: "reset-body", probability: 0.01, attempts: 1 },
] as const;

/** Its exit code is that of the run. */
export async function demoCommand(args: Arguments, context: Context): Promise<number> {
  const database = args.text(flags.db) ?? "demo.db";
  const simulator = await startSimulatorWorker({ profile: "ripestat", latency, faults });
  try {
    context.log(`trawl: the practice API answers like RIPEstat on ${simulator.url}, with some faults\n`);
    const { file, text } = await resolveJobName(preset);
    const env = (name: string) => name === "TRAWL_SOURCEAPP" ? "trawl-demo" : context.env(name);
    const job = loadJob(text, { file, set: { host: simulator.url }, env, secret: () => undefined });
    const given = new Map<string, readonly (string | true)[]>([
      [flags.db.name, [database]],
      [flags.isNew.name, [true]],
      ...(args.has(flags.quiet) ? [[flags.quiet.name, [true]] as const] : []),
    ]);
    const exit = await runJob(job, new Arguments([], given), context);
    context.log(`${nextSteps(database)}\n`);
    return exit;
  } finally {
    await simulator.close();
  }
}

function nextSteps(database: string): string {
  const program = Deno.build.standalone ? "trawl" : "deno task trawl";
  return [
    `trawl: everything is in ${database}; look into it with`,
    `  sqlite3 ${database} "SELECT key, rows FROM fetch ORDER BY rows DESC LIMIT 10"`,
    "and ask your own API with",
    `  ${program} check --url 'https://your.api/items/{key}' --rows '$.items[*]' --keys keys.txt --try 3`,
    `  ${program} run   --url 'https://your.api/items/{key}' --rows '$.items[*]' --keys keys.txt`,
  ].join("\n");
}
