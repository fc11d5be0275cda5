import { journeyV1, LIMITS } from "#contracts";
import { createExpressions } from "#definitions";
import { Journeys } from "#domain";
import { CustomerScript } from "#testing";

const script = (set: Record<string, string>): CustomerScript =>
  new CustomerScript(
    new Journeys(
      [
        journeyV1.parse({
          kind: "Journey",
          id: "points",
          version: 1,
          description: "test",
          purpose: "service",
          trigger: { event: "purchase.made" },
          entry: { rule: "after-exit" },
          steps: [
            { id: "count", type: "update", set, next: "enough" },
            {
              id: "enough",
              type: "branch",
              cases: [
                { when: "has(context.attributes.points) && context.attributes.points >= 20", goto: "yes" },
              ],
              otherwise: "no",
            },
            { id: "yes", type: "exit", reason: "yes" },
            { id: "no", type: "exit", reason: "no" },
          ],
        }),
      ],
      createExpressions(),
    ),
  );

describe("an update step", () => {
  it("sets attributes that later steps and journeys see, and the audit names them", () => {
    const c = script({ points: "has(context.attributes.points) ? context.attributes.points + 10 : 10" });
    c.event("purchase.made").event("purchase.made");
    expect(c.context.attributes).toEqual({ points: 20 });
    expect(c.exits).toEqual(["no", "yes"]);
    expect(c.entries).toContainEqual({
      kind: "attributes-updated",
      journey: "points",
      version: 1,
      instance: "points-1",
      step: "count",
      attributes: ["points"],
    });
  });

  it("keeps the kind of a value: text, number, true or false", () => {
    const c = script({ text: "'a' + 'b'", whole: "7 / 2", exact: "trigger.data.n / 2", yes: "1 < 2" });
    c.event("purchase.made", { n: 7 });
    expect(c.context.attributes).toEqual({ text: "ab", whole: 3, exact: 3.5, yes: true });
  });

  it("lets all expressions see what was there before", () => {
    const c = script({ points: "trigger.data.n", before: "context.attributes.points" });
    c.event("purchase.made", { n: 1, attributes: { points: 5 } });
    expect(c.context.attributes).toEqual({ points: 1, before: 5 });
  });

  it("leaves alone what cannot be computed or kept, says so, and goes on", () => {
    const c = script({
      missing: "trigger.data.nothing",
      list: "trigger.data.list",
      infinite: "trigger.data.n / 0",
      long: "trigger.data.text",
      fine: "true",
    });
    c.event("purchase.made", { list: [1], n: 1, text: "x".repeat(LIMITS.attributeChars + 1) });
    expect(c.context.attributes).toEqual({ fine: true });
    const failed = c.entries.flatMap((e) => (e.kind === "expression-failed" ? [e.where] : []));
    expect(failed).toEqual(["missing", "list", "infinite", "long"].map((n) => `points@1/count/set/${n}`));
    expect(c.exits).toEqual(["no"]);
  });

  it("adds none beyond the limit of attributes", () => {
    const attributes = Object.fromEntries(Array.from({ length: LIMITS.attributes }, (_, i) => [`a${i}`, i]));
    const c = script({ a0: "99", more: "1" }).event("purchase.made", { attributes });
    expect(Object.keys(c.context.attributes)).toHaveLength(LIMITS.attributes);
    expect(c.context.attributes).toMatchObject({ a0: 99 });
    expect(c.entries).toContainEqual(expect.objectContaining({ where: "points@1/count/set/more" }));
  });
});
