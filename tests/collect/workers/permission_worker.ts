/**
 * A Worker that tells what it may do.
 *
 * @module
 */

declare const self: {
  postMessage(states: Readonly<Record<string, string>>): void;
  onmessage: (event: MessageEvent<readonly Deno.PermissionDescriptor[]>) => void;
};

self.onmessage = async ({ data: descriptors }) => {
  const states: Record<string, string> = {};
  for (const descriptor of descriptors) {
    const { state } = await Deno.permissions.query(descriptor);
    states[JSON.stringify(descriptor)] = state;
  }
  for (const [name, act] of Object.entries(deeds)) {
    try {
      await act();
      states[name] = "done";
    } catch (error) {
      states[name] = error instanceof Error ? error.message : "";
    }
  }
  self.postMessage(states);
};

/** What code that has gone astray might do. */
const deeds: Readonly<Record<string, () => unknown>> = {
  "reads a file": () => Deno.readTextFile("/etc/hostname"),
  "lists a folder": () => [...Deno.readDirSync("/")],
  "writes a file": () => Deno.writeTextFile("trawl-permission-test", ""),
  "reads an environment variable": () => Deno.env.get("HOME"),
  "runs a program": () => new Deno.Command("true").output(),
  "asks another port": () => fetch("http://127.0.0.1:8002/"),
  "asks another host": () => fetch("https://example.org/"),
  "asks this machine by another name": () => fetch("http://localhost:8001/"),
  "connects elsewhere": () => Deno.connect({ hostname: "127.0.0.1", port: 22 }),
  "listens": () => Deno.listen({ port: 0 }),
  "asks a name server": () => Deno.resolveDns("example.org", "A"),
  "looks at the system": () => Deno.hostname(),
  "loads code": () => import(`https://example.org/${"x"}.ts`),
  "starts a Worker with more rights": () =>
    new Worker("data:application/javascript,", { type: "module", deno: { permissions: { read: true } } })
      .terminate(),
};
