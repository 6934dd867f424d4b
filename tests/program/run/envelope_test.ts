import assert from "node:assert/strict";
import type { SimulateOptions } from "../../../lib/simulate/simulate_options.ts";
import { startSimulator } from "../../../lib/simulate/simulator.ts";
import type { RipestatOptions } from "../../../lib/simulate/profiles/ripestat/ripestat_options.ts";
import { truthOf } from "../../../lib/simulate/profiles/ripestat/truth.ts";
import { query } from "../../support/database.ts";
import { day, dayWindow, updatesJob } from "../../support/ripestat_job.ts";
import { TempFolder } from "../../support/temp.ts";
import { trawl } from "../../support/trawl.ts";

/** A write per byte takes its time; some answers are too large to be read in one piece all the same. */
const sizes = new Map<number, RipestatOptions>([
  [1, { asns: 4, updatesMax: 20, sizes: { "12654": 110 } }],
  [7, { asns: 12, updatesMax: 300 }],
  [65_536, { asns: 60, updatesMax: 20_000 }],
]);

const shapes: readonly SimulateOptions[] = [
  ...(["a", "b"] as const).flatMap((envelope) =>
    [...sizes].flatMap(([pieces, size]) =>
      (["length", "chunked"] as const).map((framing) => ({
        ripestat: { ...size, envelope },
        pieces,
        framing,
      }))
    )
  ),
  {
    ripestat: { asns: 60, envelope: "mixed", updatesMax: 20_000 },
    faults: [{ kind: "gzip", probability: 0.5 }],
  },
];

for (const options of shapes) {
  const { pieces = "whole", framing = "auto", ripestat: { envelope, updatesMax } = {} } = options;
  const name = `envelope ${envelope}, pieces ${pieces}, framing ${framing}, up to ${updatesMax} updates`;
  Deno.test(`trawl run stores the truth to the last row: ${name}`, async () => {
    using folder = new TempFolder();
    const simulator = await startSimulator(options);
    try {
      const job = folder.file("job.toml", updatesJob(simulator.url));
      const db = folder.file("a.db");
      const { code, stderr } = await trawl(["run", job, "--db", db, "--window", day]);
      assert.equal(code, 0, stderr);
      assertTruth(db, options);
    } finally {
      await simulator.close();
    }
  });
}

function assertTruth(db: string, options: SimulateOptions): void {
  const fetches = query(db, "SELECT key, verdict, rows FROM fetch");
  assert.equal(fetches.length, options.ripestat?.asns);
  for (const [key, verdict, rows] of fetches) {
    const truth = [...truthOf(options, String(key), dayWindow).updates()];
    const stored = query(
      db,
      `SELECT ts, type FROM updates JOIN fetch ON fetch.id = updates.fetch WHERE key = '${key}' ORDER BY row`,
    );
    assert.deepEqual(stored, truth.map((row) => [...row]), `rows of ${key}`);
    assert.deepEqual([verdict, rows], [truth.length === 0 ? "empty" : "ok", truth.length]);
  }
}
