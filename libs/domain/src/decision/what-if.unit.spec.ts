import fc from "fast-check";
import {
  CHANNELS,
  HOLDS,
  NO_CONTROLS,
  policyPackV1,
  type Controls,
  type DecisionRequest,
  type HoldKind,
  type PolicyPackDefinition,
} from "#contracts";
import type { CountedContact } from "../policy/index.js";
import { aCatalogue, anAction, aRequest, simpleExpressions } from "./given-decision.js";
import { conclude } from "./conclude.js";
import { evaluateRequest, rank } from "./funnel.js";
import { evaluate } from "../policy/index.js";
import type { Catalogue } from "./catalogue.js";
import { followsFromFacts, recompute, whatIfs, type DecisionFacts, type WhatIf } from "./what-if.js";

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
  const ranking = rank(request, using, simpleExpressions);
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
    expect(said(found(all, "score", { action: "small" }))).toBe("small push,sms");
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

  it("is computed: each claim is what the same functions decide with that fact (property, I9)", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...CHANNELS.map((c) => `marketing.${c}`)), fc.boolean()),
        fc.uniqueArray(fc.constantFrom(...HOLDS), { maxLength: 2 }),
        fc.array(
          fc.record({
            at: fc.integer({ min: NOON - 48 * HOUR, max: NOON }),
            purpose: fc.constant("marketing" as const),
            journey: fc.constant("x"),
            channels: fc.constant(["push" as const]),
          }),
          { maxLength: 2 },
        ),
        fc.integer({ min: 0, max: 23 }),
        (consents, holds, contacts, hour) => {
          const given = facts({ consents, holds, contacts, request: { at: NOON + hour * HOUR } });
          expect(followsFromFacts(given)).toBe(true);
          for (const { fact, reply, changes } of whatIfs(given)) {
            expect(recompute(given, fact).reply).toEqual(reply);
            if (given.record.reply.kind !== reply.kind) expect(changes).toBe(true);
            // Lifting what is in the way never takes a word from the customer that was permitted without it.
            if (fact.kind === "cap" && given.record.reply.kind === "act") expect(reply.kind).toBe("act");
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
