/**
 * Which IP addresses are of this machine, its network, or for a special purpose: those that IANA's registries of
 * special-purpose addresses (RFC 6890, as of 2025) do not call globally reachable, and multicast. Pure.
 *
 * @module
 */

/** IPv4 blocks, with what they are for. */
const blocks4 = [
  "0.0.0.0/8", // this network
  "10.0.0.0/8", // private
  "100.64.0.0/10", // shared behind a carrier's address translation
  "127.0.0.0/8", // loopback
  "169.254.0.0/16", // link-local: also the metadata service of clouds
  "172.16.0.0/12", // private
  "192.0.0.0/24", // protocol assignments
  "192.0.2.0/24", // documentation
  "192.88.99.0/24", // 6to4 relays, deprecated
  "192.168.0.0/16", // private
  "198.18.0.0/15", // benchmarks
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, and broadcast
].map(blockOf);

/** IPv6: what is outside of the global unicast block, and these within it. */
const global6 = blockOf("2000::/3");
const blocks6 = [
  "2001::/23", // protocol assignments, Teredo among them
  "2001:db8::/32", // documentation
  "3fff::/20", // documentation
].map(blockOf);

/** IPv6 blocks whose addresses lead to the IPv4 address that begins at this byte. */
const embedded = ([
  ["::ffff:0:0/96", 12],
  ["64:ff9b::/96", 12],
  ["2002::/16", 2],
] as const).map(([block, at]) => ({ block: blockOf(block), at }));

/** The leading bits that all addresses of a block have. */
interface Block {
  readonly bytes: readonly number[];
  readonly bits: number;
}

/**
 * Whether an address is none of the internet's.
 *
 * @throws {TypeError} If it is no IP address.
 */
export function isPrivateAddress(address: string): boolean {
  const bytes = bytesOf(address);
  if (bytes.length === 4) return blocks4.some((block) => isWithin(bytes, block));
  const inner = embedded.find(({ block }) => isWithin(bytes, block));
  if (inner !== undefined) {
    const bytes4 = bytes.slice(inner.at, inner.at + 4);
    return blocks4.some((block) => isWithin(bytes4, block));
  }
  return !isWithin(bytes, global6) || blocks6.some((block) => isWithin(bytes, block));
}

function isWithin(bytes: readonly number[], { bytes: prefix, bits }: Block): boolean {
  const whole = bits >> 3;
  const mask = 0xff00 >> (bits & 7) & 0xff;
  const isSame = (index: number) => bytes[index] === prefix[index];
  return prefix.slice(0, whole).every((_, index) => isSame(index)) &&
    ((bytes[whole] ?? 0) & mask) === ((prefix[whole] ?? 0) & mask);
}

function blockOf(text: string): Block {
  const [address = "", bits] = text.split("/");
  return { bytes: bytesOf(address), bits: Number(bits) };
}

/** 4 or 16 bytes. The platform's parser of URLs writes every address in one way. */
function bytesOf(address: string): number[] {
  const isV6 = address.includes(":");
  // A zone names an interface of this machine's, and is no part of the address.
  const plain = address.replace(/%.*$/, "");
  const isOdd = /[^\da-fx.:]/i.test(plain);
  const hostname = isOdd ? "" : URL.parse(`http://${isV6 ? `[${plain}]` : plain}/`)?.hostname ?? "";
  if (!(isV6 ? /^\[/ : /^[\d.]+$/).test(hostname)) {
    throw new TypeError(`Cannot tell what address "${address}" is: it is none`);
  }
  if (!isV6) return hostname.split(".").map(Number);
  const [head = "", tail] = hostname.slice(1, -1).split("::");
  const groups = (text: string) => text === "" ? [] : text.split(":").map((group) => parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const zeros = Array<number>(8 - first.length - last.length).fill(0);
  return [...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 0xff]);
}
