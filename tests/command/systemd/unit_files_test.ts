import assert from "node:assert/strict";
import { calendarOf, serviceText, timerText } from "../../../lib/command/systemd/unit_files.ts";
import { loadJob } from "../../../lib/job/load_job.ts";
import { presets } from "../../../lib/job/presets.ts";
import { needing } from "../../support/programs.ts";
import { TempFolder } from "../../support/temp.ts";

const hour = 3_600_000;

/** Part of Debian's package systemd; works without a running systemd. */
const analyzer = "systemd-analyze";
async function analyze(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(analyzer, {
    args: [...args],
    env: { TZ: "UTC", LC_ALL: "C.UTF-8" },
  })
    .output();
  const text = new TextDecoder();
  assert.equal(code, 0, text.decode(stderr));
  return text.decode(stdout) + text.decode(stderr);
}

function jobOf(more = "", name = "my-api.v2_x") {
  return loadJob(
    `name = "${name}"\n[keys]\nrange = "1..3"\n[request]\nurl = "https://api.example/{key}"\n` +
      `[rows]\npath = "$"\n${more}`,
    { file: "job", env: () => "x", secret: () => "y" },
  );
}

const calendars: readonly (readonly [every: number, lag: number, calendar: string])[] = [
  [24 * hour, 3 * hour, "*-*-* 03:00:00 UTC"],
  [24 * hour, 27.5 * hour + 1, "*-*-* 03:30:01 UTC"],
  [7 * 24 * hour, 0, "*-*-* 00:00:00 UTC"],
  [6 * hour, hour / 2, "*-*-* 00/6:30:00 UTC"],
  [36 * hour, 14 * hour, "*-*-* 02/12:00:00 UTC"],
  [hour, 10 * 60_000, "*-*-* *:10:00 UTC"],
  [7 * hour, 0, "*-*-* *:00:00 UTC"],
  [1.5 * hour, 5 * 60_000, "*-*-* *:05/30:00 UTC"],
  [60_000, 61_000, "*-*-* *:*:01 UTC"],
  [45_000, 20_000, "*-*-* *:*:05/15 UTC"],
  [1_000, 0, "*-*-* *:*:* UTC"],
];

Deno.test("calendarOf() has a moment for every window that becomes due", () => {
  for (const [everyMs, lagMs, calendar] of calendars) {
    const found = calendarOf({ everyMs, lagMs });
    assert.equal(found.calendar, calendar);
    assert.equal(everyMs % found.stepMs, 0, calendar);
  }
});

