/**
 * Faults of single answers: what a run stores while a fault lasts, and after it has passed.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Fault, SimulateOptions } from "../../../lib/simulate/simulate_options.ts";
import { leftOf, query } from "../../support/database.ts";
import { type Said, trawlHere } from "../../support/in_process.ts";
import { day, updatesJob } from "../../support/ripestat_job.ts";
import { withSimulator } from "../../support/simulator.ts";
import { assertTruth } from "../../support/truth.ts";

const control = "12654";

/** Updates of an answer that is read whole, and of a streamed one. */
const sizes = { small: 5, flowing: 1_000 } as const;

/** Retries after a refusal, which do not count as the key's attempts. */
const refusalsMax = 10;

/** ASNs: two for each fault, with three good ones after each, so that ten never fail in a row. */
interface Asns {
  readonly struck: readonly (readonly [small: string, flowing: string])[];
  readonly sizes: Readonly<Record<string, number>>;
}

function asnsFor(faults: number): Asns {
  const struck: [string, string][] = [];
  const updates: Record<string, number> = {};
  for (let at = 1; at <= faults; at++) {
    const pair: [string, string] = [String(2_000 * at), String(2_000 * at + 1_000)];
    for (const [index, asn] of pair.entries()) {
      updates[asn] = index === 0 ? sizes.small : sizes.flowing;
      for (const good of [1, 2, 3]) updates[Number(asn) + good] = good;
    }
    struck.push(pair);
  }
  return { struck, sizes: updates };
}

/** Runs a job whose every fault strikes two ASNs of its own; then `look` reads the database. */
async function runWith(
  faults: readonly Fault[],
  look: (
    found: {
      readonly db: string;
      readonly ended: Said;
      readonly asns: Asns;
      readonly options: SimulateOptions;
      readonly injected: Readonly<Record<string, number>>;
    },
  ) => void,
  request = "",
): Promise<void> {
  const asns = asnsFor(faults.length);
  const aimed = faults.map((fault, at) => ({ ...fault, keys: [...asns.struck[at] ?? []] }));
  const options = { ripestat: { asns: 1, sizes: asns.sizes }, faults: aimed };
  await withSimulator(options, async (simulator, folder) => {
    const end = "[retry]\nattempts = 2\n";
    const job = folder.file("job.toml", updatesJob(simulator.url, { request, end }));
    const db = folder.file("a.db");
    const ended = await trawlHere(["run", job, "--db", db, "--window", day, "--min-coverage", "1"]);
    look({ db, ended, asns, options, injected: simulator.stats().faults });
  });
}

/** A fault of every answer, the reason that the run must store, and the attempts that the key gets. */
type Lasting = readonly [fault: Fault, reason: string, attempts: number];

/** Few enough in one run that the circuit breaker stays closed: an open one excuses failures. */
const lasting: readonly (readonly Lasting[])[] = [
  [
    [{ kind: "maintenance" }, "refused", 2],
    [{ kind: "missing" }, "missing", 2],
    [{ kind: "wrong-count" }, "wrong-count", 2],
    [{ kind: "status", status: 404 }, "http-404", 1],
  ],
  [
    [{ kind: "cut" }, "cut", 2],
    [{ kind: "reset-body" }, "cut", 2],
    [{ kind: "truncate-json" }, "cut", 2],
    [{ kind: "bad-gzip" }, "cut", 2],
  ],
  [
    [{ kind: "null-rows" }, "missing", 2],
    [{ kind: "other-key" }, "wrong-answer", 2],
    [{ kind: "status", status: 202 }, "http-202", 2],
    [{ kind: "status", status: 200 }, "missing", 2],
    [{ kind: "status", status: 206 }, "incomplete", 1],
    [{ kind: "next-page" }, "incomplete", 1],
  ],
  [
    [{ kind: "malformed" }, "bad-json", 2],
    [{ kind: "html" }, "bad-json", 2],
    [{ kind: "reset" }, "reset", 2],
    [{ kind: "status", status: 503, retryAfterS: 0 }, "http-503", 2 + refusalsMax],
  ],
];

