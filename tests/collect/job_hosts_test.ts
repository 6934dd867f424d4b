import assert from "node:assert/strict";
import { checkRedirectHosts } from "../../lib/collect/job_hosts.ts";
import { InterruptedError, UsageError } from "../../lib/errors.ts";
import { jobOf } from "./support.ts";

/** A job that lets redirects lead to these. */
function jobWithRedirectHosts(...redirectHosts: readonly string[]) {
  const job = jobOf("https://api.example");
  return { ...job, request: { ...job.request, redirectHosts } };
}

Deno.test("checkRedirectHosts() takes hosts of the internet, looking each name up", async () => {
  const asked: string[] = [];
  await checkRedirectHosts(
    jobWithRedirectHosts("cdn.example:443", "127.0.0.1:80", "[::1]:80", "localhost:80"),
    (name) => {
      asked.push(name);
      return Promise.resolve(["193.0.6.139", "2001:67c:2e8::1"]);
    },
  );
  // What is named as an address, or as this machine, is the user's choice.
  assert.deepEqual(asked, ["cdn.example"]);
});

Deno.test("checkRedirectHosts() refuses a name that has a private address, and says which", async () => {
  for (const address of ["10.1.2.3", "127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1"]) {
    await assert.rejects(
      checkRedirectHosts(
        jobWithRedirectHosts("cdn.example:443"),
        () => Promise.resolve(["193.0.6.139", address]),
      ),
      (error) =>
        error instanceof UsageError &&
        error.message ===
          'Cannot allow redirects to "cdn.example": request.redirect_hosts must name its private ' +
            `address too, got ${address}`,
    );
  }
});

Deno.test("checkRedirectHosts() accepts a private address that the job names", async () => {
  const job = jobWithRedirectHosts("files.internal:443", "10.1.2.3:443", "[fd00::1]:443");
  await checkRedirectHosts(job, () => Promise.resolve(["10.1.2.3", "fd00::1"]));
  await assert.rejects(checkRedirectHosts(job, () => Promise.resolve(["10.1.2.4"])), UsageError);
});

Deno.test("checkRedirectHosts() names a host that cannot be resolved", async () => {
  const lookup = () => Promise.reject(new Error("getaddrinfo ENOTFOUND"));
  await assert.rejects(checkRedirectHosts(jobWithRedirectHosts("cdn.example:443"), lookup), {
    name: InterruptedError.name,
    message:
      'Cannot resolve "cdn.example" of request.redirect_hosts: getaddrinfo ENOTFOUND; run again to retry',
  });
});

Deno.test("checkRedirectHosts() resolves names as the system does", async () => {
  // The system parses this as an address, and asks no name server.
  await assert.rejects(checkRedirectHosts(jobWithRedirectHosts("0x7f.1:443")), {
    message: /, got 127\.0\.0\.1$/,
  });
});
