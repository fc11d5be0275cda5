import fc from "fast-check";
import { NO_CONTROLS, type Controls, type JourneyRelease, type StopTarget } from "#contracts";
import { switchSends } from "./control-changes.js";
import { foldControls, foldRelease, unreleased } from "./governance-fold.js";
import {
  changeState,
  emptyRelease,
  migrate,
  propose,
  publish,
  rollback,
  type Decision,
  type Release,
} from "./release-changes.js";

const version = fc.integer({ min: 1, max: 6 });
type Wish = (release: Release, at: number) => Decision<Release>;

const wish: fc.Arbitrary<Wish> = fc.oneof(
  version.map(
    (v): Wish =>
      (r, at) =>
        propose(r, { version: v, digest: `d${v}`, by: "anna", why: "w", at }),
  ),
  fc.tuple(version, fc.constantFrom(10, 50, 100), fc.option(fc.constantFrom(0, 50), { nil: undefined })).map(
    ([v, percent, from]): Wish =>
      (r, at) =>
        publish(r, { version: v, by: "petr", at, percent, from }),
  ),
  fc.constant<Wish>((r) => rollback(r, {})),
  fc.constantFrom("paused", "resumed", "stopped").map(
    (kind): Wish =>
      (r) =>
        changeState(r, kind),
  ),
  fc
    .tuple(version, version)
    .filter(([from, to]) => from !== to)
    .map(
      ([from, to]): Wish =>
        (r) =>
          migrate(r, { from, to, steps: { a: "a" } }),
    ),
);

describe("what recorded changes made of a release", () => {
  it("is what was decided, after any wishes of any people", () => {
    let changes = 0;
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 40 }), (wishes) => {
        let decided = emptyRelease("j");
        let folded: JourneyRelease = unreleased("j");
        for (const [at, one] of wishes.entries()) {
          const decision = one(decided, at);
          if (decision.kind !== "changed") continue;
          changes++;
          decided = decision.next;
          folded = foldRelease(folded, decision.change);
          const { state, live, rolledBack, migrations } = decided;
          expect(folded).toMatchObject({ state, live, rolledBack, migrations });
        }
      }),
      { numRuns: 500 },
    );
    expect(changes).toBeGreaterThan(300);
  });

  it("is what was switched, whatever is stopped and released", () => {
    const target: fc.Arbitrary<StopTarget> = fc.oneof(
      fc.constant({ kind: "all" as const }),
      fc
        .constantFrom("sms", "push")
        .map((channel) => ({ kind: "channel" as const, channel: channel as "sms" })),
      fc.constantFrom("a", "b").map((journey) => ({ kind: "journey" as const, journey })),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(target, fc.boolean()), { maxLength: 20 }), (wishes) => {
        let decided: Controls = NO_CONTROLS;
        let folded: Controls = NO_CONTROLS;
        for (const [one, stopped] of wishes) {
          const decision = switchSends(decided, one, stopped);
          if (decision.kind !== "changed") continue;
          decided = { ...decided, ...decision.next };
          folded = foldControls(folded, decision.change);
          expect(folded).toEqual(decided);
        }
      }),
    );
  });
});
