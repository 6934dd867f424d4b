/**
 * The profile `ripestat`: its data calls, both generations of the envelope, sizes and the end of the window.
 *
 * @module
 */

import assert from "node:assert/strict";
import { controlAsn, Population, population } from "../../../lib/simulate/profiles/ripestat/population.ts";
import { ripestatSettings } from "../../../lib/simulate/profiles/ripestat/ripestat_options.ts";
import { truthOf } from "../../../lib/simulate/profiles/ripestat/truth.ts";
import { day, type UpdatesAnswer, updatesTarget, withSimulator } from "../support.ts";

const dayNumber = day.startMs / 86_400_000;

Deno.test("Population has two to three million updates a day when the list is the default", () => {
  for (const seed of [1, 2, 77]) {
    const { asns, updates } = draw(seed);
    assert.equal(asns.length, 2_000);
    const sum = updates.reduce((a, b) => a + b, 0);
    assert.ok(sum > population.demoUpdatesMin && sum < population.demoUpdatesMax, `${sum}`);
    const quiet = updates.filter((count) => count === 0).length;
    assert.ok(quiet > 200 && quiet < 280, `${quiet}`);
    const middling = updates.filter((count) => count >= 10 && count < 1_000).length;
    assert.ok(middling > 1_200, `${middling}`);
    assert.ok(updates.filter((count) => count > 100_000).length >= 3);
    assert.ok(Math.max(...updates) <= 250_000);
  }
});

Deno.test("Population has the control key, which is never quiet, when the list has 1 or 100,000 ASNs", () => {
  for (const asns of [1, 100_000]) {
    const drawn = new Population(ripestatSettings({ asns }));
    assert.equal(drawn.asns.length, asns);
    assert.equal(new Set(drawn.asns).size, asns);
    assert.ok(drawn.asns.includes(controlAsn));
    for (let day = 20_000; day < 20_400; day++) assert.ok(drawn.updatesOn(controlAsn, day) > 1_000);
    assert.ok(drawn.asns.every((asn) => Number.isInteger(asn) && asn > 0 && asn < 2 ** 32));
  }
  assert.ok(new Population(ripestatSettings({ asns: 100_000 })).asns.some((asn) => asn >= 4_200_000_000));
});

Deno.test("Population keeps to updatesMax, except for the ASNs in sizes", () => {
  const drawn = new Population(ripestatSettings({ updatesMax: 100, sizes: { "42": 5_000 } }));
  const counts = drawn.asns.map((asn) => drawn.updatesOn(asn, dayNumber));
  assert.equal(counts.filter((count) => count > 100).length, 1);
  assert.equal(drawn.updatesOn(42, dayNumber), 5_000);
});

Deno.test("the call ris-asns lists the keys of the simulator", async () => {
  for (const envelope of ["a", "b"] as const) {
    await withSimulator({ ripestat: { asns: 20_000, sizes: { AS23456: 1 }, envelope } }, async ({ url }) => {
      const list = await (await fetch(`${url}/data/ris-asns/data.json?list_asns=true`)).json();
      const keys = await (await fetch(`${url}/simulator/keys`)).json();
      assert.deepEqual(list.data.asns, keys);
      assert.ok(keys.length >= 20_000 && keys.includes(23_456));
      assert.equal(list.data.counts.total, keys.length);
    });
  }
});

const fieldOrder = {
  a: "messages see_also version data_call_name data_call_status cached data query_id process_time server_id " +
    "build_version status status_code time",
  b: "messages see_also version data_call_name data_call_status cached query_id process_time server_id " +
    "build_version pipeline status status_code time data",
} as const;