Deno.test(needing([analyzer], {
  name: "calendarOf() writes what systemd reads the same way",
  fn: async () => {
    for (const [everyMs, lagMs, calendar] of calendars) {
      const count = "20";
      const base = "2026-11-20 00:00:00 UTC";
      const text = await analyze("calendar", `--base-time=${base}`, `--iterations=${count}`, calendar);
      const moments = [...text.matchAll(/(?:elapse|#\d+): \w{3} (\S+) (\S+) UTC/g)].map(([, date, time]) =>
        Date.parse(`${date}T${time}Z`)
      );
      assert.equal(moments.length, Number(count), text);
      const { stepMs } = calendarOf({ everyMs, lagMs });
      const lateMs = Math.ceil(lagMs / 1_000) * 1_000;
      // Moments of a step that does not divide into the unit above it would drift.
      for (const [index, ms] of moments.entries()) {
        assert.equal((ms - lateMs) % stepMs, 0, text);
        if (index > 0) assert.equal(ms - (moments[index - 1] ?? 0), stepMs, text);
      }
    }
  },
}));

Deno.test("serviceText() gives the service the environment and the secrets that the job names, and no others", () => {
  const plain = serviceText({ job: jobOf(), variables: [], secrets: [] });
  assert.doesNotMatch(plain, /EnvironmentFile|LoadCredential|[{}]/);
  const text = serviceText({ job: jobOf(), variables: ["A", "B"], secrets: ["TOKEN", "k.2"] });
  assert.match(text, /^# +environment .*: A, B$/m);
  assert.match(text, /^EnvironmentFile=-\/etc\/trawl\/my-api\.v2_x\.env$/m);
  assert.match(text, /^LoadCredential=TOKEN:\/etc\/trawl\/TOKEN\nLoadCredential=k\.2:\/etc\/trawl\/k\.2$/m);
  assert.match(
    text,
    /^ExecStart=\/usr\/local\/bin\/trawl run \/etc\/trawl\/my-api\.v2_x\.toml --db \/var\/lib\/trawl\/my-api\.v2_x\.db$/m,
  );
  assert.match(text, /^#OnFailure=/m);
  const lines = text.split("\n");
  for (
    const line of [
      "Type=notify",
      "DynamicUser=yes",
      "StateDirectory=trawl",
      "MemoryMax=512M",
      "SuccessExitStatus=75",
      "RestartForceExitStatus=75",
      "WatchdogSec=10min",
    ]
  ) assert.ok(lines.includes(line), line);
});

Deno.test("serviceText() gives the service the memory that its requests in flight need, 512M at least", () => {
  const maxOf = (inFlight: number) => {
    const job = { ...jobOf(), limits: { ...jobOf().limits, inFlight } };
    return /^MemoryMax=(.*)$/m.exec(serviceText({ job, variables: [], secrets: [] }))?.[1];
  };
  assert.deepEqual([8, 31, 1_000, 10_000].map(maxOf), ["512M", "512M", "1088M", "5568M"]);
});

Deno.test("serviceText() lets the service write metrics into one folder more, as a group that may", () => {
  const facts = { job: jobOf(), variables: [], secrets: [] };
  assert.doesNotMatch(serviceText(facts), /metrics|ReadWritePaths|SupplementaryGroups/);
  const text = serviceText({ ...facts, metricsFolder: "/var/lib/node_exporter" });
  assert.match(text, / --metrics \/var\/lib\/node_exporter\/trawl-my-api\.v2_x\.prom$/m);
  assert.match(text, /^ReadWritePaths=\/var\/lib\/node_exporter$/m);
  assert.match(text, /^SupplementaryGroups=trawl-metrics$/m);
});

Deno.test("serviceText() asks the failed keys of the newest window again, unless the job names another number", () => {
  const execOf = (more: string) =>
    /^ExecStart=.*$/m.exec(serviceText({ job: jobOf(more), variables: [], secrets: [] }))?.[0] ?? "";
  const window = '[window]\nevery = "1d"\n';
  assert.match(execOf(window), / --retry-failed-windows 1$/);
  assert.doesNotMatch(execOf(""), /--retry-failed-windows/);
  assert.doesNotMatch(execOf(`${window}[retry]\nfailed_windows = 3\n`), /--retry-failed-windows/);
});

Deno.test("serviceText() has room for all vain starts before the service has failed", () => {
  const hoursOf = (more: string) =>
    Number(
      /^StartLimitIntervalSec=(\d+)h$/m.exec(
        serviceText({ job: jobOf(more), variables: [], secrets: [] }),
      )?.[1],
    );
  // Eight starts of 15 min each, and 15 min between them.
  assert.equal(hoursOf(""), 5);
  assert.equal(hoursOf('[retry]\noutage = "2h"\n'), 19);
});

Deno.test("timerText() catches up and spreads the starts, less where windows are short", () => {
  const day = timerText(jobOf('[window]\nevery = "1d"\nlag = "3h"\n'));
  assert.match(day, /^OnCalendar=\*-\*-\* 03:00:00 UTC$/m);
  const delayOf = (text: string) => /^RandomizedDelaySec=(.*)$/m.exec(text)?.[1];
  assert.equal(delayOf(day), "12m 51s");
  assert.match(day, /^AccuracySec=1min$/m);
  assert.match(day, /^Persistent=yes$/m);
  const short = timerText(jobOf('[window]\nevery = "10m"\n'));
  assert.equal(delayOf(short), "2m 8s");
  const presetDelays = Object.values(presets).map(({ text }) =>
    delayOf(timerText(loadJob(text, { file: "preset", env: () => "x", secret: () => "y" })))
  );
  assert.equal(new Set(presetDelays).size, presetDelays.length, String(presetDelays));
  assert.match(short, /^AccuracySec=1s$/m);
  assert.match(timerText(jobOf()), /no \[window\][^\n]*\nOnCalendar=\*-\*-\* 03:00:00 UTC$/m);
});

Deno.test(needing([analyzer], {
  name: "the units please systemd-analyze: verify is silent, the exposure is 1.5 at most",
  fn: async () => {
    const jobs = [
      jobOf('[window]\nevery = "10s"\n', "A.b_c-9"),
      ...Object.values(presets).map(({ text }) =>
        loadJob(text, { file: "preset", env: () => "x", secret: () => "y" })
      ),
    ];
    for (const job of jobs) {
      using folder = new TempFolder();
      const text = serviceText({ job, variables: ["A"], secrets: ["TOKEN"], metricsFolder: "/var/lib" });
      const service = folder.file(
        `trawl-${job.name}.service`,
        // The program has to be there.
        text.replaceAll("/usr/local/bin/trawl", "/bin/sh"),
      );
      const timer = folder.file(`trawl-${job.name}.timer`, timerText(job));
      assert.equal(await analyze("verify", "--man=no", service, timer), "");
      const report = await analyze("security", "--offline=true", "--no-pager", service);
      const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(report)?.[1]);
      assert.ok(exposure <= 1.5, report);
    }
  },
}));
