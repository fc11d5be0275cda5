import fc from "fast-check";
import { ALL_PARTITIONS, fnv1a32, partitionOf, PARTITIONS } from "./index.js";

describe("FNV-1a, 32 bit", () => {
  // From the test vectors that the authors publish with the function.
  it.each([
    ["", 0x811c9dc5],
    ["a", 0xe40c292c],
    ["b", 0xe70c2de5],
    ["fo", 0x6222e842],
    ["foo", 0xa9f37ed7],
    ["foob", 0x3f5076ef],
    ["fooba", 0x39aaa18a],
    ["foobar", 0xbf9cf968],
  ])("of %j is the published value", (text, hash) => expect(fnv1a32(text)).toBe(hash));
});

describe("partitions", () => {
  it("are the hash modulo their number, always one of them", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), (customerId) => {
        expect(partitionOf(customerId)).toBe(fnv1a32(customerId) % PARTITIONS);
        expect(ALL_PARTITIONS).toContain(partitionOf(customerId));
      }),
    );
  });

  it("stay where they are: events stored under one partition must be found there for ever", () => {
    expect(PARTITIONS).toBe(16);
    expect(partitionOf("foobar")).toBe(0xbf9cf968 % 16);
    expect(ALL_PARTITIONS).toHaveLength(16);
  });

  it("share out consecutive customers", () => {
    const counts = new Map<number, number>();
    for (let i = 0; i < 6_400; i++)
      counts.set(partitionOf(`acc-${i}`), (counts.get(partitionOf(`acc-${i}`)) ?? 0) + 1);
    expect(counts.size).toBe(PARTITIONS);
    expect(Math.max(...counts.values())).toBeLessThan((2 * 6_400) / PARTITIONS);
  });
});
