/**
 * The flags of `trawl simulate`. Texts and parsers only.
 *
 * @module
 */

import { parseRate } from "../job/parse_units.ts";
import { parseLatency } from "../simulate/engine/latency.ts";
import { parseSize } from "../simulate/profiles/ripestat/ripestat_options.ts";
import type { Flag } from "./flag.ts";
import { oneOf, text, whole } from "./flag_values.ts";

/** The flags of the practice API, by their use in the code. */
export const simulateFlags = {
  profile: {
    name: "profile",
    value: "NAME",
    completion: ["ripestat", "hello"],
    default: "ripestat",
    help: "API to imitate: ripestat or hello",
    more: "ripestat serves ris-asns, bgp-updates and bgp-update-activity; hello serves /hello/KEY.",
    examples: ["hello"],
    parse: oneOf("ripestat", "hello"),
  },
  port: {
    name: "port",
    value: "N",
    default: "any free port",
    help: "TCP port on 127.0.0.1",
    more: "0 to 65535; 0 takes a free one. The address is printed on standard output.",
    examples: ["8080"],
    parse: whole({ min: 0, max: 65_535 }),
  },
  seed: {
    name: "seed",
    value: "N",
    default: "1",
    help: "seed of all answers",
    more: "0 to 4294967295. The same seed always gives the same answers.",
    examples: ["7"],
    parse: whole({ min: 0, max: 2 ** 32 - 1 }),
  },
  asns: {
    name: "asns",
    value: "N",
    default: "2000",
    help: "length of the ASN list",
    more: "1 to 100000, for the profile ripestat.",
    examples: ["300"],
    parse: whole({ min: 1 }),
  },
  size: {
    name: "size",
    value: "KEY=SIZE",
    isList: true,
    help: "size of one ASN's answer; repeatable",
    more: "SIZE is a number of updates, or about as many bytes with KiB, MiB or GiB.",
    examples: ["3333=100000", "3333=1GiB"],
    parse: parseSize,
  },
  delay: {
    name: "delay",
    value: "MS",
    default: "0; for hello 0..3000",
    help: "pause before an answer, in milliseconds",
    more:
      "80 is fixed, 0..3000 uniform, ~80 exponential with that mean; at most an hour. 0..3000 is the delay of " +
      "the study of 100 million requests.",
    examples: ["0..80"],
    parse: parseLatency,
  },
  envelope: {
    name: "envelope",
    value: "FORM",
    completion: ["a", "b", "mixed"],
    default: "mixed",
    help: "form of RIPEstat's JSON: a, b or mixed",
    more: "a is indented; b has no white space and another order of fields; mixed chooses by key.",
    examples: ["a"],
    parse: oneOf("a", "b", "mixed"),
  },
  pieces: {
    name: "pieces",
    value: "BYTES",
    help: "send bodies in pieces of this size",
    more: "1 to 65536. Each piece is one write and one chunk.",
    examples: ["1"],
    parse: whole({ min: 1 }),
  },
  fault: {
    name: "fault",
    value: "RULE",
    isList: true,
    help: "inject a fault; repeatable",
    more:
      "RULE is a fault and its conditions, separated by spaces. Faults: status=CODE, reset, reset-body, cut, " +
      "stall=MS, slow-headers=MS, malformed, html, maintenance, empty, missing, wrong-count, gzip, bad-gzip, " +
      "redirect, truncate-json. Conditions: p=SHARE, attempts=N (the first N of a key), keys=A,B, after=S and " +
      "for=S (seconds since the first request).",
    examples: ["status=503 p=0.1 retry-after=2"],
    // Its parser loads all profiles, which would slow down each start of trawl.
    parse: text,
  },
  allow: {
    name: "allow",
    value: "N/UNIT",
    default: "no limit",
    help: "answer 429 beyond this rate",
    more: "N/s, N/min, N/h or N/day, with a Retry-After field.",
    examples: ["100/s"],
    parse: (text: string) => parseRate(text),
  },
  truth: {
    name: "truth",
    value: "KEY",
    help: "print the rows a perfect client stores for KEY",
    more: "One JSON array a row, for the window of --window (default: yesterday). Serves nothing.",
    examples: ["3333"],
    parse: text,
  },
} as const satisfies Record<string, Flag>;
