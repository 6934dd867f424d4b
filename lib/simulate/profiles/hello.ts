/**
 * The profile `hello`: one answer of 70 bytes for any key, for runs of a million keys. Keeps nothing per key.
 *
 * @module
 */

import { jsonAnswer, type Profile } from "../engine/profile.ts";
import { hashText } from "../engine/random.ts";

/** The answer of `/hello/KEY`: about 70 bytes of JSON. */
export interface Hello {
  /** A greeting with the decoded key. */
  readonly message: string;
  /** 0 to 999,999,999; follows from seed and key. */
  readonly n: number;
  /** A constant. */
  readonly unit: "greetings";
}

const pathPrefix = "/hello/";

/** The correct answer for a key. */
export function helloOf(key: string, seed: number): Hello {
  return { message: `Hello, ${key}!`, n: hashText(key, seed) % 1_000_000_000, unit: "greetings" };
}

/** Makes the profile for a seed. */
export function helloProfile(seed: number): Profile {
  return {
    name: "hello",
    // The delay of the 100-million-requests study that the profile imitates.
    latency: { kind: "uniform", minMs: 0, maxMs: 3_000 },
    faultKinds: [],
    keys: [],
    match: ({ path }) => {
      if (!path.startsWith(pathPrefix)) return undefined;
      const key = decodeKey(path.slice(pathPrefix.length));
      return { key, identity: key, answer: () => jsonAnswer(200, JSON.stringify(helloOf(key, seed))) };
    },
  };
}

function decodeKey(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that starts no escape is literal.
    return text;
  }
}
