/**
 * The servers of a question, each a process on 127.0.0.1 that ends with the question: the simulator, and nginx where
 * it is installed.
 *
 * @module
 */

import { installed, trawl } from "./programs.ts";
import { type Command, killQuietly } from "./process.ts";

/** A running server. `await using` stops it. */
export interface Served extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly url: string;
}

/** Time limit for a server to listen. */
const startMsMax = 10_000;
const startStepMs = 20;

/** The simulator. */
export async function servePractice(...flags: readonly string[]): Promise<Served> {
  const port = freePort();
  return await served(trawl("simulate", "--port", String(port), ...flags), port);
}

/** nginx with one worker that answers every request with `answer`; undefined if it is not installed. */
export async function serveStatic(answer: string, folder: string): Promise<Served | undefined> {
  return await serveNginx({ location: `location / { return 200 '${answer}'; }` }, folder);
}

/** nginx with a rate limit and a burst, which refuses other requests with 429. */
export async function serveLimited(
  { perSecond, burst }: { readonly perSecond: number; readonly burst: number },
  folder: string,
): Promise<Served | undefined> {
  return await serveNginx({
    http: `limit_req_zone $binary_remote_addr zone=all:1m rate=${perSecond}r/s;
  limit_req_status 429;`,
    // nginx applies no limit to a location with `return`, so `try_files` leads there.
    location: `location / { limit_req zone=all burst=${burst} nodelay; try_files /none @answer; }
    location @answer { return 200 '{"n":1}'; }`,
  }, folder);
}

/** Configuration of nginx: global directives and locations. */
interface NginxPurpose {
  readonly http?: string;
  readonly location: string;
}

async function serveNginx(purpose: NginxPurpose, folder: string): Promise<Served | undefined> {
  const file = `${folder}/nginx.conf`;
  const command = installed("nginx", "-p", folder, "-c", file, "-e", "stderr");
  if (command === undefined) return undefined;
  const port = freePort();
  await Deno.writeTextFile(file, nginxConfiguration(purpose, { port, folder }));
  return await served(command, port);
}

function nginxConfiguration(
  { http = "", location }: NginxPurpose,
  { port, folder }: { readonly port: number; readonly folder: string },
): string {
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 10000000;
  ${places.map((place) => `${place}_temp_path ${folder}/nginx_${place};`).join("\n  ")}
  ${http}
  server {
    listen 127.0.0.1:${port};
    default_type application/json;
    ${location}
  }
}
`;
}

/** A free port. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function served({ program, args }: Command, port: number): Promise<Served> {
  const child = new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const stop = async () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // The process has ended.
    }
    await child.status;
  };
  for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += startStepMs) {
    if (await listens(port)) return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: stop };
    await new Promise((resolve) => setTimeout(resolve, startStepMs));
  }
  killQuietly(child);
  await child.status;
  throw new Error(`Cannot ask "${program}" as it must listen within ${startMsMax / 1_000} s: it does not`);
}

async function listens(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** A server with a queue that serves a bounded number of requests at once, each within a bounded time. */
export function servePlaces(
  { places, delayMsMax }: { readonly places: number; readonly delayMsMax: number },
): Served {
  const free = new Array<number>(places).fill(0);
  let count = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async () => {
    const now = performance.now();
    const first = free.indexOf(Math.min(...free));
    // Steps of the golden ratio are spread evenly and equal in every run.
    const delayMs = delayMsMax * (++count * 0.618_033_988_75 % 1);
    const endMs = Math.max(now, free[first] ?? 0) + delayMs;
    free[first] = endMs;
    await new Promise((resolve) => setTimeout(resolve, endMs - now));
    return Response.json({ n: count });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