Deno.test("the envelope has the fields of its generation in order", async () => {
  for (const envelope of ["a", "b"] as const) {
    await withSimulator({ ripestat: { envelope } }, async ({ url }) => {
      const text = await (await fetch(url + updatesTarget(12_654))).text();
      assert.equal(Object.keys(JSON.parse(text)).join(" "), fieldOrder[envelope]);
      assert.equal(/"timestamp": \d+,/.test(text), envelope === "a");
      assert.equal(/\s/.test(text.replace(/"[^"]*"/g, "")), envelope === "a");
    });
  }
});

Deno.test("the envelope varies by key when the option is mixed, and nr_updates is before or after the list", async () => {
  await withSimulator({ ripestat: { asns: 60, updatesMax: 50 } }, async ({ url }) => {
    const seen = new Set<string>();
    for (const asn of (await (await fetch(`${url}/simulator/keys`)).json()).slice(0, 40)) {
      const text = await (await fetch(url + updatesTarget(asn))).text();
      seen.add(`${text.includes("\n")} ${text.indexOf("nr_updates") < text.indexOf(`"updates"`)}`);
    }
    assert.deepEqual([...seen].sort(), ["false false", "false true", "true true"]);
  });
});

Deno.test("the call bgp-updates answers records of the real shape and size", async () => {
  for (const [envelope, bytes] of [["a", 809], ["b", 275]] as const) {
    await withSimulator({ ripestat: { envelope, sizes: { "3333": 20_000 } } }, async ({ url }) => {
      const text = await (await fetch(url + updatesTarget("3333"))).text();
      const { data }: UpdatesAnswer = JSON.parse(text);
      assert.equal(data.resource, "3333");
      const size = text.length / data.nr_updates;
      assert.ok(Math.abs(size - bytes) < 0.12 * bytes, `${size}`);
      const updates = data.updates ?? [];
      assert.ok(updates.some(({ seq }, i) => i > 0 && seq < updates[i - 1]!.seq));
      assert.ok(updates.every(({ seq }) => Number.isSafeInteger(seq) && seq <= 1.351e15));
      assert.ok(updates.some(({ timestamp }, i) => i > 0 && timestamp === updates[i - 1]!.timestamp));
      for (const { type, attrs } of updates) {
        assert.equal(attrs.path === undefined, type === "W");
        assert.equal(attrs.community === undefined, type === "W");
        if (attrs.path !== undefined) assert.equal(attrs.path.at(-1), 3_333);
      }
    });
  }
});

Deno.test("the call bgp-updates includes endtime, which the truth excludes", async () => {
  const options = {};
  await withSimulator(options, async ({ url }) => {
    const { data }: UpdatesAnswer = await (await fetch(url + updatesTarget(controlAsn))).json();
    const truth = truthOf(options, String(controlAsn), day);
    assert.equal(data.updates?.at(-1)?.timestamp, day.endMs / 1_000);
    assert.equal(data.nr_updates, truth.count + 1);
  });
});

Deno.test("the call bgp-updates reads times in every form and repeats them in the requested form", async () => {
  await withSimulator({}, async ({ url }) => {
    const forms = [
      ["1749427200", "1749513600"],
      ["2025-06-09", "2025-06-10"],
      ["2025-06-09T00:00", "2025-06-10T00:00:00Z"],
      ["2025-06-09T02:00:00%2B02:00", "2025-06-10T02:00:00+02:00"],
      ["2025-06-08T23:00:00-0100", "2025-06-09T23:00:00.5-01:00"],
    ];
    for (const unix of ["TRUE", "FALSE"]) {
      for (const [start, end] of forms) {
        const query = `resource=12654&starttime=${start}&endtime=${end}&unix_timestamps=${unix}`;
        const answer: UpdatesAnswer = await (await fetch(`${url}/data/bgp-updates/data.json?${query}`))
          .json();
        const { query_starttime: from, query_endtime: until } = answer.data;
        const wanted = unix === "TRUE"
          ? [1749427200, 1749513600]
          : ["2025-06-09T00:00:00", "2025-06-10T00:00:00"];
        assert.deepEqual([from, until], wanted, `${start} ${end}`);
      }
    }
  });
});

const badQueries: readonly (readonly [query: string, message: RegExp])[] = [
  ["resource=abc&starttime=2025-06-09&endtime=2025-06-10", /abc is of unsupported type/],
  ["resource=AS4294967296&starttime=2025-06-09&endtime=2025-06-10", /unsupported type/],
  ["starttime=2025-06-09&endtime=2025-06-10", /unsupported type/],
  ["resource=AS1&endtime=2025-06-10", /starttime "" is not a time/],
  ["resource=AS1&starttime=2025-06-09&endtime=tomorrow", /endtime "tomorrow" is not a time/],
  ["resource=AS1&starttime=2025-06-10&endtime=2025-06-09", /before/],
  ["resource=AS1&starttime=2020-06-10&endtime=2025-06-09", /exceeds 400 days/],
  ["resource=AS1&starttime=2025-06-09&endtime=2025-06-10&max_samples=-1", /max_samples/],
];

for (const [query, message] of badQueries) {
  Deno.test(`the profile answers 400 when the query is ${query}`, async () => {
    await withSimulator({}, async ({ url }) => {
      const response = await fetch(`${url}/data/bgp-update-activity/data.json?${query}`);
      const { status, messages } = await response.json();
      assert.deepEqual([response.status, status], [400, "error"]);
      assert.match(messages[0][1], message);
    });
  });
}

Deno.test("the call bgp-update-activity counts the announcements of each sample", async () => {
  const options = { ripestat: { sizes: { "3333": 3_000 } } };
  await withSimulator(options, async ({ url }) => {
    const times = "starttime=2025-06-09&endtime=2025-06-10";
    const ask = async (more: string) => {
      const target = `${url}/data/bgp-update-activity/data.json?resource=AS3333&${times}${more}`;
      return (await (await fetch(target)).json()).data;
    };
    const hours = await ask("&min_sampling_period=3600&max_samples=0&hide_empty_samples=FALSE");
    assert.equal(hours.updates.length, 24);
    assert.deepEqual(Object.keys(hours.updates[0]), ["announcements", "withdrawals", "starttime"]);
    assert.equal(hours.updates[0].withdrawals, null);
    const perHour = new Array(24).fill(0);
    for (const [second, type] of truthOf(options, "3333", day).updates()) {
      if (type === "A") perHour[Math.floor((second - day.startMs / 1_000) / 3_600)]++;
    }
    assert.deepEqual(hours.updates.map((sample: { announcements: number }) => sample.announcements), perHour);
    assert.equal((await ask("&max_samples=10&hide_empty_samples=FALSE")).updates.length, 10);
    const fine = await ask("&min_sampling_period=1&max_samples=0&hide_empty_samples=TRUE");
    assert.ok(fine.updates.every((sample: { announcements: number }) => sample.announcements > 0));
  });
});

Deno.test("an answer has the same bytes in any order of requests", async () => {
  const ask = async (url: string, asn: number) => await (await fetch(url + updatesTarget(asn))).text();
  const forwards = await withSimulator({}, async ({ url }) => [await ask(url, 12_654), await ask(url, 777)]);
  const backwards = await withSimulator({}, async ({ url }) => [await ask(url, 777), await ask(url, 12_654)]);
  assert.deepEqual(forwards, backwards.reverse());
});

function draw(seed: number): { asns: readonly number[]; updates: number[] } {
  const drawn = new Population(ripestatSettings({}, { seed }));
  return { asns: drawn.asns, updates: drawn.asns.map((asn) => drawn.updatesOn(asn, dayNumber)) };
}
