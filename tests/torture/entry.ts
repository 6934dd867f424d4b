/**
 * Runs before `main.ts` in a process that is to be tortured, by `deno run --preload`: does to it what `TRAWL_TORTURE`
 * says, and has it notice a silent Worker sooner, as a campaign has no minutes for each.
 *
 * @module
 */

import { runLimits } from "../../lib/limits.ts";
import { jumpClock, tearWorkers, type Torn } from "./torn.ts";

/** Milliseconds: a Worker that is well answers within some of them, on a busy machine within a second or two. */
const silentMs = 6_000;

const torn: Torn = JSON.parse(Deno.env.get("TRAWL_TORTURE") ?? '{"jumps":[],"ill":[]}');

Object.assign(runLimits, { silentMs });
jumpClock(torn.jumps);
tearWorkers(torn);
