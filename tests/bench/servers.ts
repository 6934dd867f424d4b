/**
 * The servers that are asked, each a process of its own on 127.0.0.1 that ends with the question: the practice API,
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

/** The practice API. */
export async function servePractice(...flags: readonly string[]): Promise<Served> {
  const port = freePort();
  return await served(trawl("simulate", "--port", String(port), ...flags), port);
}

/** nginx with one worker that gives `answer` to everything; undefined where it is not installed. */
export async function serveStatic(answer: string, folder: string): Promise<Served | undefined> {
  const file = `${folder}/nginx.conf`;
  const command = installed("nginx", "-p", folder, "-c", file, "-e", "stderr");
  if (command === undefined) return undefined;
  const port = freePort();
  await Deno.writeTextFile(file, nginxConfiguration(answer, { port, folder }));
  return await served(command, port);
}

function nginxConfiguration(
  answer: string,
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
  server {
    listen 127.0.0.1:${port};
    default_type application/json;
    location / { return 200 '${answer}'; }
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
