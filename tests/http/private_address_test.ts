import assert from "node:assert/strict";
import { isPrivateAddress } from "../../lib/http/private_address.ts";

/** The first and last address of each block, and public neighbours. */
const privateOnes = [
  ...["0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255"],
  ...["127.0.0.0", "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255"],
  ...["172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.1", "192.88.99.1"],
  ...["192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1"],
  ...["224.0.0.1", "239.255.255.255", "240.0.0.0", "255.255.255.255"],
  ...["127.1", "0x7f000001", "2130706433", "0177.0.0.1"],
  ...["::", "::1", "fc00::1", "fdff:ffff::1", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "ff02::1"],
  ...["100::1", "2001::1", "2001:db8::1", "3fff::1", "5f00::1", "64:ff9b:1::1", "::127.0.0.1"],
  // Addresses that embed an IPv4 address.
  ...[
    "::ffff:10.1.2.3",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:0.0.0.0",
    "64:ff9b::192.168.0.1",
  ],
  ...["2002:7f00:1::", "2002:a9fe:a9fe::1"],
];
const publicOnes = [
  ...[
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
  ],
  ...["169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255"],
  ...["192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "8.8.8.8", "193.0.6.139"],
  ...["2606:4700::1", "2001:67c:2e8::1", "2001:200::1", "2a00::1", "3ffe::1", "2002:808:808::1"],
  ...["::ffff:8.8.8.8", "64:ff9b::8.8.8.8"],
];

for (const address of privateOnes) {
  Deno.test(`isPrivateAddress() is true for ${address}`, async () =>
    assert.equal(await isPrivateAddress(address), true));
}

for (const address of publicOnes) {
  Deno.test(`isPrivateAddress() is false for ${address}`, async () =>
    assert.equal(await isPrivateAddress(address), false));
}

Deno.test("isPrivateAddress() throws for a text that is no address", async () => {
  for (const text of ["localhost", "", "example.org", "1.2.3.x", "1.2.3.4/8", ":", "::1::", "g::", "[::1]"]) {
    await assert.rejects(() => isPrivateAddress(text), TypeError, text);
  }
});
