/**
 * The simulator's options: the engine's, the name of a profile, and the options of profiles that have some. Also the
 * table of profiles and the faults of all of them. Plain data, so that options can cross to a Worker.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { type EngineOptions, seedOf } from "./engine/engine_options.ts";
import { type EngineFault, engineFaultKinds, type ProfileFault } from "./engine/fault.ts";
import type { Profile } from "./engine/profile.ts";
import { helloProfile } from "./profiles/hello.ts";
import { ripestatFaultKinds, type RipestatOptions } from "./profiles/ripestat/ripestat_options.ts";
import { ripestatProfile } from "./profiles/ripestat/ripestat.ts";

/** Makes each profile from a seed and its own options. A new profile is one line here. */
const profiles = {
  ripestat: (seed, { ripestat }) => ripestatProfile(ripestat, { seed }),
  hello: (seed) => helloProfile(seed),
} as const satisfies Record<string, (seed: number, options: ProfileOptions) => Profile>;

/** The options of single profiles, by the profile's name. */
interface ProfileOptions {
  /** What the profile `ripestat` answers. */
  readonly ripestat?: RipestatOptions;
}

/** The name of a profile. */
export type ProfileName = keyof typeof profiles;

/** The names of all profiles. */
export const profileNames = Object.keys(profiles) as readonly ProfileName[];

/** The kinds of fault that some profile has. */
const profileFaultKinds = [...ripestatFaultKinds] as const;

/** All kinds of fault, those of profiles included. */
export const faultKinds = [...engineFaultKinds, ...profileFaultKinds] as const;

/** A fault rule. */
export type Fault = EngineFault | ProfileFault<(typeof profileFaultKinds)[number]>;

/** How the simulator behaves and what it answers. Each field has a default. */
export interface SimulateOptions extends EngineOptions, ProfileOptions {
  /** What is answered: RIPEstat's data calls, or `/hello/KEY` with 70 bytes. Default `ripestat`. */
  readonly profile?: ProfileName;
  /** Fault rules; an earlier one takes precedence. Default none. */
  readonly faults?: readonly Fault[];
}

/**
 * Makes the profile that the options name.
 *
 * @throws {UsageError} If the profile is unknown or one of its options is wrong.
 */
export function createProfile(options: SimulateOptions): Profile {
  const { profile: name = "ripestat" } = options;
  if (!Object.hasOwn(profiles, name)) {
    throw new UsageError(`Cannot use the profile "${name}": it must be one of ${profileNames.join(", ")}`);
  }
  return profiles[name](seedOf(options), options);
}
