/**
 * Warms a Worker up while it waits for its batch: has the engine compile, and the platform load, what a first request
 * needs. Asks no server, and touches no shared numbers.
 *
 * @module
 */

import type { Client } from "../http/client.ts";
import { nowUs } from "../pace/clock.ts";
import { SharedState } from "../pace/shared_state.ts";
import { HeadFeedback } from "./head_feedback.ts";
import { RateLimiter } from "./rate_limiter.ts";
import { RequestPool } from "./request_pool.ts";

const request = { method: "GET", url: "data:application/json,[]", headers: {} } as const;

/**
 * Sends three requests to a `data:` URL through a pool and a limiter. Without it, the first request starts 11 ms late,
 * leaves 7 ms later still, and meets the second one on the wire: with 16 in flight and batches of 128, slots were used
 * 96 % of the time instead of 98 %.
 */
export async function rehearse(client: Client): Promise<void> {
  const shared = new SharedState(SharedState.create(1, [{ count: 1_000, perMs: 1_000 }], nowUs()));
  const heads = new HeadFeedback(shared, { isTuning: true });
  const pool = new RequestPool({
    source: [1, 2, 3].values(),
    limiter: new RateLimiter(shared, 0),
    work: async () => {
      const answer = await client.send(request);
      heads.read(answer, 0);
      await answer.small();
      return undefined;
    },
    drained: () => {},
  });
  await pool.run();
}
