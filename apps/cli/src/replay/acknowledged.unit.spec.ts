import fc from "fast-check";
import { Acknowledged } from "./acknowledged.js";

describe("the position behind which everything is acknowledged", () => {
  it("is the last event before the first gap, in whatever order acknowledgements come", () => {
    const order = fc
      .integer({ min: 1, max: 40 })
      .chain((n) => fc.shuffledSubarray(Array.from({ length: n }, (_, i) => i + 1)));
    fc.assert(
      fc.property(order, fc.integer({ min: 0, max: 1_000 }), (numbers, before) => {
        const acknowledged = new Acknowledged<string>(before);
        const added = new Set<number>();
        for (const n of numbers) {
          acknowledged.add(before + n, `e${n}`);
          added.add(n);
          let upTo = 0;
          while (added.has(upTo + 1)) upTo++;
          expect(acknowledged.upTo).toBe(before + upTo);
          expect(acknowledged.last).toBe(upTo === 0 ? undefined : `e${upTo}`);
        }
      }),
    );
  });
});
