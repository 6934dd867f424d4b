import assert from "node:assert/strict";
import { retryLimits } from "../../../lib/limits.ts";
import type { Fault } from "../../../lib/simulate/simulate_options.ts";
import { startSimulator } from "../../../lib/simulate/simulator.ts";
import { truthOf } from "../../../lib/simulate/profiles/ripestat/truth.ts";
import { leftOf, query } from "../../support/database.ts";
import { day, dayWindow, updatesJob } from "../../support/ripestat_job.ts";
import { TempFolder } from "../../support/temp.ts";
import { type Ended, trawl } from "../../support/trawl.ts";

const control = "12654";

/** An ASN whose answer is read in one piece; that of the control key flows. */
const small = "100";

/** Runs a job on the practice API with a fault; what is looked at afterwards is the database. */
async function runWith(
  faults: readonly Fault[],
  look: (
    found: {
      readonly db: string;
      readonly ended: Ended;
      readonly options: { readonly ripestat: { readonly asns: number } };
    },
  ) => void,
  request = "",
): Promise<void> {
  using folder = new TempFolder();
  const options = {
    ripestat: { asns: 30, updatesMax: 2_000, sizes: { [control]: 3_000, [small]: 5 } },
    faults,
  };
  const simulator = await startSimulator(options);
  try {
    const job = folder.file(
      "job.toml",
      updatesJob(simulator.url, { request, end: "[retry]\nattempts = 2\n" }),
    );
    const db = folder.file("a.db");
    const ended = await trawl(["run", job, "--db", db, "--window", day, "--min-coverage", "1"]);
    look({ db, ended, options });
  } finally {
    await simulator.close();
  }
}

/** What is wrong with every answer of one key, and the reason that must be stored. */
const lasting: readonly (readonly [Fault, string])[] = [
  [{ kind: "maintenance" }, "refused"],
  [{ kind: "missing" }, "missing"],
  [{ kind: "wrong-count" }, "wrong-count"],
  [{ kind: "cut" }, "cut"],
  [{ kind: "reset-body" }, "cut"],
  [{ kind: "truncate-json" }, "cut"],
  [{ kind: "malformed" }, "bad-json"],
  [{ kind: "html" }, "bad-json"],
  [{ kind: "bad-gzip" }, "cut"],
  [{ kind: "reset" }, "reset"],
  [{ kind: "status", status: 404 }, "http-404"],
  [{ kind: "status", status: 503, retryAfterS: 0 }, "http-503"],
];

for (const [fault, reason] of lasting) {
  Deno.test(`trawl run stores a failure and no row of it: ${fault.kind}`, async () => {
    await runWith([{ ...fault, keys: [control, small] }], ({ db, ended }) => {
      assert.equal(ended.code, 3, ended.stderr);
      // A 503 with a Retry-After is a refusal, which is not the key's fault so soon.
      const attempts = reason === "http-404" ? 1 : reason === "http-503" ? 2 + retryLimits.refusalsMax : 2;
      assert.deepEqual(
        query(
          db,
          `SELECT key, verdict, reason, rows, attempts FROM fetch WHERE verdict = 'failed' ORDER BY id`,
        ),
        [[small, "failed", reason, 0, attempts], [control, "failed", reason, 0, attempts]],
      );
      assert.deepEqual(
        query(
          db,
          "SELECT count(*) FROM updates WHERE fetch NOT IN (SELECT id FROM fetch WHERE verdict = 'ok')",
        ),
        [[0]],
      );
      assert.deepEqual(query(db, leftOf("updates")), [[0, 0]]);
      assert.match(ended.stderr, new RegExp(`failed +2 × ${reason}`));
    });
  });

  Deno.test(`trawl run stores the truth when it passes: ${fault.kind}`, async () => {
    if (reason === "http-404") return await passesNot();
    await runWith([{ ...fault, attempts: 1, probability: 0.5 }], ({ db, ended, options }) => {
      assert.equal(ended.code, 0, ended.stderr);
      const fetches = query(db, "SELECT key, rows, id FROM fetch");
      // The small ASN is one more.
      assert.equal(fetches.length, options.ripestat.asns + 1);
      for (const [key, rows, id] of fetches) {
        const truth = [...truthOf(options, String(key), dayWindow).updates()];
        assert.equal(rows, truth.length);
        assert.deepEqual(
          query(db, `SELECT ts, type FROM updates WHERE fetch = ${id} ORDER BY row`),
          truth.map((row) => [...row]),
        );
      }
      assert.match(ended.stderr, /coverage +100\.00 %/);
    });
  });
}

/** What a 404 answers is final: it is not asked again. */
async function passesNot(): Promise<void> {
  await runWith([{ kind: "status", status: 404, attempts: 1, keys: [control] }], ({ db }) => {
    assert.deepEqual(query(db, "SELECT key, attempts FROM fetch WHERE verdict = 'failed'"), [[control, 1]]);
  });
}

for (const kind of ["empty", "maintenance"] as const) {
  Deno.test(`trawl run asks nothing else when a control key is broken: ${kind}`, async () => {
    using folder = new TempFolder();
    const simulator = await startSimulator({
      ripestat: { asns: 30 },
      faults: [{ kind, attempts: 2, keys: [control] }],
    });
    try {
      const text = updatesJob(simulator.url, {
        keys: `control = ["${control}"]`,
        end: "[retry]\nattempts = 2\n",
      });
      const job = folder.file("job.toml", text);
      const db = folder.file("a.db");
      const args = ["run", job, "--db", db, "--window", day];
      const first = await trawl(args);
      assert.equal(first.code, 3, first.stderr);
      const reason = kind === "empty" ? "control-empty" : "refused";
      assert.deepEqual(query(db, "SELECT key, verdict, reason FROM fetch"), [[control, "failed", reason]]);
      assert.deepEqual(query(db, "SELECT state FROM run"), [["interrupted"]]);
      assert.match(first.stderr, new RegExp(`interrupted \\(control key ${control}: .* \\(${reason}\\)\\)`));
      // The API is well again: the same command goes on.
      const second = await trawl(args);
      assert.equal(second.code, 0, second.stderr);
      assert.deepEqual(query(db, "SELECT state, keys, ok + empty, failed FROM run"), [[
        "finished",
        30,
        30,
        0,
      ]]);
    } finally {
      await simulator.close();
    }
  });
}

const slow: readonly (readonly [Fault, string, string])[] = [
  [{ kind: "stall", ms: "forever" }, 'idle = "300ms"', "idle-timeout"],
  [{ kind: "stall", ms: "forever" }, 'total = "500ms"', "total-timeout"],
  [{ kind: "slow-headers", ms: 5_000 }, 'connect = "100ms", first_byte = "300ms"', "first-byte-timeout"],
];

for (const [fault, timeout, reason] of slow) {
  Deno.test(`trawl run does not wait longer than it is told: ${reason}`, async () => {
    await runWith([{ ...fault, keys: [control] }], ({ db, ended }) => {
      assert.equal(ended.code, 3, ended.stderr);
      assert.deepEqual(query(db, "SELECT key, reason, attempts FROM fetch WHERE verdict = 'failed'"), [[
        control,
        reason,
        2,
      ]]);
    }, `timeout = { ${timeout} }\n`);
  });
}

Deno.test("trawl run follows a redirect to the same host", async () => {
  await runWith([{ kind: "redirect" }], ({ db, ended }) => {
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual(query(db, `SELECT rows FROM fetch WHERE key = '${control}'`), [[3_000]]);
  });
});
