/**
 * The vocabulary of records: routes (a collector's peer with a path) and lists of communities, as JSON text, indented
 * and compact. Generated once, so that a pattern is a concatenation of a few strings. 2 MB, the same for every seed.
 *
 * @module
 */

import { Random } from "../../engine/random.ts";

/** The peer that reported an update, and the update's path. */
export interface Route {
  /** Collector and address, such as `26-185.1.8.3`. */
  readonly source: string;
  /** The field `path`, from the comma before it up to the last AS number. */
  readonly pathStart: string;
}

/** The words of one format. */
export interface Vocabulary {
  /** A choice of routes. */
  readonly routes: readonly Route[];
  /** A choice of the field `community`, each with the comma before it. */
  readonly communities: readonly string[];
  /** The end of the field `path`. */
  readonly pathEnd: string;
}

const wordCount = 1_024;
const peerCount = 300;
/** These lengths give records of 275 bytes compact and 809 indented, as at RIPEstat. */
const transitsMax = 7;
const communitiesMax = 14;

const indent = "\n                    ";
const made = new Map<boolean, Vocabulary>();

/** The indented or compact words; generated on the first call. */
export function vocabulary(pretty: boolean): Vocabulary {
  const words = made.get(pretty) ?? makeVocabulary(pretty);
  made.set(pretty, words);
  return words;
}

function makeVocabulary(pretty: boolean): Vocabulary {
  const random = new Random(0x70ca6);
  const peers = Array.from({ length: peerCount }, () => drawPeer(random));
  const [name, item, end] = pretty ? [`,${indent}`, `${indent}    `, `${indent}]`] : [",", "", "]"];
  const colon = pretty ? ": " : ":";
  const routes = Array.from({ length: wordCount }, () => {
    const { source, asn } = random.pick(peers);
    const transits = Array.from({ length: 1 + random.below(transitsMax) }, () => drawAsn(random));
    const path = [asn, ...transits].map((asn) => `${item}${asn},`).join("");
    return { source, pathStart: `${name}"path"${colon}[${path}${item}` };
  });
  const communities = Array.from({ length: wordCount }, () => {
    const items = Array.from(
      { length: random.below(communitiesMax + 1) },
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
