/**
 * Repeated `kill -9` at random moments, every second one during a write. Answers are small, or so large that they are
 * staged. The final database must equal that of an undisturbed run.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { startSimulator } from "../../lib/simulate/simulator.ts";
import { leftOf, query } from "../support/database.ts";
import { Dice } from "../support/dice.ts";
import { day, updatesJob } from "../support/ripestat_job.ts";
import { TempFolder } from "../support/temp.ts";
import { type Running, startTrawl, trawl } from "../support/trawl.ts";

/** Many small answers and three staged ones, slow enough to be killed in the middle. */
export const population = {
  ripestat: { asns: 200, updatesMax: 1_000, sizes: { "12654": 10_000, "100": 15_000, "200": 20_000 } },
  latency: { kind: "uniform", minMs: 0, maxMs: 40 },
  faults: [{ kind: "cut", probability: 0.05, attempts: 1 }, {
    kind: "status",
    status: 503,
    probability: 0.02,
    attempts: 1,
  }],
} as const;

/** Queries whose results kills must not change. */
const endState = [
  "SELECT sequence, key, verdict, reason, status, rows FROM fetches ORDER BY sequence",
  "SELECT sequence, row, ts, type FROM updates JOIN fetches ON fetches.id = updates.fetch ORDER BY sequence, row",
  "SELECT state, keys, ok, empty, unchanged, failed, rows FROM runs",
  leftOf("updates"),
  "SELECT count(*) FROM _trawl_updates_data",
  "PRAGMA integrity_check",
];

/** Invariants after every kill: no row without its fetch, no fetch without its rows. */
const always: readonly (readonly [string, string])[] = [
  ["SELECT count(*) FROM _trawl_updates_span WHERE fetch NOT IN (SELECT id FROM fetches)", "0"],
  ["SELECT count(*) FROM fetches WHERE rows <> (SELECT count(*) FROM updates WHERE fetch = fetches.id)", "0"],
];

/** Outcome of a campaign of kills. */
export interface KillOutcome {
  /** Kills that hit a run that was alive, and those of them while the database was being written to. */
  readonly kills: number;
  readonly writing: number;
  /** Runs that were finished after their kills, and their rows. */
  readonly runs: number;
  readonly rows: number;
  /** Verdicts at each kill. */
  readonly verdicts: readonly number[];
  readonly keys: number;
  readonly problems: readonly string[];
}

/** Kills runs `killsMax` times, and compares each final database with that of an undisturbed run. */
export async function runKills(killsMax: number, seed: number): Promise<KillOutcome> {
  using folder = new TempFolder();
  const simulator = await startSimulator(population);
  try {
    const job = folder.file("job.toml", updatesJob(simulator.url));
    const argsOf = (
      db: string,
    ) => ["run", job, "--db", db, "--window", day, "--in-flight", "16", "--batch", "40"];
    const calm = folder.file("calm.db");
    const sinceMs = performance.now();
    const { code, stderr } = await trawl(argsOf(calm));
    if (code !== 0) throw new Error(`Cannot compare as the undisturbed run failed: ${stderr}`);
    const [keys = 0] = query(calm, "SELECT keys FROM runs").flat().map(Number);
    const sums: Sums = { kills: 0, writing: 0, runs: 0, rows: 0, verdicts: [], keys, problems: [] };
    const wholeMs = performance.now() - sinceMs;
    const dice = new Dice(seed);
    while (sums.kills < killsMax) {
      const db = folder.file(`killed-${++sums.runs}.db`);
      await killUntilFinished(argsOf(db), { db, wholeMs, killsMax, sums, dice });
      tell(sums, `run ${sums.runs}`, differences(db, calm));
      sums.rows += query(db, "SELECT rows FROM runs").flat().map(Number)[0] ?? 0;
    }
    return sums;
  } finally {
    await simulator.close();
  }
}

/** The outcome so far. */
interface Sums extends KillOutcome {
  kills: number;
  writing: number;
  runs: number;
  rows: number;
  readonly verdicts: number[];
  readonly problems: string[];
}

/** Starts trawl on one database until the run is finished, and kills it while kills are left. */
async function killUntilFinished(
  args: readonly string[],
  { db, wholeMs, killsMax, sums, dice }: {
    readonly db: string;
    readonly wholeMs: number;
    readonly killsMax: number;
    readonly sums: Sums;
    readonly dice: Dice;
  },
): Promise<void> {
  for (;;) {
    const isWriting = sums.kills % 2 === 1;
    const running = startTrawl(args);
    if (sums.kills < killsMax) {
      await killSoon(running, { db, isWriting, afterMs: dice.next() * wholeMs / 3 });
    }
    const { signal, code, stderr } = await running.ended;
    if (signal === null) {
      return tell(sums, `run ${sums.runs}`, code === 0 ? [] : [`exit code ${code}: ${stderr}`]);
    }
    sums.kills++;
    if (isWriting) sums.writing++;
    sums.verdicts.push(...query(db, "SELECT count(*) FROM fetches").flat().map(Number));
    tell(sums, `kill ${sums.kills}`, wrongNow(db));
  }
}

function tell({ problems }: Sums, when: string, what: readonly string[]): void {
  problems.push(...what.map((text) => `${when}: ${text}`));
}

/** Kills a run `afterMs` after its first write to the tables, or at the next write after that moment. */
async function killSoon(
  running: Running,
  { db, isWriting, afterMs }: { readonly db: string; readonly isWriting: boolean; readonly afterMs: number },
): Promise<void> {
  let hasEnded = false;
  void running.ended.then(() => hasEnded = true);
  while (!hasEnded && !hasTables(db)) await delay(20);
  const atStart = stampOf(db);
  while (!hasEnded && stampOf(db) === atStart) await delay(5);
  await delay(afterMs);
  const before = stampOf(db);
  while (isWriting && !hasEnded && stampOf(db) === before) await delay(1);
  running.kill("SIGKILL");
}

/** Changes with every write. */
function stampOf(db: string): string {
  try {
    const { size, mtime } = Deno.statSync(`${db}-wal`);
    return `${size} ${mtime?.getTime()}`;
  } catch {
    return "";
  }
}

function hasTables(file: string): boolean {
  try {
    return query(file, "SELECT 1 FROM updates LIMIT 0").length === 0;
  } catch {
    return false;
  }
}

function wrongNow(db: string): string[] {
  return always.filter(([sql, wanted]) => query(db, sql).join() !== wanted).map(([sql]) => `not so: ${sql}`);
}

function differences(db: string, calm: string): string[] {
  return endState.filter((sql) => query(db, sql).join(";") !== query(calm, sql).join(";"))
    .map((sql) => `another end state: ${sql}`);
}
