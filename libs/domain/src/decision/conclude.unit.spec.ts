import fc from "fast-check";
import {
  CHANNELS,
  decisionRecordV1,
  type Channel,
  type DecisionRecord,
  type DecisionRequest,
  type EvaluateReply,
  type Verdict,
} from "#contracts";
import type { Catalogue } from "./catalogue.js";
import { conclude, InvalidPolicyReply } from "./conclude.js";
import { rank, type Propensities } from "./funnel.js";
import { aCatalogue, anAction, aRequest, simpleExpressions } from "./given-decision.js";
import { replayDecision } from "./replay.js";

function decide(
  request: DecisionRequest,
  catalogue: Catalogue,
  policy?: EvaluateReply,
  propensities?: Propensities,
): DecisionRecord {
  return conclude(request, rank(request, catalogue, simpleExpressions, propensities), catalogue, policy);
}

const permitted = (action: string, channel: Channel): Verdict => ({
  actions: [action],
  channel,
  verdict: "permitted",
  reason: "permitted",
});
const denied = (action: string, channel: Channel, reason: Verdict["reason"]): Verdict => ({
  actions: [action],
  channel,
  verdict: "denied",
  reason,
});
const deferred = (action: string, channel: Channel, until: number): Verdict => ({
  actions: [action],
  channel,
  verdict: "deferred",
  reason: "quiet_hours",
  until,
});

describe("what follows from the verdicts", () => {
  const three = aCatalogue(
    anAction("a", { value: 3, channels: ["push", "sms"] }),
    anAction("b", { value: 2 }),
    anAction("c", { value: 1 }),
  );
  const request = aRequest({ candidates: ["a", "b", "c"] });

  it("acts on what was reserved, and explains every candidate", () => {
    const record = decide(aRequest({ candidates: ["x", "c", "b", "a"] }), three, {
      reservationId: "c1.7.0",
      chosen: { action: "b", channels: ["push"] },
      verdicts: [
        denied("a", "push", "no_consent_record"),
        denied("a", "sms", "consent_refused"),
        permitted("b", "push"),
      ],
      packs: ["default@2", "czech@1"],
    });
    expect(record.reply).toMatchObject({
      kind: "act",
      action: "b",
      reservationId: "c1.7.0",
      reason: "best_permitted",
      validForMs: 86_400_000,
    });
    expect(record.explanations.map((e) => [e.action, e.stage, e.reason])).toEqual([
      ["a", "policy", "consent_refused"],
      ["b", "chosen", "best_permitted"],
      ["c", "arbitration", "outranked"],
      ["x", "eligibility", "not_in_catalogue"],
    ]);
    expect(record.versions).toEqual({ "catalogue/test": "3", "policy/default": "2", "policy/czech": "1" });
  });

  it("plans the permitted channels in order, with their texts filled", () => {
    const text = {
      title: "For {amountMinor|money}",
      body: "{payee}: {amountMinor|money}",
      receiptTimeout: "10m",
    };
    const action = {
      ...anAction("a"),
      treatments: (["push", "sms"] as const).map((channel) => ({ channel, ...text })),
    };
    const record = decide(aRequest(), aCatalogue(action), {
      reservationId: "c1.7.0",
      chosen: { action: "a", channels: ["sms", "push"] },
      verdicts: [permitted("a", "push"), permitted("a", "sms")],
      packs: [],
    });
    expect(record.reply).toMatchObject({
      plan: [
        { channel: "sms", title: "For CZK 1,234.56", body: ": CZK 1,234.56", receiptTimeoutMs: 600_000 },
        { channel: "push", title: "For CZK 1,234.56", body: ": CZK 1,234.56", receiptTimeoutMs: 600_000 },
      ],
    });
    expect(record.explanations[0]?.reason).toBe("only_candidate; no value for {payee} in the text");
  });

  it("defers to the earliest time when nothing is permitted", () => {
    const verdicts = [
      denied("a", "push", "consent_refused"),
      deferred("a", "sms", 900),
      deferred("b", "push", 500),
      denied("c", "push", "cap_reached"),
    ];
    const record = decide(request, three, { verdicts, packs: [] });
    expect(record.reply).toEqual({ kind: "defer", decisionId: "c1.7.0", until: 500, reason: "quiet_hours" });
  });

  it("refuses a choice that was not offered", () => {
    const packs: string[] = [];
    expect(() =>
      decide(request, three, {
        reservationId: "r",
        chosen: { action: "z", channels: ["push"] },
        verdicts: [],
        packs,
      }),
    ).toThrow(InvalidPolicyReply);
    expect(() =>
      decide(request, three, {
        reservationId: "r",
        chosen: { action: "b", channels: ["sms"] },
        verdicts: [],
        packs,
      }),
    ).toThrow(InvalidPolicyReply);
    expect(() =>
      decide(request, three, { chosen: { action: "b", channels: ["push"] }, verdicts: [], packs }),
    ).toThrow(InvalidPolicyReply);
  });

  const reasons: [Verdict["reason"][], string][] = [
    [["no_consent_record", "hold_opt_out"], "hold_opt_out"],
    [["no_consent_record", "cap_reached"], "cap_reached"],
    [["no_consent_record", "no_timezone"], "no_timezone"],
    [["policy_unavailable", "consent_refused"], "policy_unavailable"],
  ];
  it.each(reasons)("of %j tells %s", (given, expected) => {
    const channels = ["push", "sms"] as const;
    const verdicts = given.map((reason, i) => denied("a", channels[i] ?? "push", reason));
    expect(
      decide(aRequest(), aCatalogue(anAction("a", { channels })), { verdicts, packs: [] }).reply,
    ).toEqual({ kind: "none", decisionId: "c1.7.0", reason: expected });
  });

  it("asks again a minute later when the policy could judge nothing", () => {
    const verdicts = (["push", "sms"] as const).map((c) => denied("a", c, "policy_unavailable"));
    const asked = aRequest();
    expect(decide(asked, aCatalogue(anAction("a")), { verdicts, packs: [] }).reply).toEqual({
      kind: "defer",
      decisionId: "c1.7.0",
      until: asked.at + 60_000,
      reason: "policy_unavailable",
    });
  });

  it("tells the reason of the candidate that came furthest when none was asked about", () => {
    const catalogue = aCatalogue(
      anAction("a", { eligibility: "no" }),
      anAction("b", { suitability: "no" }),
      anAction("c", { applicability: "no" }),
    );
    expect(decide(request, catalogue).reply).toEqual({
      kind: "none",
      decisionId: "c1.7.0",
      reason: "not_suitable",
    });
  });
});

