/**
 * The files that values are extracted from: bare timestamps, whole updates as the simulator has them, and records
 * whose text lies mostly beyond ASCII. All hold `$.data.updates[*].timestamp`. Holds one block at a time.
 *
 * @module
 */

import { parseTarget } from "../../lib/simulate/engine/profile.ts";
import { ripestatProfile } from "../../lib/simulate/profiles/ripestat/ripestat.ts";
import { updateBytes } from "../../lib/simulate/profiles/ripestat/ripestat_options.ts";

/** A file and its content. */
export interface ExtractFile {
  readonly path: string;
  readonly title: string;
  readonly bytes: number;
  readonly timestamps: number;
}

/** `{"timestamp":1749479400},` */
const bareBytes = 25;
const firstSecond = 1_749_479_400;
const blockRecords = 4_096;
const asn = "3333";

/** Two, three and four bytes of UTF-8, some escapes, and little ASCII. */
const words = [
  "Zürich – Köln",
  "Ελληνικά",
  "Москва",
  "東京都千代田区",
  "한국어",
  "🛰️📡🌍",
  "naïve\\tcafé\\u00e9",
];

const encoder = new TextEncoder();

/** Some 4,000,000 timestamps in 100 MB, and nothing else. */
export function writeBare(path: string, bytes: number): Promise<ExtractFile> {
  const timestamps = Math.max(1, Math.round(bytes / bareBytes));
  return writeRecords({ path, title: "bare timestamps", timestamps }, (n) => bareRecord(n));
}

/** Records of some 200 bytes, three quarters of them beyond ASCII. */
export function writeBeyondAscii(path: string, bytes: number): Promise<ExtractFile> {
  const record = (n: number) =>
    `{"timestamp":${firstSecond + n},"名前":"${words[n % words.length]} ${words[(n + 3) % words.length]}",` +
    `"text":"${words.join(" · ")}"}`;
  const sample = Array.from({ length: words.length }, (_, n) => encoder.encode(`${record(n)},`).length);
  const mean = sample.reduce((sum, length) => sum + length) / sample.length;
  return writeRecords(
    { path, title: "records beyond ASCII", timestamps: Math.max(1, Math.round(bytes / mean)) },
    record,
  );
}

/** Some 300,000 updates of the simulator in 80 MB, compact. */
export async function writeUpdates(path: string, bytes: number): Promise<ExtractFile> {
  const timestamps = Math.max(1, Math.round(bytes * 0.825 / updateBytes));
  const profile = ripestatProfile({ sizes: { [asn]: timestamps }, envelope: "b" });
  // The span is closed, and midnight belongs to the next day.
  const query = `resource=AS${asn}&starttime=2026-11-20T00:00:00&endtime=2026-11-20T23:59:59`;
  const call = profile.match(parseTarget(`/data/bgp-updates/data.json?${query}&unix_timestamps=TRUE`));
  if (call === undefined) throw new TypeError("Cannot make a file: the profile must answer bgp-updates");
  const { body } = call.answer(undefined);
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  for await (const block of body.blocks()) await writeAll(file, block);
  return { path, title: "whole updates", bytes: body.length, timestamps };
}

async function writeRecords(
  { path, title, timestamps }: Omit<ExtractFile, "bytes">,
  record: (n: number) => string,
): Promise<ExtractFile> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  let bytes = await writeAll(file, encoder.encode('{"data":{"updates":['));
  for (let n = 0; n < timestamps; n += blockRecords) {
    const count = Math.min(blockRecords, timestamps - n);
    const block = Array.from({ length: count }, (_, index) => record(n + index)).join(",");
    bytes += await writeAll(file, encoder.encode(n === 0 ? block : `,${block}`));
  }
  bytes += await writeAll(file, encoder.encode("]}}"));
  return { path, title, bytes, timestamps };
}

function bareRecord(n: number): string {
  return `{"timestamp":${firstSecond + n}}`;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<number> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  return bytes.length;
}
