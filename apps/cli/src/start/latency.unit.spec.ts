import fc from "fast-check";
import { Latencies } from "./latency.js";

describe("percentiles of latencies", () => {
  it("has none without values", () => expect(new Latencies().percentile(0.5)).toBeUndefined());

  it("is within 2 % (and a hundredth) of the value that the share does not exceed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1),
        (values, p) => {
          const latencies = new Latencies();
          for (const v of values) latencies.add(v);
          const sorted = [...values].sort((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(p * sorted.length)) - 1]!;
          const got = latencies.percentile(p)!;
          expect(Math.abs(got - exact)).toBeLessThanOrEqual(exact * 0.02 + 0.02);
        },
      ),
    );
  });

  it("takes a negative one as 0", () => {
    const latencies = new Latencies();
    latencies.add(-3);
    expect(latencies.percentile(1)).toBe(0);
  });
});
