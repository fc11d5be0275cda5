import { Histogram } from "./histogram.js";
import { seededRandom } from "./workload.js";

const of = (...values: number[]): Histogram => {
  const h = new Histogram();
  for (const v of values) h.record(v);
  return h;
};

describe("the latency histogram", () => {
  it("is exact for small values", () => {
    const h = of(...Array.from({ length: 200 }, (_, i) => i + 1));
    expect([h.percentile(50), h.percentile(95), h.percentile(99), h.percentile(100)]).toEqual([
      100, 190, 198, 200,
    ]);
  });

  it("is within 1 % of the sorted values, whatever their size, and never below", () => {
    const random = seededRandom(3);
    const values = Array.from({ length: 20_000 }, () => Math.round(Math.exp(random() * 17)));
    const h = of(...values);
    const sorted = [...values].sort((a, b) => a - b);
    for (const p of [1, 10, 50, 90, 95, 99, 99.9, 100]) {
      const exact = sorted[Math.max(1, Math.ceil((p / 100) * sorted.length)) - 1]!;
      expect(h.percentile(p)).toBeGreaterThanOrEqual(exact);
      expect(h.percentile(p)).toBeLessThanOrEqual(exact * 1.01 + 1);
    }
  });

  it("gives every power of two and its neighbours a place in order", () => {
    for (let e = 7; e < 40; e++) {
      for (const v of [2 ** e - 1, 2 ** e, 2 ** e + 1]) {
        const h = of(v, 2 ** 45);
        expect(h.percentile(50)).toBeGreaterThanOrEqual(v);
        expect(h.percentile(50)).toBeLessThanOrEqual(v * 1.01 + 1);
      }
    }
  });

  it("keeps the slow ones: one in a hundred is the maximum and the last percentile", () => {
    const h = of(...Array.from({ length: 99 }, () => 1_000), 5_000_000);
    expect(h.summary()).toEqual({ count: 100, p50Ms: 1.003, p95Ms: 1.003, p99Ms: 1.003, maxMs: 5_000 });
    expect(h.percentile(100)).toBe(5_000_000);
  });

  it("answers 0 when nothing was recorded", () => expect(new Histogram().percentile(99)).toBe(0));
});
