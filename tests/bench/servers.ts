/**
 * The servers that are asked, each a process of its own on 127.0.0.1 that ends with the question: the simulator,
 * and nginx where it is installed.
 *
 * @module
 */

import { installed, trawl } from "./programs.ts";
import { type Command, killQuietly } from "./process.ts";

/** A server that is up. `await using` ends it. */
export interface Served extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly url: string;
}

/** It must listen by then. */
const startMsMax = 10_000;
const startStepMs = 20;

/** The simulator. */
export async function servePractice(...flags: readonly string[]): Promise<Served> {
  const port = freePort();
  return await served(trawl("simulate", "--port", String(port), ...flags), port);
}

/** nginx with one worker that gives `answer` to everything; undefined where it is not installed. */
export async function serveStatic(answer: string, folder: string): Promise<Served | undefined> {
  return await serveNginx({ location: `location / { return 200 '${answer}'; }` }, folder);
}

/** nginx that allows so many requests a second and so many more at once, and refuses others with 429. */
export async function serveLimited(
  { perSecond, burst }: { readonly perSecond: number; readonly burst: number },
  folder: string,
): Promise<Served | undefined> {
  return await serveNginx({
    http: `limit_req_zone $binary_remote_addr zone=all:1m rate=${perSecond}r/s;
  limit_req_status 429;`,
    // An answer that nginx returns by itself passes no limit: it must be looked for first.
    location: `location / { limit_req zone=all burst=${burst} nodelay; try_files /none @answer; }
    location @answer { return 200 '{"n":1}'; }`,
  }, folder);
}

/** What a server is for: directives for all of nginx, and the locations that it answers. */
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

/** Any port that nobody listens on now. */
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
      // It has ended.
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

/** A server that works on so many requests at a time, each for 0 to so many milliseconds, behind a queue. */
export function servePlaces(
  { places, delayMsMax }: { readonly places: number; readonly delayMsMax: number },
): Served {
  const free = new Array<number>(places).fill(0);
  let count = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async () => {
    const now = performance.now();
    const first = free.indexOf(Math.min(...free));
    // Evenly spread over the range, and the same in every run: steps of the golden ratio.
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
