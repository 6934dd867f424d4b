/**
 * Preloaded before `main.ts` in a tortured process (`deno run --preload`): injects what `TRAWL_TORTURE` lists, and
 * shortens the time after which a silent Worker counts as dead, which is minutes otherwise.
 *
 * @module
 */

import { runLimits } from "../../lib/limits.ts";
import { jumpClock, tearWorkers, type Torn } from "./torn.ts";

/** Milliseconds. A healthy Worker answers within two seconds on a busy machine. */
const silentMs = 6_000;

const torn: Torn = JSON.parse(Deno.env.get("TRAWL_TORTURE") ?? '{"jumps":[],"ill":[]}');

Object.assign(runLimits, { silentMs });
jumpClock(torn.jumps);
tearWorkers(torn);
