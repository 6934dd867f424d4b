/**
 * Metrics of a job as gauges in the Prometheus text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Pure.
 *
 * @module
 */

import type { FailureCount, JobState, RunRecord } from "../store/records.ts";
import { coverageOf, pendingOf } from "../store/coverage.ts";

/** What the metrics are made from. Times are milliseconds since 1970. */
export interface Metrics {
  readonly job: string;
  readonly version: string;
  /** Undefined before the first run. */
  readonly state: JobState | undefined;
  /** Failures of the newest run; undefined while it is under way. */
  readonly failures: readonly FailureCount[] | undefined;
  /** The start of this process. */
  readonly startedMs: number;
  readonly nowMs: number;
  /** Exit code of this process; undefined while it runs. */
  readonly exit: number | undefined;
  readonly databaseBytes: number;
}

const runStates: readonly RunRecord["state"][] = ["running", "finished", "interrupted", "died"];

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number | undefined;
}

/** All metrics of a job. An unknown value is left out, never written as zero. */
export function metricsText(metrics: Metrics): string {
  const { job, state, failures } = metrics;
  const write = (name: string, help: string, ...samples: readonly Sample[]) => {
    const known = samples.filter(({ value }) => value !== undefined);
    if (known.length === 0) return "";
    const lines = known.map(({ labels, value }) =>
      `trawl_${name}${labelsText({ job, ...labels })} ${value}\n`
    );
    return `# HELP trawl_${name} ${help}\n# TYPE trawl_${name} gauge\n${lines.join("")}`;
  };
  const run = state?.newest;
  const { ok, empty, unchanged, failed } = run ?? {};
  const pending = run && pendingOf(run);
  const keys = Object.entries({ ok, empty, unchanged, failed, pending });
  return [
    write("info", "Version of trawl.", { labels: { version: metrics.version }, value: 1 }),
    write("running", "1 while a run is under way, else 0; stays 1 after kill -9: see update_time_seconds.", {
      value: metrics.exit === undefined ? 1 : 0,
    }),
    write(
      "run_state",
      "1 for the state of the newest run; died: its process was killed.",
      ...runStates.map((state) => ({ labels: { state }, value: run && (run.state === state ? 1 : 0) })),
    ),
    write("exit_code", "Exit code of the last start: 0 is success, 75 is resumed by the next start.", {
      value: metrics.exit,
    }),
    write("start_time_seconds", "Time of the last start.", { value: metrics.startedMs / 1_000 }),
    write("update_time_seconds", "Time of this update, every 15 s while a run is under way.", {
      value: metrics.nowMs / 1_000,
    }),
    write(
      "run_keys",
      "Keys of the newest run by verdict.",
      ...keys.map(([verdict, value]) => ({ labels: { verdict }, value })),
    ),
    write("run_coverage_ratio", "Share of the keys of the newest run that ended with an answer.", {
      value: run && coverageOf(run),
    }),
    write("run_rows", "Rows that the newest run stored or counted.", { value: run?.rows }),
    write("run_attempts", "Requests of the newest run for keys with a verdict.", { value: run?.attempts }),
    write("run_bytes", "Decoded bytes of the answers of the newest run.", { value: run?.bytes }),
    write(
      "run_failures",
      "Failed keys of the newest run by reason.",
      ...(failures ?? []).map(({ reason, count }) => ({ labels: { reason }, value: count })),
    ),
    write("finished_time_seconds", "Time at which the newest finished window was finished.", {
      value: seconds(state?.finished?.ended),
    }),
    write("finished_window_end_seconds", "End of the newest finished window.", {
      value: seconds(state?.finished?.windowEnd),
    }),
    write(
      "finished_coverage_ratio",
      "Share of the keys of the newest finished window that ended with an answer.",
      {
        value: state?.finished && coverageOf(state.finished),
      },
    ),
    write("database_bytes", "Size of the database on disk.", { value: metrics.databaseBytes }),
  ].join("");
}

function seconds(time: string | null | undefined): number | undefined {
  return time === null || time === undefined ? undefined : Date.parse(time) / 1_000;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const texts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return `{${texts.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
