import fc from "fast-check";
import type { GovernanceRecord } from "#contracts";
import { checkGovernanceChain, seal } from "./governance-chain.js";
import {
  changeState,
  emptyRelease,
  migrate,
  propose,
  publish,
  rollback,
  sharesAt,
  type Decision,
  type Release,
} from "./release-changes.js";

const done = (decision: Decision<Release>): Release => {
  if (decision.kind !== "changed") throw new Error(JSON.stringify(decision));
  return decision.next;
};
const proposed = (release: Release, version: number, by = "anna"): Release =>
  done(propose(release, { version, digest: `d${version}`, by, why: "test", at: 1 }));
const published = (release: Release, version: number, percent = 100, from?: number): Release =>
  done(publish(proposed(release, version), { version, by: "petr", at: 10, percent, from }));
const code = (decision: Decision<Release>): string =>
  decision.kind === "refused" ? decision.code : decision.kind;

describe("releasing a journey", () => {
  const one = published(emptyRelease("j"), 1);

  it("takes two people: who wrote a version may not approve it, however the name is written", () => {
    const release = proposed(one, 2, "Anna");
    for (const by of ["Anna", "anna", " ANNA "])
      expect(code(publish(release, { version: 2, by, at: 10, percent: 100 }))).toBe("four_eyes");
    expect(code(publish(release, { version: 2, by: "petr", at: 10, percent: 100 }))).toBe("changed");
  });

  it("does not call live what waits for its time, and says how to move it", () => {
    const later = published(one, 2, 100, 86_400_000);
    const again = { version: 2, by: "petr", at: 10, percent: 100 };
    expect(publish(later, again)).toEqual({
      kind: "unchanged",
      detail:
        "j version 2 is to be live for 100 % from 1970-01-02T00:00:00.000Z already: --from with another time moves it",
    });
    expect(sharesAt(done(publish(later, { ...again, from: 10 })), 10)[0]).toEqual({
      version: 2,
      percent: 100,
    });
  });

  it("publishes to a share first, widens it, and never narrows it", () => {
    const ten = published(one, 2, 10);
    expect(sharesAt(ten, 10)).toEqual([
      { version: 2, percent: 10 },
      { version: 1, percent: 90 },
    ]);
    const wish = { version: 2, by: "petr", at: 10 };
    expect(code(publish(ten, { ...wish, percent: 5 }))).toBe("not_wider");
    expect(code(publish(ten, { ...wish, percent: 10 }))).toBe("unchanged");
    expect(code(publish(ten, { ...wish, percent: 50, from: 99 }))).toBe("not_wider");
    const all = done(publish(ten, { ...wish, percent: 100 }));
    expect(sharesAt(all, 10)).toEqual([{ version: 2, percent: 100 }]);
  });

  it("leaves the version before in force until the new one's time has come", () => {
    const later = published(one, 2, 100, 500);
    expect(sharesAt(later, 499)).toEqual([{ version: 1, percent: 100 }]);
    expect(sharesAt(later, 500)).toEqual([{ version: 2, percent: 100 }]);
  });

  it("rolls back to the version before, notes which one, and says when there is none", () => {
    const two = published(one, 2);
    const back = done(rollback(two, {}));
    expect(back.live).toEqual(one.live);
    expect(back.rolledBack).toEqual([2]);
    expect(code(rollback(back, {}))).toBe("nothing_before");
    expect(code(rollback(two, { version: 1 }))).toBe("not_the_newest");
    // Published once more, it is no longer rolled back.
    expect(done(publish(back, { version: 2, by: "petr", at: 20, percent: 100 })).rolledBack).toEqual([]);
  });

  it("refuses to change a published version, and one that comes too late", () => {
    const three = published(one, 3);
    const again = { version: 3, digest: "other", by: "anna", why: "", at: 1 };
    expect(code(propose(three, again))).toBe("version_taken");
    expect(code(propose(three, { ...again, version: 2 }))).toBe("version_too_low");
    expect(code(propose(three, { ...again, digest: "d3" }))).toBe("unchanged");
  });

  it("lets a proposal be replaced, also by somebody else, who is then its author", () => {
    const release = done(
      propose(proposed(one, 2), { version: 2, digest: "other", by: "petr", why: "", at: 2 }),
    );
    expect(code(publish(release, { version: 2, by: "petr", at: 10, percent: 100 }))).toBe("four_eyes");
  });

  it("pauses, resumes and stops; a stopped journey is not published to", () => {
    const paused = done(changeState(one, "paused"));
    expect(code(changeState(paused, "paused"))).toBe("unchanged");
    const stopped = done(changeState(paused, "stopped"));
    expect(code(changeState(stopped, "paused"))).toBe("wrong_state");
    const wish = { version: 2, by: "petr", at: 10, percent: 100 };
    expect(code(publish(proposed(stopped, 2), wish))).toBe("wrong_state");
    expect(done(changeState(stopped, "resumed")).state).toBe("live");
  });

  it("lets no instance go round in circles of migrations, and none into what was rolled back (I10)", () => {
    const three = published(published(one, 2), 3);
    const steps = { a: "a" };
    const there = done(migrate(three, { from: 1, to: 2, steps }));
    const on = done(migrate(there, { from: 2, to: 3, steps }));
    expect(on.migrations).toHaveLength(2);
    const round = done(migrate(on, { from: 3, to: 1, steps }));
    expect(round.migrations.map((m) => [m.from, m.to])).toEqual([
      [2, 3],
      [3, 1],
    ]);
    const back = done(rollback(on, {}));
    expect(back.migrations.map((m) => [m.from, m.to])).toEqual([[1, 2]]);
    expect(code(migrate(back, { from: 1, to: 3, steps }))).toBe("wrong_state");
    expect(code(migrate(on, { from: 1, to: 9, steps }))).toBe("unknown_version");
  });

  it("never gives out more than 100 %, whatever is published, widened and rolled back", () => {
    const act = fc.record({
      what: fc.constantFrom("publish", "publish", "publish", "widen", "rollback"),
      percent: fc.integer({ min: 1, max: 100 }),
      from: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        let release = one;
        for (const { what, percent, from } of acts) {
          const newest = Math.max(...release.versions.map((v) => v.version));
          const version = what === "publish" ? newest + 1 : (release.live[0]?.version ?? 1);
          const base = what === "publish" ? proposed(release, version) : release;
          const decision =
            what === "rollback"
              ? rollback(release, {})
              : publish(base, { version, by: "petr", at: 10, percent, from });
          if (decision.kind === "changed") release = decision.next;
        }
        const versions = release.live.map((l) => l.version);
        expect(new Set(versions).size).toBe(versions.length);
        for (const now of [10, 20, 30]) {
          const given = sharesAt(release, now).reduce((sum, s) => sum + s.percent, 0);
          expect(given).toBe(100);
        }
      }),
    );
  });
});

