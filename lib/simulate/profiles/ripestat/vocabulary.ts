/**
 * The words that records are made of: routes (a collector's peer with a path) and lists of communities, as JSON text
 * in both scripts. Made once, so that the patterns of an ASN are a few strings put together. Some 2 MB in memory, the
 * same for every seed.
 *
 * @module
 */

import { Random } from "../../engine/random.ts";

/** The peer that an update was heard from, and the path it came by. */
export interface Route {
  /** Such as `26-185.1.8.3`. */
  readonly source: string;
  /** The field `path`, with the comma before it, up to where the last AS number stands. */
  readonly pathStart: string;
}

/** Everything that is written in one script. */
export interface Vocabulary {
  /** Some, to pick from. */
  readonly routes: readonly Route[];
  /** The field `community` with the comma before it; some, to pick from. */
  readonly communities: readonly string[];
  /** What closes the field `path`. */
  readonly pathEnd: string;
}

const WORDS = 1_024;
const PEERS = 300;
/** With these lengths a record has some 275 bytes compact and 809 pretty, as RIPEstat's. */
const TRANSITS_MAX = 7;
const COMMUNITIES_MAX = 14;

const INDENT = "\n                    ";
const made = new Map<boolean, Vocabulary>();

/** The words in pretty or compact script; made on the first call. */
export function vocabulary(pretty: boolean): Vocabulary {
  const words = made.get(pretty) ?? makeVocabulary(pretty);
  made.set(pretty, words);
  return words;
}

function makeVocabulary(pretty: boolean): Vocabulary {
  const random = new Random(0x70ca6);
  const peers = Array.from({ length: PEERS }, () => drawPeer(random));
  const [name, item, end] = pretty ? [`,${INDENT}`, `${INDENT}    `, `${INDENT}]`] : [",", "", "]"];
  const colon = pretty ? ": " : ":";
  const routes = Array.from({ length: WORDS }, () => {
    const { source, asn } = random.pick(peers);
    const transits = Array.from({ length: 1 + random.below(TRANSITS_MAX) }, () => drawAsn(random));
    const path = [asn, ...transits].map((asn) => `${item}${asn},`).join("");
    return { source, pathStart: `${name}"path"${colon}[${path}${item}` };
  });
  const communities = Array.from({ length: WORDS }, () => {
    const items = Array.from(
      { length: random.below(COMMUNITIES_MAX + 1) },
      () => `${item}"${drawAsn(random)}:${random.below(65_536)}"`,
    );
    return `${name}"community"${colon}[${items.join(",")}${items.length === 0 ? "]" : end}`;
  });
  return { routes, communities, pathEnd: end };
}

function drawAsn(random: Random): number {
  return 174 + random.below(60_000);
}

function drawPeer(random: Random): { readonly source: string; readonly asn: number } {
  const collector = String(random.below(27)).padStart(2, "0");
  const address = `${185 + random.below(10)}.${random.below(256)}.${random.below(256)}.${
    1 + random.below(254)
  }`;
  return { source: `${collector}-${address}`, asn: drawAsn(random) };
}
