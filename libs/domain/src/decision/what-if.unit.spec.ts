import fc from "fast-check";
import {
  DECISION_REASONS,
  FACTORS,
  NO_CONTROLS,
  policyPackV1,
  reasonCodeOf,
  type Controls,
  type DecisionRequest,
  type HoldKind,
  type PolicyPackDefinition,
} from "#contracts";
import type { CountedContact } from "../policy/index.js";
import { aCatalogue, anAction, aPropensity, aRequest, simpleExpressions } from "./given-decision.js";
import { conclude } from "./conclude.js";
import { evaluateRequest, rank, type Propensities } from "./funnel.js";
import { evaluate } from "../policy/index.js";
import type { Catalogue } from "./catalogue.js";
import {
  followsFromFacts,
  recompute,
  sameReply,
  whatIfs,
  type DecisionFacts,
  type WhatIf,
} from "./what-if.js";

const HOUR = 3_600_000;
/** 12:00 in UTC. */
const NOON = Date.UTC(2026, 0, 5, 12);

const pack = (rules: object[]): PolicyPackDefinition =>
  policyPackV1.parse({ kind: "PolicyPack", id: "house", version: 1, description: "", source: "", rules });
const PACKS = [
  pack([
    {
      purpose: "marketing",
      consent: "required",
      blockedBy: ["fraud", "hardship"],
      quietHours: { from: "21:00", to: "08:00" },
      caps: [{ count: 1, period: "1d" }],
    },
    { purpose: "service", consent: "not-refused" },
  ]),
];
const catalogue = aCatalogue(
  anAction("small", { value: 1, channels: ["push", "sms"] }),
  anAction("large", { value: 5, channels: ["push", "sms"] }),
  anAction("barred", { value: 9, channels: ["push"], eligibility: "no" }),
);

/** The facts of a decision as service and policy would have made it. */
function facts(given: {
  request?: Partial<DecisionRequest>;
  consents?: Record<string, boolean>;
  holds?: HoldKind[];
  contacts?: CountedContact[];
  catalogue?: Catalogue;
  controls?: Controls;
  propensities?: Propensities;
}): DecisionFacts {
  const request = aRequest({
    at: NOON,
    candidates: ["small", "large", "barred"],
    profile: {
      seq: 1,
      timezone: "UTC",
      consents: given.consents ?? { "marketing.push": true, "marketing.sms": true },
      holds: (given.holds ?? []).map((kind) => ({ kind, since: 0 })),
    },
    ...given.request,
  });
  const using = given.catalogue ?? catalogue;
  const contacts = given.contacts ?? [];
  const ranking = rank(request, using, simpleExpressions, given.propensities);
  const question = evaluateRequest(request, ranking);
  const { controls = NO_CONTROLS } = given;
  const answer =
    question && evaluate(question, { packs: PACKS, copies: [request.profile], contacts, controls });
  const record = conclude(request, ranking, using, answer && { ...answer, packs: ["house@1"] });
  return { record, catalogue: using, packs: PACKS, contacts, expressions: simpleExpressions };
}

const found = (all: readonly WhatIf[], kind: string, more: object = {}): WhatIf | undefined =>
  all.find((w) => w.fact.kind === kind && Object.entries(more).every(([k, v]) => (w.fact as never)[k] === v));
const said = (w: WhatIf | undefined): string | undefined =>
  w &&
  (w.reply.kind === "act" ? `${w.reply.action} ${w.reply.plan.map((l) => l.channel).join()}` : w.reply.kind);

