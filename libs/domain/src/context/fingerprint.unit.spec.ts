import fc from "fast-check";
import { LIMITS } from "#contracts";
import { fingerprint, hasSeen, remember } from "./fingerprint.js";

describe("fingerprints of seen events (I1: a duplicate is dropped)", () => {
  it("finds each of the last events, and forgets older ones", () => {
    let seen = "";
    for (let i = 0; i < LIMITS.seen * 2; i++) seen = remember(seen, fingerprint("core", `e${i}`));
    expect(seen.length).toBe(LIMITS.seen * 10);
    for (let i = 0; i < LIMITS.seen * 2; i++)
      expect(hasSeen(seen, fingerprint("core", `e${i}`))).toBe(i >= LIMITS.seen);
  });

  it("tells source and id apart", () => {
    expect(fingerprint("a", "bc")).not.toBe(fingerprint("ab", "c"));
  });

  it("matches only whole fingerprints", () => {
    const a = fingerprint("s", "1");
    const b = fingerprint("s", "2");
    expect(hasSeen(a + b, (a + b).slice(5, 15))).toBe(false);
  });

  it("has no collision among many similar ids", () => {
    const prints = new Set<string>();
    for (let i = 0; i < 200_000; i++) prints.add(fingerprint("berka_core", `t-${i}`));
    expect(prints.size).toBe(200_000);
  });

  it("depends on its input alone", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        (s, i) => fingerprint(s, i) === fingerprint(s, i) && fingerprint(s, i).length === 10,
      ),
    );
  });
});
