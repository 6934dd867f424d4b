/**
 * Every shape of an answer on the wire, stored to the last row: envelopes, framings, pieces, compression.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { SimulateOptions } from "../../../lib/simulate/simulate_options.ts";
import { trawlHere } from "../../support/in_process.ts";
import { day, updatesJob } from "../../support/ripestat_job.ts";
import { withSimulator } from "../../support/simulator.ts";
import { assertTruth } from "../../support/truth.ts";

/** Answers by bytes a write: smaller writes need more time. The larger answers do not fit into one read. */
const sizes = [
  { pieces: 1, asns: 8, updatesMax: 10, sizes: { "12654": 30 }, framings: ["chunked"] },
  { pieces: 7, asns: 10, updatesMax: 50, sizes: { "12654": 300 }, framings: ["length"] },
  { pieces: 65_536, asns: 15, updatesMax: 500, sizes: { "12654": 4_000 }, framings: ["length", "chunked"] },
] as const;

interface Shape {
  readonly name: string;
  readonly asns: number;
  readonly options: SimulateOptions;
}

/** The default envelope varies by key. */
const shapes: readonly Shape[] = [
  ...sizes.flatMap(({ pieces, framings, ...size }) =>
    framings.map((framing) => ({
      name: `pieces of ${pieces} bytes, framing ${framing}`,
      asns: size.asns,
      options: { ripestat: size, pieces, framing },
    }))
  ),
  {
    name: "half of the answers with gzip",
    asns: 15,
    options: {
      ripestat: { asns: 15, updatesMax: 500, sizes: { "12654": 4_000 } },
      faults: [{ kind: "gzip", probability: 0.5 }],
    },
  },
];

for (const { name, asns, options } of shapes) {
  Deno.test(`trawl run stores the truth to the last row: ${name}`, async () => {
    await withSimulator(options, async (simulator, folder) => {
      const db = folder.file("a.db");
      const job = folder.file("job.toml", updatesJob(simulator.url));
      const { code, stderr } = await trawlHere(["run", job, "--db", db, "--window", day]);
      assert.equal(code, 0, stderr);
      assertTruth(db, options, asns);
    });
  });
}
