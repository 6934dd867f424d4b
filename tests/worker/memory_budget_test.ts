import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import fc from "fast-check";
import { MemoryBudget, type MemoryShare } from "../../lib/worker/memory_budget.ts";
import { assertProperty } from "../support/property.ts";

/** Whether a wait is over, once all that can happen has happened. */
function watched(wait: Promise<void>): { readonly isOver: () => Promise<boolean> } {
  let over = false;
  void wait.then(() => over = true);
  return {
    isOver: async () => {
      await delay(0);
      return over;
    },
  };
}

Deno.test("MemoryBudget lets a share enter once its bytes fit, in the order of asking", async () => {
  const budget = new MemoryBudget(100);
  const [first, second, third] = [budget.share(), budget.share(), budget.share()];
  await first.enter(60);
  const waits = [watched(second.enter(50)), watched(third.enter(10))];
  assert.deepEqual(await Promise.all(waits.map((wait) => wait.isOver())), [false, false]);
  assert.equal(budget.isFree, false);
  first.hold(50);
  assert.deepEqual(await Promise.all(waits.map((wait) => wait.isOver())), [true, false]);
  first.hold(0);
  assert.deepEqual(await Promise.all(waits.map((wait) => wait.isOver())), [true, true]);
  assert.equal(budget.isFree, true);
});

Deno.test("MemoryBudget lets the oldest share grow beyond it, and the others wait", async () => {
  const budget = new MemoryBudget(100);
  const [oldest, other] = [budget.share(), budget.share()];
  await oldest.enter(10);
  await other.enter(10);
  other.hold(200);
  assert.deepEqual([oldest.mayGrow, other.mayGrow], [true, false]);
  await oldest.grow();
  const wait = watched(other.grow());
  assert.equal(await wait.isOver(), false);
  oldest[Symbol.dispose]();
  assert.equal(await wait.isOver(), true);
});

Deno.test("MemoryBudget lets one share in that is larger than the budget", async () => {
  const budget = new MemoryBudget(100);
  await budget.share().enter(1_000);
  assert.equal(budget.isFree, false);
});

Deno.test("MemoryBudget wakes one share at a time where each of them uses up the room", async () => {
  const budget = new MemoryBudget(100);
  const [oldest, hungry, ...others] = [1, 2, 3, 4].map(() => budget.share());
  assert.ok(oldest !== undefined && hungry !== undefined);
  for (const share of [oldest, hungry, ...others]) await share.enter(10);
  const grown: MemoryShare[] = [];
  hungry.hold(200);
  for (const share of others) {
    void share.grow().then(() => {
      grown.push(share);
      share.hold(200);
    });
  }
  hungry.hold(0);
  await delay(0);
  assert.deepEqual(grown, others.slice(0, 1));
});

const bytesMax = 100;
/** What one piece of an answer adds. */
const pieceBytesMax = 40;

Deno.test("MemoryBudget never stands still, and never holds more than two answers beyond it", async () => {
  const fetches = fc.array(fc.array(fc.nat(pieceBytesMax), { maxLength: 5 }), { maxLength: 20 });
  await assertProperty(fc.asyncProperty(fetches, async (answers) => {
    const budget = new MemoryBudget(bytesMax);
    let held = 0;
    let mostHeld = 0;
    await Promise.all(answers.map(async (pieces) => {
      using share = budget.share();
      await share.enter(1);
      held++;
      let own = 1;
      for (const piece of pieces) {
        await delay(0);
        if (!share.mayGrow) await share.grow();
        own += piece;
        held += piece;
        share.hold(own);
        mostHeld = Math.max(mostHeld, held);
      }
      held -= own;
    }));
    assert.ok(mostHeld <= bytesMax + 2 * 5 * pieceBytesMax, String(mostHeld));
    assert.equal(budget.isFree, true);
  }));
});
