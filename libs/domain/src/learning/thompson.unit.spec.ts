import fc from "fast-check";
import { normalQuantile } from "./numeric.js";
import { drawn } from "./thompson.js";

const prediction = fc.record({
  mean: fc.double({ min: -12, max: 12, noNaN: true }),
  variance: fc.double({ min: 0, max: 10, noNaN: true }),
});

describe("a Thompson draw", () => {
  it("lies within its bounds for any uniform number", () =>
    fc.assert(
      fc.property(
        prediction,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        (about, u, lowest) => {
          const p = drawn(about, u, { lowest, highest: 0.6 });
          expect(p).toBeGreaterThanOrEqual(lowest);
          expect(p).toBeLessThanOrEqual(0.6);
          const most = drawn(about, u, { lowest: 0, highest: 1, deviations: 1 });
          const reach = Math.sqrt(about.variance);
          expect(Math.abs(Math.log(most / (1 - most)) - about.mean)).toBeLessThanOrEqual(reach + 1e-6);
        },
      ),
    ));

  it("grows with the uniform number, and is the mean at a half", () => {
    const about = { mean: -1, variance: 0.25 };
    const draws = [0, 0.1, 0.5, 0.9, 1].map((u) => drawn(about, u, { lowest: 0, highest: 1 }));
    expect(draws).toEqual([...draws].sort((a, b) => a - b));
    expect(new Set(draws).size).toBe(5);
    expect(draws[2]).toBeCloseTo(1 / (1 + Math.E), 9);
  });

  it("is the mean when exploration is switched off", () => {
    for (const u of [0, 0.3, 1])
      expect(drawn({ mean: 0, variance: 4 }, u, { lowest: 0, highest: 1, deviations: 0 })).toBe(0.5);
  });

  it.each([
    [0.5, 0],
    [0.975, 1.959963985],
    [0.001, -3.090232306],
    [1e-9, -5.997807015],
  ])("takes the normal quantile of %d as %d", (u, z) => expect(normalQuantile(u)).toBeCloseTo(z, 6));
});
