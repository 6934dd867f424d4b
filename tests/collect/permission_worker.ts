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
  try {
    await Deno.readTextFile("/etc/hostname");
    states["read"] = "done";
  } catch (error) {
    states["read"] = error instanceof Error ? error.name : "";
  }
  self.postMessage(states);
};
