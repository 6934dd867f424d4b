/**
 * A small disk of its own for a test, where the system lets one mount it.
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

/** A file system in memory. */
export class SmallDisk implements AsyncDisposable {
  readonly #folder: TempFolder;

  private constructor(folder: TempFolder) {
    this.#folder = folder;
  }

  /** Undefined where nothing can be mounted. */
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

  /** Lets nobody write on it any more, or so again. */
  async remount(mode: "ro" | "rw", megabytes: number): Promise<void> {
    const done = await call("mount", "-o", `remount,${mode},size=${megabytes}m`, this.#folder.path);
    if (!done) throw new Error(`Cannot mount "${this.#folder.path}" anew`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await call("umount", this.#folder.path);
    this.#folder[Symbol.dispose]();
  }
}

/** One of so many megabytes, in a test that does not run where there is none. */
export async function mounted(megabytes: number): Promise<SmallDisk> {
  const disk = await SmallDisk.mount(megabytes);
  if (disk === undefined) throw new Error("Cannot mount a small disk");
  return disk;
}

/** Whether small disks can be had here. */
export async function canMount(): Promise<boolean> {
  const disk = await SmallDisk.mount(1);
  await disk?.[Symbol.asyncDispose]();
  return disk !== undefined;
}
