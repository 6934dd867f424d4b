/**
 * The profile `hello`: one small answer for any key, for runs of a million keys. Nothing is remembered about a key.
 *
 * @module
 */

import { jsonAnswer, type Profile } from "../engine/profile.ts";
import type { Settings } from "../engine/options.ts";
import { hashText } from "../engine/random.ts";

/** What `/hello/<key>` says: some 70 bytes of JSON. */
export interface Hello {
  /** The greeting, with the key unescaped. */
  readonly message: string;
  /** 0 to 999,999,999, from seed and key. */
  readonly n: number;
  /** Always the same. */
  readonly unit: "greetings";
}

const PATH = "/hello/";

/** The true answer for a key. */
export function helloOf(key: string, seed: number): Hello {
  return { message: `Hello, ${key}!`, n: hashText(key, seed) % 1_000_000_000, unit: "greetings" };
}

/** The profile under a seed. */
export function helloProfile({ seed }: Settings): Profile {
  return ({ path }) => {
    if (!path.startsWith(PATH)) return undefined;
    const key = decodeKey(path.slice(PATH.length));
    return { key, identity: key, answer: () => jsonAnswer(200, JSON.stringify(helloOf(key, seed))) };
  };
}

function decodeKey(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that escapes nothing stands for itself.
    return text;
  }
}
