/**
 * A Worker that passes a limiter again and again, and counts what is inside at once.
 *
 * @module
 */

import { RateLimiter } from "../../lib/worker/rate_limiter.ts";
import { RequestPool } from "../../lib/worker/request_pool.ts";
import { type SharedMemory, SharedState } from "../../lib/pace/shared_state.ts";

/** Messages to the Worker. */
export interface GateTask {
  readonly memory: SharedMemory;
  readonly worker: number;
  readonly passes: number;
  /** Milliseconds inside. */
  readonly insideMs: number;
  /** Two integers: how many are inside now, and the most that ever were. */
  readonly inside: SharedArrayBuffer;
}

declare const self: {
  postMessage(startsMs: readonly number[]): void;
  onmessage: (event: MessageEvent<GateTask>) => void;
};

self.onmessage = async ({ data: task }) => {
  const inside = new Int32Array(task.inside);
  const startsMs: number[] = [];
  const pool = new RequestPool({
    source: Array.from({ length: task.passes }, (_, index) => index).values(),
    limiter: new RateLimiter(new SharedState(task.memory), task.worker),
    work: async () => {
      startsMs.push(performance.timeOrigin + performance.now());
      const now = Atomics.add(inside, 0, 1) + 1;
      for (;;) {
        const most = Atomics.load(inside, 1);
        if (now <= most || Atomics.compareExchange(inside, 1, most, now) === most) break;
      }
      await new Promise((resolve) => setTimeout(resolve, task.insideMs));
      Atomics.sub(inside, 0, 1);
      return undefined;
    },
    drained: () => {},
  });
  await pool.run();
  self.postMessage(startsMs);
};