/** A policy that answers anything that its contract allows. */
function anyPolicyReply(
  request: DecisionRequest,
  catalogue: Catalogue,
  dice: () => number,
): EvaluateReply | undefined {
  const { ranked } = rank(request, catalogue, simpleExpressions);
  if (ranked.length === 0) return undefined;
  const verdicts: Verdict[] = [];
  for (const { action, channels } of ranked) {
    const own = channels.map((c) => {
      const n = dice() % 3;
      return n === 0
        ? permitted(action.id, c)
        : n === 1
          ? denied(action.id, c, "cap_reached")
          : deferred(action.id, c, 1_000 + dice());
    });
    verdicts.push(...own);
    const open = own.filter((v) => v.verdict === "permitted").map((v) => v.channel);
    const packs = ["default@1", "7@2"];
    if (open.length > 0)
      return {
        reservationId: request.decisionId,
        chosen: { action: action.id, channels: open },
        verdicts,
        packs,
      };
  }
  return { verdicts, packs: ["default@1"] };
}

describe("replay (I9)", () => {
  const action = fc.record({
    value: fc.double({ min: 0, max: 100, noNaN: true }),
    weight: fc.double({ min: 0, max: 3, noNaN: true }),
    eligibility: fc.constantFrom("yes", "no", "fails"),
    channels: fc.uniqueArray(fc.constantFrom(...CHANNELS), { minLength: 1 }),
    contextWeights: fc.array(
      fc.record({
        when: fc.constantFrom("yes", "no"),
        weight: fc.double({ min: 0, max: 3, noNaN: true }),
        why: fc.constant("test"),
      }),
      { maxLength: 3 },
    ),
  });
  const propensity = fc.record({
    model: fc.constant("m"),
    version: fc.nat(),
    p: fc.double({ min: 0, max: 1, noNaN: true }),
    drawn: fc.double({ min: 0, max: 1, noNaN: true }),
    top: fc.array(
      fc.record({ feature: fc.string(), effect: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
      { maxLength: 3 },
    ),
  });

  it("computes the same bytes from a record that was stored and read", () => {
    fc.assert(
      fc.property(
        fc.array(action, { minLength: 1, maxLength: 6 }),
        fc.option(fc.uniqueArray(fc.constantFrom(...CHANNELS), { minLength: 1 })),
        fc.dictionary(fc.stringMatching(/^[a-zA-Z0-9]{1,8}$/), fc.jsonValue()),
        fc.array(fc.nat(), { minLength: 1 }),
        fc.dictionary(fc.constantFrom("a0", "a1", "a2", "a3"), propensity),
        (actions, channels, data, rolls, drawn) => {
          const catalogue = aCatalogue(
            ...actions.map((a, i) => anAction(`a${i}`, { ...a, parameters: { b: i, a: data } })),
          );
          const base = aRequest({ candidates: ["unknown", ...catalogue.actions.keys()] });
          const request = { ...base, moment: { ...base.moment, data }, ...(channels ? { channels } : {}) };
          // Through JSON first: a request comes from the wire, where -0 and undefined do not exist.
          const received = JSON.parse(JSON.stringify(request)) as DecisionRequest;
          let roll = 0;
          const policy = anyPolicyReply(received, catalogue, () => rolls[roll++ % rolls.length] ?? 0);
          const propensities = new Map(Object.entries(JSON.parse(JSON.stringify(drawn)) as typeof drawn));
          const stored = JSON.stringify(decide(received, catalogue, policy, propensities));
          const read = JSON.parse(stored) as DecisionRecord;
          expect(JSON.stringify(replayDecision(read, catalogue, simpleExpressions))).toBe(stored);
          expect(JSON.stringify(decisionRecordV1.parse(read))).toBe(stored);
        },
      ),
    );
  });

  it("shows a record that was tampered with", () => {
    const catalogue = aCatalogue(anAction("a", { value: 5 }));
    const record = decide(aRequest(), catalogue, {
      reservationId: "c1.7.0",
      chosen: { action: "a", channels: ["push"] },
      verdicts: [permitted("a", "push")],
      packs: [],
    });
    const forged: DecisionRecord = {
      ...record,
      explanations: record.explanations.map((e) => ({ ...e, score: 6 })),
    };
    expect(JSON.stringify(replayDecision(forged, catalogue, simpleExpressions))).not.toBe(
      JSON.stringify(forged),
    );
  });
});
