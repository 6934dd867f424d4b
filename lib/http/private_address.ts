/**
 * Which IP addresses are not public: those that IANA's registries of special-purpose addresses (RFC 6890, as of 2025)
 * do not call globally reachable, and multicast. An IPv6 address that embeds an IPv4 address is as public as that
 * one. Does no I/O besides loading `node:net`, which takes 30 to 40 ms of CPU, on the first call.
 *
 * @module
 */

import type { BlockList } from "node:net";

/** IPv4 blocks and their purpose. */
const privateIpv4 = [
  "0.0.0.0/8", // this network
  "10.0.0.0/8", // private
  "100.64.0.0/10", // carrier-grade NAT
  "127.0.0.0/8", // loopback
  "169.254.0.0/16", // link-local; metadata services of clouds
  "172.16.0.0/12", // private
  "192.0.0.0/24", // protocol assignments
  "192.0.2.0/24", // documentation
  "192.88.99.0/24", // 6to4 relays, deprecated
  "192.168.0.0/16", // private
  "198.18.0.0/15", // benchmarks
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, broadcast
];

/** IPv6: the global unicast block, and the prefixes that embed an IPv4 address; all else is private. */
const globalIpv6 = ["2000::/3", "::ffff:0:0/96", "64:ff9b::/96"];

/** Within `globalIpv6`. */
const privateIpv6 = [
  "2001::/23", // protocol assignments, among them Teredo
  "2001:db8::/32", // documentation
  "3fff::/20", // documentation
];

interface AddressLists {
  readonly isPrivate: BlockList;
  readonly isGlobal: BlockList;
}

let loading: Promise<AddressLists> | undefined;

/**
 * Whether an address is not public. Accepts the forms that URLs accept (`127.1`, `0x7f000001`), and a zone
 * (`fe80::1%eth0`).
 *
 * @throws {TypeError} If `address` is not an IP address.
 */
export async function isPrivateAddress(address: string): Promise<boolean> {
  const plain = plainAddress(address);
  const { isPrivate, isGlobal } = await (loading ??= load());
  if (!plain.includes(":")) return isPrivate.check(plain, "ipv4");
  return isPrivate.check(plain, "ipv6") || !isGlobal.check(plain, "ipv6");
}

async function load(): Promise<AddressLists> {
  const net = await import("node:net");
  const [isPrivate, isGlobal] = [new net.BlockList(), new net.BlockList()];
  for (const block of [...privateIpv4, ...privateIpv6, ...privateIpv4.flatMap(embeddings)]) {
    add(isPrivate, block);
  }
  for (const block of globalIpv6) add(isGlobal, block);
  return { isPrivate, isGlobal };
}

function add(list: BlockList, block: string): void {
  const [address = "", bits] = block.split("/");
  list.addSubnet(address, Number(bits), address.includes(":") ? "ipv6" : "ipv4");
}

/** The IPv6 blocks that embed an IPv4 block: mapped, NAT64 (RFC 6052) and 6to4 (RFC 3056). */
function embeddings(block: string): string[] {
  const [address = "", bits] = block.split("/");
  const hex = address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
  const groups = `${hex[0]}${hex[1]}:${hex[2]}${hex[3]}`;
  return [
    `::ffff:${groups}/${96 + Number(bits)}`,
    `64:ff9b::${groups}/${96 + Number(bits)}`,
    `2002:${groups}::/${16 + Number(bits)}`,
  ];
}

/** The address as the platform's URL parser writes it, without a zone, which names a local interface. */
function plainAddress(address: string): string {
  const isIpv6 = address.includes(":");
  const plain = address.replace(/%.*$/, "");
  const isOdd = /[^\da-fx.:]/i.test(plain);
  const hostname = isOdd ? "" : URL.parse(`http://${isIpv6 ? `[${plain}]` : plain}/`)?.hostname ?? "";
  if (!(isIpv6 ? /^\[/ : /^[\d.]+$/).test(hostname)) {
    throw new TypeError(`Cannot classify "${address}": must be an IP address`);
  }
  return isIpv6 ? hostname.slice(1, -1) : hostname;
}
