/**
 * A small file system for one test. Mounting needs root on Linux.
 *
 * @module
 */

import { TempFolder } from "./temp.ts";

async function call(...[program = "", ...args]: readonly string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output();
    return success;
  } catch {
    return false;
  }
}

/** A tmpfs. */
export class SmallDisk implements AsyncDisposable {
  readonly #folder: TempFolder;

  private constructor(folder: TempFolder) {
    this.#folder = folder;
  }

  /** Mounts one; undefined if the system refuses. */
  static async mount(megabytes: number): Promise<SmallDisk | undefined> {
    const folder = new TempFolder();
    if (await call("mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder.path)) {
      return new SmallDisk(folder);
    }
    folder[Symbol.dispose]();
    return undefined;
  }

  file(name: string): string {
    return this.#folder.file(name);
  }

  /** Makes the file system read-only or writable, with a new size. */
  async remount(mode: "ro" | "rw", megabytes: number): Promise<void> {
    const done = await call("mount", "-o", `remount,${mode},size=${megabytes}m`, this.#folder.path);
    if (!done) throw new Error(`Cannot remount "${this.#folder.path}": mount failed`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await call("umount", this.#folder.path);
    this.#folder[Symbol.dispose]();
  }
}

/** Mounts a file system, for a test that {@linkcode canMount} guards. */
export async function mounted(megabytes: number): Promise<SmallDisk> {
  const disk = await SmallDisk.mount(megabytes);
  if (disk === undefined) throw new Error("Cannot mount a tmpfs: mount failed");
  return disk;
}

/** Whether this process may mount a file system. */
export async function canMount(): Promise<boolean> {
  const disk = await SmallDisk.mount(1);
  await disk?.[Symbol.asyncDispose]();
  return disk !== undefined;
}