for (const group of lasting) {
  const kinds = group.map(([fault]) => fault.kind === "status" ? String(fault.status) : fault.kind).join(
    ", ",
  );
  Deno.test(`trawl run stores the reason and no row when every answer of a key is bad: ${kinds}`, async () => {
    await runWith(group.map(([fault]) => fault), ({ db, ended, asns }) => {
      assert.equal(ended.code, 3, ended.stderr);
      const failed =
        "SELECT key, reason, rows, attempts FROM fetches WHERE verdict = 'failed' ORDER BY sequence";
      const expected = group.flatMap(([, reason, attempts], at) =>
        (asns.struck[at] ?? []).map((key) => [key, reason, 0, attempts])
      );
      assert.deepEqual(query(db, failed), expected);
      const stray =
        "SELECT count(*) FROM _trawl_updates_span WHERE fetch NOT IN (SELECT id FROM fetches WHERE verdict = 'ok')";
      assert.deepEqual(query(db, stray), [[0]]);
      assert.deepEqual(query(db, leftOf("updates")), [[0, 0]]);
      const counts = Map.groupBy(group, ([, reason]) => reason);
      for (const [reason, { length }] of counts) {
        assert.match(ended.stderr, new RegExp(`(failed +|\\n +)${2 * length} × ${reason}: .*, such as \\d+`));
      }
    });
  });
}

/** Faults that are over after the first attempt, or that are none. */
const passing: readonly Fault[] = [
  ...lasting.flat().filter(([, , attempts]) => attempts > 1).map(([fault]) => fault)
    .map((fault) => ({ ...fault, attempts: 1 })),
  { kind: "redirect" },
  { kind: "gzip" },
];

Deno.test("trawl run stores the truth of every key when faults pass, and follows a redirect to the same host", async () => {
  await runWith(passing, ({ db, ended, asns, options, injected }) => {
    assert.equal(ended.code, 0, ended.stderr);
    for (const { kind } of passing) {
      assert.ok((injected[kind] ?? 0) >= 2, `${kind}: ${injected[kind]} injected`);
    }
    assertTruth(db, options, Object.keys(asns.sizes).length + 1);
    assert.match(ended.stderr, /coverage +100\.00 %/);
  });
});

for (const kind of ["empty", "maintenance"] as const) {
  Deno.test(`trawl run asks no other key when a control key is bad, and resumes when it is good: ${kind}`, async () => {
    const faults = [{ kind, attempts: 2, keys: [control] }] as const;
    await withSimulator({ ripestat: { asns: 30, updatesMax: 100 }, faults }, async (simulator, folder) => {
      const end = "[retry]\nattempts = 2\n";
      const text = updatesJob(simulator.url, { keys: `control = ["${control}"]`, end });
      const db = folder.file("a.db");
      const args = ["run", folder.file("job.toml", text), "--db", db, "--window", day];
      const first = await trawlHere(args);
      assert.equal(first.code, 75, first.stderr);
      const reason = kind === "empty" ? "control-empty" : "refused";
      assert.deepEqual(query(db, "SELECT key, verdict, reason FROM fetches"), [[control, "failed", reason]]);
      assert.deepEqual(query(db, "SELECT state FROM runs"), [["interrupted"]]);
      assert.match(first.stderr, new RegExp(`interrupted \\(control key ${control}: .* \\(${reason}\\)\\)`));
      const second = await trawlHere(args);
      assert.equal(second.code, 0, second.stderr);
      const sums = query(db, "SELECT state, keys, ok + empty, failed FROM runs");
      assert.deepEqual(sums, [["finished", 30, 30, 0]]);
    });
  });
}

/** Timeouts of a job with answers that meet them, and the reasons. */
const slow: readonly (readonly [faults: readonly Fault[], timeout: string, reasons: readonly string[]])[] = [
  [
    [{ kind: "stall", ms: "forever" }, { kind: "slow-headers", ms: 60_000 }],
    'connect = "3s", first_byte = "1200ms", idle = "900ms"',
    ["idle-timeout", "first-byte-timeout"],
  ],
  [[{ kind: "stall", ms: "forever" }], 'total = "1s"', ["total-timeout"]],
];

for (const [faults, timeout, reasons] of slow) {
  Deno.test(`trawl run gives up an answer at the job's timeout: ${reasons.join(", ")}`, async () => {
    await runWith(faults, ({ db, ended, asns }) => {
      assert.equal(ended.code, 3, ended.stderr);
      const failed = "SELECT key, reason, attempts FROM fetches WHERE verdict = 'failed' ORDER BY sequence";
      const expected = reasons.flatMap((reason, at) =>
        (asns.struck[at] ?? []).map((key) => [key, reason, 2])
      );
      assert.deepEqual(query(db, failed), expected);
    }, `timeout = { ${timeout} }\n`);
  });
}
