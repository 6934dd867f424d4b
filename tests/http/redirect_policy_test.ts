import assert from "node:assert/strict";
import fc from "fast-check";
import { ExchangeError } from "../../lib/http/exchange_error.ts";
import { forwardedHeaders, hostOf, redirectTarget } from "../../lib/http/redirect_policy.ts";
import { httpLimits } from "../../lib/limits.ts";
import { assertProperty, codePoint } from "../support/property.ts";

const reach = {
  hosts: ["api.example:443"],
  redirectHosts: ["cdn.example:443", "files.example:8443", "127.0.0.1:8080", "localhost:8081", "[::1]:8082"],
};
const base = new URL("https://api.example/a/b?q=1");

/** The target of a location, or the detail of its refusal. */
function led(location: string, from: URL = base): string {
  try {
    return redirectTarget(location, from, reach).href;
  } catch (error) {
    assert.ok(error instanceof ExchangeError && error.reason === "redirect", String(error));
    return `! ${error.detail}`;
  }
}

const allowed: readonly (readonly [string, string])[] = [
  ["/x", "https://api.example/x"],
  ["c", "https://api.example/a/c"],
  ["?q=2", "https://api.example/a/b?q=2"],
  ["", "https://api.example/a/b?q=1"],
  ["https://api.example:443/x", "https://api.example/x"],
  ["HTTPS://API.EXAMPLE/x", "https://api.example/x"],
  ["//cdn.example/x", "https://cdn.example/x"],
  ["https://ＣＤＮ．example/x", "https://cdn.example/x"],
  ["https://files.example:8443/", "https://files.example:8443/"],
  ["https://127.0.0.1:8080/", "https://127.0.0.1:8080/"],
];

const refused: readonly (readonly [string, string])[] = [
  ["https://evil.example/secret?token=1", "to https://evil.example:443"],
  ["//evil.example/x", "to https://evil.example:443"],
  ["\\\\evil.example\\x", "to https://evil.example:443"],
  ["https://api.example@evil.example/", "to https://evil.example:443"],
  ["https://api.example.evil.example/", "to https://api.example.evil.example:443"],
  ["https://api.example./", "to https://api.example.:443"],
  ["https://sub.cdn.example/", "to https://sub.cdn.example:443"],
  ["https://cdn.example:444/", "to https://cdn.example:444"],
  // No downgrade from https to http.
  ["http://api.example/", "to http://api.example:80"],
  ["http://api.example:443/", "to http://api.example:443"],
  ["http://cdn.example:443/", "to http://cdn.example:443"],
  ["http://127.0.0.1:8080/", "to http://127.0.0.1:8080"],
  // This machine and its network, in every notation.
  ["https://127.0.0.1/", "to https://127.0.0.1:443"],
  ["https://127.1/", "to https://127.0.0.1:443"],
  ["https://0x7f000001/", "to https://127.0.0.1:443"],
  ["https://2130706433/", "to https://127.0.0.1:443"],
  ["https://0177.0.0.1/", "to https://127.0.0.1:443"],
  ["https://①②⑦.⓪.⓪.①/", "to https://127.0.0.1:443"],
  ["https://[::ffff:127.0.0.1]/", "to https://[::ffff:7f00:1]:443"],
  ["https://[::1]/", "to https://[::1]:443"],
  ["https://0.0.0.0/", "to https://0.0.0.0:443"],
  ["https://localhost/", "to https://localhost:443"],
  ["https://localhost./", "to https://localhost.:443"],
  ["https://169.254.169.254/latest/meta-data", "to https://169.254.169.254:443"],
  ["ftp://api.example/", "to no http or https URL"],
  ["file:///etc/passwd", "to no http or https URL"],
  ["data:application/json,[]", "to no http or https URL"],
  ["javascript:0", "to no http or https URL"],
  ["https://[", "to no http or https URL"],
  ["https://", "to no http or https URL"],
];

for (const [location, expected] of allowed) {
  Deno.test(`redirectTarget() follows ${JSON.stringify(location)}`, () =>
    assert.equal(led(location), expected));
}

for (const [location, expected] of refused) {
  Deno.test(`redirectTarget() does not follow ${JSON.stringify(location)}`, () =>
    assert.equal(led(location), `! ${expected}`));
}

Deno.test("redirectTarget() follows from http to https, to another port, and to listed addresses", () => {
  const open = new URL("http://api.example:8000/a");
  const hosts = { hosts: ["api.example:8000"], redirectHosts: [...reach.redirectHosts, "api.example:443"] };
  const places = [
    "/b",
    "https://api.example/a",
    "http://127.0.0.1:8080/a",
    "http://localhost:8081/a",
    "http://[::1]:8082/a",
    "http://0x7f.1:8080/a",
  ];
  for (const place of places) {
    assert.equal(redirectTarget(place, open, hosts).protocol, new URL(place, open).protocol);
  }
  // DNS may move a name at any time, and http has no certificate.
  for (const place of ["https://api.example:8000/a", "http://cdn.example:443/a"]) {
    assert.throws(() => redirectTarget(place, open, hosts), { reason: "redirect" });
  }
});

Deno.test("redirectTarget() stays within the given hosts for any location", () => {
  const piece = fc.constantFrom(
    ...[
      "https:",
      "http:",
      "/",
      "//",
      "\\",
      "@",
      "evil.example",
      "api.example",
      ":443",
      "?",
      "#",
      ".",
      "%2f",
      " ",
    ],
  );
  // As fc.webUrl(), but without its slow first use.
  const unit = fc.oneof(
    { weight: 10, arbitrary: fc.constantFrom(..."abcxyzABCXYZ019-._~!$&'()*+,;=:@") },
    { weight: 1, arbitrary: codePoint.map(encodeURIComponent) },
  );
  const url = fc.tuple(fc.constantFrom("http", "https"), fc.webAuthority(), fc.array(fc.string({ unit })))
    .map(([scheme, authority, path]) => [`${scheme}://${authority}`, ...path].join("/"));
  const location = fc.oneof(url, fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join("")));
  assertProperty(fc.property(location, (text) => {
    const target = led(text);
    if (target.startsWith("! ")) return;
    const { protocol } = new URL(target);
    assert.ok([...reach.hosts, ...reach.redirectHosts].includes(hostOf(new URL(target))), target);
    assert.equal(protocol, "https:");
  }));
});

Deno.test("redirectTarget() refuses a URL longer than `httpLimits.locationCharsMax`", () => {
  const text = "/".padEnd(httpLimits.locationCharsMax, "x");
  assert.equal(led(text), `https://api.example${text}`);
  assert.equal(led(`${text}x`), `! a URL of ${httpLimits.locationCharsMax + 1} characters`);
});

Deno.test("forwardedHeaders() drops credentials for another origin", () => {
  const headers = {
    Authorization: "Bearer x",
    cookie: "a=b",
    "Proxy-Authorization": "Basic x",
    "x-api-key": "x",
    Accept: "application/json",
    "User-Agent": "me",
  };
  const along = (to: string) => forwardedHeaders(headers, { from: base, to: new URL(to) });
  assert.deepEqual(along("https://api.example/other"), headers);
  const sanitize = { Accept: "application/json", "User-Agent": "me" };
  for (const to of ["https://cdn.example/", "https://api.example:444/", "http://api.example/"]) {
    assert.deepEqual(along(to), sanitize, to);
  }
});