describe("what would have changed a decision", () => {
  it("that was taken: the score needed, the condition to meet, a hold, a refusal, another hour", () => {
    const all = whatIfs(facts({}));
    expect(said(found(all, "value", { action: "small" }))).toBe("small push,sms");
    expect(said(found(all, "condition", { action: "barred", stage: "eligibility" }))).toBe("barred push");
    expect(said(found(all, "hold", { hold: "fraud", present: true }))).toBe("none");
    expect(said(found(all, "consent", { channel: "push", granted: false }))).toBe("large sms");
    expect(said(found(all, "not-a-candidate", { action: "large" }))).toBe("small push,sms");
    // 21:00 is nine hours away.
    expect(found(all, "time")).toMatchObject({ fact: { at: NOON + 9 * HOUR }, reply: { kind: "defer" } });
    // A hold that stops no marketing is no fact of this decision.
    expect(found(all, "hold", { hold: "complaint" })).toBeUndefined();
  });

  it("that consent stopped: each consent by itself", () => {
    const all = whatIfs(facts({ consents: { "marketing.push": false } }));
    expect(said(found(all, "consent", { channel: "push", granted: true }))).toBe("large push");
    expect(said(found(all, "consent", { channel: "sms", granted: true }))).toBe("large sms");
  });

  it("that a hold stopped: without it; with two holds neither alone is enough", () => {
    expect(said(found(whatIfs(facts({ holds: ["fraud"] })), "hold", { hold: "fraud", present: false }))).toBe(
      "large push,sms",
    );
    const two = whatIfs(facts({ holds: ["fraud", "hardship"] }));
    expect(two.filter((w) => w.fact.kind === "hold").map((w) => w.changes)).toEqual([false, false]);
  });

  it("that the kill switch stopped: had it been released", () => {
    for (const controls of [
      { ...NO_CONTROLS, all: true },
      { ...NO_CONTROLS, channels: ["push" as const, "sms" as const] },
    ]) {
      const stopped = facts({ controls });
      expect(stopped.record.reply).toMatchObject({ kind: "none", reason: "stopped" });
      expect(followsFromFacts(stopped)).toBe(true);
      expect(said(found(whatIfs(stopped), "kill-switch"))).toBe("large push,sms");
    }
  });

  it("that a quota stopped: had it had room", () => {
    const open = facts({});
    const quota = (rule: string) =>
      ["push" as const, "sms" as const].map((channel) => ({
        actions: ["large"],
        channel,
        verdict: "denied" as const,
        reason: "quota_reached" as const,
        rule,
      }));
    const request = open.record.request;
    const ranking = rank(request, catalogue, simpleExpressions);
    const question = evaluateRequest(request, ranking)!;
    const answer = evaluate(
      { ...question, options: question.options.filter((o) => o.action !== "large") },
      { packs: PACKS, copies: [request.profile], contacts: [], controls: NO_CONTROLS },
    );
    const verdicts = [...answer.verdicts, ...quota("catalogue/large/quota")];
    const record = conclude(request, ranking, catalogue, { ...answer, verdicts, packs: ["house@1"] });
    const given = { ...open, record };
    expect(record.reply).toMatchObject({ kind: "act", action: "small" });
    expect(followsFromFacts(given)).toBe(true);
    expect(said(found(whatIfs(given), "limit"))).toBe("large push,sms");
  });

  it("that a cap stopped: without it, or when it has room again", () => {
    const contacts: CountedContact[] = [
      { at: NOON - 10 * HOUR, purpose: "marketing", journey: "x", channels: ["push"] },
    ];
    const all = whatIfs(facts({ contacts }));
    expect(said(found(all, "cap", { rule: "house/marketing/caps/0" }))).toBe("large push,sms");
    expect(found(all, "time")).toMatchObject({ reply: { kind: "defer" } });
  });

  it("that quiet hours put off: at their end", () => {
    const night = facts({ request: { at: NOON + 10 * HOUR } });
    expect(night.record.reply.kind).toBe("defer");
    expect(found(whatIfs(night), "time")).toMatchObject({
      fact: { at: NOON + 20 * HOUR },
      reply: { kind: "act" },
    });
  });

  it("that lacked a time zone, or a channel", () => {
    const bare = facts({ request: { profile: { seq: 1, consents: { "marketing.push": true }, holds: [] } } });
    expect(said(found(whatIfs(bare), "timezone"))).toBe("large push");
    const used = facts({ request: { exclude: ["push", "sms"] } });
    expect(said(found(whatIfs(used), "channels"))).toBe("large push,sms");
  });

  it("claims nothing when the record does not follow from the facts", () => {
    const one = facts({});
    expect(followsFromFacts(one)).toBe(true);
    expect(
      followsFromFacts({
        ...one,
        contacts: [{ at: NOON, purpose: "marketing", journey: undefined, channels: ["push"] }],
      }),
    ).toBe(false);
  });

  it("that lost by its score: the least propensity, or value, that wins", () => {
    const even = aCatalogue(anAction("a", { value: 10 }), anAction("b", { value: 10 }));
    const request = { candidates: ["a", "b"] };
    const propensities = new Map([
      ["a", aPropensity(0.25)],
      ["b", aPropensity(0.2)],
    ]);
    const given = facts({ catalogue: even, request, propensities });
    const fact = found(whatIfs(given), "propensity", { action: "b" });
    expect(said(fact)).toBe("b push");
    // At 0.25 the draw decides, and it is the same draw whatever the propensity.
    expect([0.25, above(0.25)]).toContain(fact?.fact.kind === "propensity" && fact.fact.needed);
    expect(fact?.fact).toMatchObject({ had: 0.2 });
    const off = facts({
      catalogue: { ...even, arbitration: { off: ["propensity"] } },
      request,
      propensities,
    });
    expect(found(whatIfs(off), "propensity")).toBeUndefined();
  });

  it("that a factor tipped: had it been switched off", () => {
    const given = facts({
      catalogue: aCatalogue(anAction("a", { value: 10 }), anAction("b", { value: 9, weight: 2 })),
      request: { candidates: ["a", "b"] },
    });
    expect(said(found(whatIfs(given), "factor-off", { factor: "lever" }))).toBe("a push");
    expect(found(whatIfs(given), "factor-off", { factor: "value" })).toMatchObject({ changes: false });
  });

  it("that repetition or a control group kept from being said", () => {
    const resting = aCatalogue(anAction("a", { group: "g", restFor: "2d" }), anAction("b", { group: "g" }));
    const contact = { action: "a", channel: "push" as const, purpose: "marketing" as const };
    const context = {
      now: NOON,
      attributes: {},
      signals: {},
      contacts: [{ ...contact, at: NOON - 30 * HOUR }],
    };
    const request = { candidates: ["b"], context };
    const rested = facts({ catalogue: resting, request });
    expect(rested.record.reply).toMatchObject({ kind: "none", reason: "group_said_recently" });
    expect(said(found(whatIfs(rested), "not-said", { action: "a" }))).toBe("b push");
    // Two days after it was said, to the millisecond: at six in the morning, and until eight the night's rest goes on.
    const times = whatIfs(rested).flatMap(({ fact, reply }) =>
      fact.kind === "time" ? [[fact.at, reply.kind]] : [],
    );
    expect(times).toEqual([
      [NOON + 18 * HOUR, "defer"],
      [NOON + 20 * HOUR, "act"],
    ]);
    const alike = facts({
      catalogue: { ...resting, arbitration: { off: [], diversity: { contacts: 3, sameGroup: 1 } } },
      request: { ...request, context: { ...context, contacts: [{ ...contact, at: NOON - 90 * HOUR }] } },
    });
    expect(said(found(whatIfs(alike), "diversity"))).toBe("b push");
    const held = facts({
      catalogue: { ...resting, experiments: [{ id: "none", version: 1, control: { percent: 100 } }] },
      request: { candidates: ["b"] },
    });
    expect(said(found(whatIfs(held), "control-group", { experiment: "none" }))).toBe("b push");
  });

  const share = fc.integer({ min: 0, max: 20 }).map((n) => n / 20);
  const decisions = fc.record({
    consents: fc.dictionary(fc.constantFrom("marketing.push", "marketing.sms", "service.push"), fc.boolean()),
    holds: fc.uniqueArray(fc.constantFrom<HoldKind>("fraud", "complaint"), { maxLength: 1 }),
    contacts: fc.array(
      fc.record({
        at: fc.integer({ min: NOON - 48 * HOUR, max: NOON }),
        purpose: fc.constant("marketing" as const),
        journey: fc.constant("x"),
        channels: fc.constant(["push" as const]),
      }),
      { maxLength: 2 },
    ),
    said: fc.array(
      fc.record({ action: fc.constantFrom("a0", "a1"), hours: fc.integer({ min: 1, max: 72 }) }),
      {
        maxLength: 2,
      },
    ),
    actions: fc.array(
      fc.record({
        value: fc.integer({ min: 0, max: 9 }),
        weight: fc.constantFrom(0, 1, 1, 1.5),
        cost: fc.constantFrom(0, 0, 1),
        purpose: fc.constantFrom("marketing" as const, "marketing" as const, "service" as const),
        eligibility: fc.constantFrom("yes", "yes", "yes", "no"),
        restFor: fc.constantFrom("1d", "3d"),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    drawn: fc.dictionary(fc.constantFrom("a0", "a1", "a2"), share),
    off: fc.uniqueArray(fc.constantFrom(...FACTORS), { maxLength: 1 }),
    control: fc.constantFrom(0, 0, 50),
    ms: fc.integer({ min: 0, max: 24 * HOUR }),
  });

  it("is what is decided when the stated change is applied, and the least that is enough (property, I9)", () => {
    let thresholds = 0;
    fc.assert(
      fc.property(decisions, (d) => {
        const at = NOON + d.ms;
        const actions = d.actions.map((a, i) => anAction(`a${i}`, { ...a, channels: ["push", "sms"] }));
        const propensities = new Map(Object.entries(d.drawn).map(([id, p]) => [id, aPropensity(p)]));
        const given = facts({
          consents: d.consents,
          holds: d.holds,
          contacts: d.contacts,
          propensities,
          catalogue: {
            ...aCatalogue(...actions),
            arbitration: { off: d.off, diversity: { contacts: 3, sameAction: 1 } },
            experiments: [{ id: "control", version: 1, control: { percent: d.control } }],
          },
          request: {
            at,
            candidates: actions.map((a) => a.id),
            context: {
              now: at,
              attributes: {},
              signals: {},
              contacts: d.said.map(({ action, hours }) => ({
                action,
                channel: "push",
                purpose: "marketing",
                at: at - hours * HOUR,
              })),
            },
          },
        });
        const { reply } = given.record;
        expect(followsFromFacts(given)).toBe(true);
        // Reasons come from the closed list (docs/reason-codes.md).
        for (const { stage, reason: why } of given.record.explanations)
          expect(DECISION_REASONS[stage]).toContain(reasonCodeOf(why));
        for (const { fact, reply: then, changes } of whatIfs(given)) {
          expect(changes).toBe(!sameReply(then, reply));
          expect(recompute(given, fact).reply).toEqual(then);
          // Just below what is needed, nothing is other than it was.
          if (fact.kind === "propensity" || fact.kind === "value") {
            const short = { ...fact, needed: below(fact.needed) };
            expect(sameReply(recompute(given, short).reply, reply)).toBe(true);
            if (changes) thresholds++;
            if (changes) expect(then).toMatchObject({ kind: "act", action: fact.action });
          }
          if (fact.kind === "time") {
            const before = recompute(given, { ...fact, at: fact.at - 1 }).reply;
            expect(changes).toBe(true);
            expect(sameReply(before, then)).toBe(false);
          }
        }
      }),
      { numRuns: 250 },
    );
    expect(thresholds).toBeGreaterThan(5);
  });

  it("comes true when the least propensity is what the model draws (property)", () => {
    fc.assert(
      fc.property(share, share, fc.constantFrom(1, 1.5), (p, q, weight) => {
        const made = (drawn: number): DecisionFacts =>
          facts({
            catalogue: aCatalogue(anAction("a", { value: 3 }), anAction("b", { value: 2, weight })),
            request: { candidates: ["a", "b"] },
            propensities: new Map([
              ["a", aPropensity(p)],
              ["b", aPropensity(drawn)],
            ]),
          });
        const lost = made(q);
        const fact = whatIfs(lost).find((w) => w.fact.kind === "propensity" && w.fact.action === "b")?.fact;
        if (fact?.kind !== "propensity") return;
        expect(made(fact.needed).record.reply).toMatchObject({ action: "b" });
        expect(made(below(fact.needed)).record.reply).toMatchObject({ action: "a" });
      }),
    );
  });
});

/** The next number above, and below, a positive one. */
function above(x: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) + 1n);
  return view.getFloat64(0);
}

function below(x: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) - 1n);
  return view.getFloat64(0);
}
