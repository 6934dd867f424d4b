/**
 * Automatic rate and concurrency, as a user sees them: in the run, its summary and the database.
 *
 * @module
 */

import assert from "node:assert/strict";
import { query } from "../../support/database.ts";
import { keyLines, withSimulator } from "../../support/simulator.ts";
import { TempFolder } from "../../support/temp.ts";
import { trawl } from "../../support/trawl.ts";

const auto = ["--rate", "auto", "--in-flight", "auto"];

Deno.test("trawl run finds the rate that an API allows, asks every key, and stores the rate", async () => {
  await withSimulator({
    profile: "hello",
    latency: { kind: "fixed", ms: 5 },
    rate: { count: 25, perMs: 1_000 },
  }, async (simulator, folder) => {
    const [db, keys] = [folder.file("a.db"), folder.file("keys", keyLines(200))];
    const args = ["run", "--url", `${simulator.url}/hello/{key}`, "--rows", "$", "--db", db];
    const { code, stderr, stdout } = await trawl([...args, "--keys", keys, ...auto, "--json", "--verbose"]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(query(db, "SELECT state, ok, failed FROM runs"), [["finished", 200, 0]]);
    const { answers } = simulator.stats();
    // The rate doubles up to 40 a second, is refused, and then grows in small steps.
    const refused = answers["429"] ?? 0;
    assert.ok(refused > 0 && refused < 40, JSON.stringify(answers));
    assert.match(stderr, /found +\d[\d.]*\/s \(auto\), \d+ in flight \(auto\)\n/);
    const { foundRate, foundInFlight } = JSON.parse(stdout).thisStart;
    const learned = "SELECT what, value FROM _trawl_tuned WHERE host = '127.0.0.1:PORT' ORDER BY what DESC";
    const [rate, inFlight] = query(db, learned.replace("PORT", String(simulator.port)));
    assert.equal(rate?.[0], "rate");
    assert.ok(Math.abs(Number(rate?.[1]) - foundRate) < 1 && foundRate > 5 && foundRate < 60, String(rate));
    assert.deepEqual([inFlight?.[0], Math.round(Number(inFlight?.[1]))], ["in_flight", foundInFlight]);
  });
});

Deno.test("trawl run earns no refusal when a rate caps the automatic one", async () => {
  const rate = { count: 25, perMs: 1_000 };
  await withSimulator({ profile: "hello", latency: { kind: "none" }, rate }, async (simulator, folder) => {
    const job = folder.file("job.toml", jobText(simulator.url));
    const { code, stderr } = await trawl(["run", job, "--db", folder.file("a.db")]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(simulator.stats().answers, { 200: 60 });
    assert.ok(simulator.stats().inFlightMax <= 3, JSON.stringify(simulator.stats()));
  });
});

Deno.test("trawl plan forecasts from the rate that its probe found, and warns that the probe was short", async () => {
  const rate = { count: 25, perMs: 1_000 };
  await withSimulator({ profile: "hello", latency: { kind: "none" }, rate }, async (simulator, folder) => {
    const job = folder.file("job.toml", jobText(simulator.url));
    const { code, stdout, stderr } = await trawl(["plan", job, "--probe", "40", "--json"]);
    assert.equal(code, 0, stderr);
    const { limit, timeMs } = JSON.parse(stdout);
    assert.equal(limit.what, "rate");
    assert.ok(limit.rate.count > 5 && limit.rate.count <= 25 && timeMs.mean >= 60 / 25 * 1_000, stdout);
    const words = await trawl(["plan", job, "--probe", "5"]);
    assert.match(words.stdout, /\n {2}caution +automatic tuning needs longer than the probe; /);
  });
});

Deno.test("trawl check shows automatic limits, and names a wrong flag", async () => {
  using folder = new TempFolder();
  const job = folder.file("job.toml", jobText("http://127.0.0.1:9"));
  const { code, stdout } = await trawl(["check", job]);
  assert.equal(code, 0);
  assert.match(stdout, /^ {2}limits +auto in flight \(3 at most\), auto rate, 25\/s, 5 attempts/m);
  const fixed = await trawl(["check", job, "--in-flight", "9", "--rate", "7/s"]);
  assert.match(fixed.stdout, /^ {2}limits +9 in flight, 7\/s, 5 attempts/m);
  const wrong = await trawl(["check", job, "--in-flight", "automatic"]);
  assert.deepEqual([wrong.code, wrong.stderr], [
    2,
    'trawl: Cannot use --in-flight: must be a whole number from 1 to 10000, or "auto", got "automatic"\n',
  ]);
});

function jobText(url: string): string {
  return `name = "auto"
[keys]
range = "1..60"
[request]
url = "${url}/hello/{key}"
[limits]
in_flight = "auto"
in_flight_max = 3
rate = ["auto", "25/s"]
[rows]
path = "$"
`;
}