describe("the chain of publications", () => {
  const chain: GovernanceRecord[] = [];
  for (const n of [1, 2, 3, 4])
    chain.push(
      seal("j", chain.at(-1), {
        at: n,
        by: "anna",
        why: `w${n}`,
        change: { kind: "proposed", version: n, digest: "d" },
      }),
    );
  const head = chain.at(-1);

  it("is whole as it was written, also when a record was relayed twice", () => {
    expect(checkGovernanceChain(chain, head)).toEqual([]);
    expect(checkGovernanceChain([...chain.slice(0, 2), chain[1]!, ...chain.slice(2)], head)).toEqual([]);
    expect(checkGovernanceChain([], undefined)).toEqual([]);
  });

  it.each<[string, (c: GovernanceRecord[]) => GovernanceRecord[], RegExp]>([
    ["a changed record", (c) => c.map((r) => (r.n === 2 ? { ...r, by: "eve" } : r)), /record 2 was changed/],
    ["a missing record", (c) => c.filter((r) => r.n !== 2), /record 2 is missing/],
    ["another order", (c) => [c[0]!, c[2]!, c[1]!, c[3]!], /record 2 is missing or out of order/],
    ["a cut end", (c) => c.slice(0, 3), /records 4 to 4 are missing/],
    [
      "a record that was written anew with a hash of its own",
      (c) => [
        c[0]!,
        seal("j", c[0], { at: 9, by: "eve", why: "", change: { kind: "paused" } }),
        ...c.slice(2),
      ],
      /record 3 does not follow record 2/,
    ],
  ])("shows %s", (_, tamper, expected) => {
    expect(checkGovernanceChain(tamper(chain), head).join("\n")).toMatch(expected);
  });
});
