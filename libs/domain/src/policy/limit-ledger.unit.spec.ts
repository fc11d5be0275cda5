import fc from "fast-check";
import type { LimitEntry, Limits } from "#contracts";
import { LimitLedger, micros } from "./limit-ledger.js";

const HOUR = 3_600_000;

/** Takes one where there is room; answers whether there was. */
function take(ledger: LimitLedger, limits: Limits, id: string, at: number): boolean {
  if (ledger.holds(id)) return true;
  if (ledger.reached(limits, at)) return false;
  ledger.apply({ v: 1, taken: [{ id, at, cost: limits.cost }], givenBack: [] });
  return true;
}
const giveBack = (ledger: LimitLedger, id: string): void =>
  ledger.apply({ v: 1, taken: [], givenBack: [id] });

describe("the ledger of a limit", () => {
  it("has room for as many as the quota says, and for what was given back", () => {
    const ledger = new LimitLedger();
    const limits = { quota: { count: 2 }, cost: 0 };
    expect(["a", "b", "c"].map((id) => take(ledger, limits, id, 0))).toEqual([true, true, false]);
    expect(ledger.reached(limits, 0)).toBe("quota_reached");
    expect(take(ledger, limits, "a", 0)).toBe(true);
    giveBack(ledger, "b");
    giveBack(ledger, "b");
    giveBack(ledger, "nobody");
    expect(["c", "d"].map((id) => take(ledger, limits, id, 0))).toEqual([true, false]);
  });

  it("spends a budget to the last cent, and not further", () => {
    const ledger = new LimitLedger();
    const limits = { budget: { amount: 1 }, cost: 0.1 };
    const told = Array.from({ length: 11 }, (_, i) => take(ledger, limits, `c-${i}`, 0));
    expect(told).toEqual([...Array.from({ length: 10 }, () => true), false]);
    expect(ledger.reached(limits, 0)).toBe("budget_spent");
  });

  it("counts what comes late from when it came: a window is never fuller for requests out of order", () => {
    const ledger = new LimitLedger();
    const limits = { quota: { count: 1, periodMs: HOUR }, cost: 0 };
    expect(take(ledger, limits, "a", HOUR)).toBe(true);
    expect(take(ledger, limits, "b", 0)).toBe(false);
    expect(take(ledger, limits, "b", 2 * HOUR - 1)).toBe(false);
    expect(take(ledger, limits, "b", 2 * HOUR)).toBe(true);
  });

  it("never holds more than its limits in any window, whatever is taken and given back in whatever order", () => {
    const step = fc.record({
      id: fc.integer({ min: 0, max: 30 }).map((n) => `c-${n}`),
      back: fc.boolean(),
      forward: fc.integer({ min: -HOUR, max: 2 * HOUR }),
    });
    const limit = fc.record({
      count: fc.integer({ min: 1, max: 4 }),
      cost: fc.constantFrom(0, 0.3, 1),
      amount: fc.constantFrom(1, 2.1),
      periodMs: fc.constantFrom(HOUR, 3 * HOUR),
    });
    fc.assert(
      fc.property(limit, fc.array(step, { maxLength: 80 }), ({ count, cost, amount, periodMs }, steps) => {
        const limits: Limits = { quota: { count, periodMs }, budget: { amount }, cost };
        const ledger = new LimitLedger();
        const held = new Map<string, number>();
        let now = 10 * HOUR;
        let last = 0;
        for (const { id, back, forward } of steps) {
          now += forward;
          if (back) {
            giveBack(ledger, id);
            held.delete(id);
            continue;
          }
          if (take(ledger, limits, id, now) && !held.has(id)) held.set(id, (last = Math.max(last, now)));
          const inWindow = [...held.values()].filter((at) => at > last - periodMs).length;
          expect(inWindow).toBeLessThanOrEqual(count);
          expect(held.size * micros(cost)).toBeLessThanOrEqual(micros(amount));
        }
      }),
    );
  });

  it("is the same when its entries are read again", () => {
    const entries: LimitEntry[] = [
      { v: 1, taken: ["a", "b", "c"].map((id, i) => ({ id, at: i, cost: 1 })), givenBack: [] },
      { v: 1, taken: [{ id: "d", at: 9, cost: 1 }], givenBack: ["b"] },
    ];
    const [asked, fresh] = [new LimitLedger(), new LimitLedger()];
    const limits = { quota: { count: 3 }, cost: 1 };
    for (const entry of entries) {
      asked.apply(entry);
      asked.reached(limits, 9);
    }
    for (const entry of entries) fresh.apply(entry);
    expect(asked.reached(limits, 9)).toBe(fresh.reached(limits, 9));
    expect(fresh.reached({ quota: { count: 4 }, cost: 1 }, 9)).toBeUndefined();
    expect(["a", "b", "c", "d"].map((id) => fresh.holds(id))).toEqual([true, false, true, true]);
  });
});
