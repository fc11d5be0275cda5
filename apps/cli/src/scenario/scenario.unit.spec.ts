import type { AuditRecord } from "#contracts";
import { style } from "../start/text.js";
import { differences } from "./differences.js";
import { customerIdIn, type Played } from "./play.js";
import { consentsOf, readScenarios, scenarioV1, type Scenario } from "./scenario-file.js";
import { scenarioLine, storyLines } from "./show.js";

const START = Date.parse("2024-03-04T09:00:00Z");
const scenario = (one: object = {}): Scenario =>
  scenarioV1.parse({
    kind: "Scenario",
    id: "test",
    title: "A test",
    description: "What is tested.",
    start: "2024-03-04T09:00:00Z",
    customers: {
      ann: {
        shows: "Something.",
        timeline: [{ at: "2d 4h", event: "card.issued", data: { cardId: "k" } }],
        expect: { commands: ["2d 4h fuel-card push delivered"], ends: ["purchase-cross-sell accepted"] },
        ...one,
      },
    },
  });

const at = (2 * 24 + 4) * 3_600_000;
const record = (entries: AuditRecord["entries"]): AuditRecord => ({
  v: 1,
  customerId: "c",
  n: 1,
  prev: "",
  hash: "",
  at: START + at,
  event: { id: "e", source: "scenario", type: "card.issued", time: START + at },
  entries,
});
const played = (more: Partial<Played> = {}): Played => ({
  name: "ann",
  customerId: "scenario-test-ann-1",
  customer: scenario().customers["ann"]!,
  commands: [{ at, action: "fuel-card", channel: "push", outcome: "delivered" }],
  ends: ["purchase-cross-sell accepted"],
  refused: [],
  silent: ["offer cap_reached"],
  wrongAnswers: [],
  records: [],
  ...more,
});

describe("scenarios", () => {
  it("reads what ships, one for each of the five moments", () => {
    expect([...readScenarios("scenarios").keys()]).toEqual([
      "cross-sell",
      "interception",
      "lending",
      "onboarding",
      "payment-failure",
    ]);
  });

  it.each([
    [{ timeline: [{ at: "soon", event: "x.y" }] }, /a time after the start/],
    [{ expect: { commands: ["5d fuel-card"] } }, /<time> <action> <channel> <outcome>/],
    [{ expect: { commands: ["5d fuel-card pigeon delivered"] } }, /pigeon/],
    [{ expect: { ends: ["purchase-cross-sell"] } }, /<journey> <reason>/],
    [{ consents: "some" }, /expected one of/],
  ])("says what is wrong with %j", (one, message) => expect(() => scenario(one)).toThrow(message));

  it("puts into a customer's id what the sandbox is to do", () => {
    const one = scenario({ faults: { push: "reject", sms: "lost" } });
    expect(customerIdIn(one, "ann", "r1")).toBe("scenario-test-ann-r1__push-reject__sms-lost");
  });

  it.each([
    ["all", [true, true]],
    ["service", [true, false]],
    ["none", []],
  ] as const)("consents: %s", (kind, granted) =>
    expect(consentsOf(kind).map((c) => c.granted)).toEqual(granted),
  );
});

describe("what came, against what must come", () => {
  it("finds nothing when all came; what nobody asked about is not compared", () =>
    expect(differences(played())).toEqual([]));

  it.each<[string, Partial<Played>, RegExp]>([
    ["a command that did not come", { commands: [] }, /command 1 did not come: fuel-card push delivered/],
    [
      "one too many",
      { commands: [...played().commands, { at, action: "travel-card", channel: "sms", outcome: "failed" }] },
      /command 2 was not expected: travel-card sms failed/,
    ],
    [
      "another outcome",
      { commands: [{ at, action: "fuel-card", channel: "push", outcome: "failed" }] },
      /is fuel-card push failed, not fuel-card push delivered/,
    ],
    [
      "another time",
      { commands: [{ at: at + 3_600_000, action: "fuel-card", channel: "push", outcome: "delivered" }] },
      /60 min off its time/,
    ],
    [
      "another ending",
      { ends: ["purchase-cross-sell declined"] },
      /journeys ended: purchase-cross-sell declined/,
    ],
    ["a refusal", { refused: ["purchase-cross-sell entered_before"] }, /journeys refused/],
    ["a wrong answer", { wrongAnswers: ["t was answered nothing, not x"] }, /was answered nothing/],
  ])("tells of %s", (_what, more, message) => {
    const found = differences(played(more));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
  });
});

describe("a story", () => {
  const s = style(false);
  it("tells when it happened in the customer's time, what was heard, and what came of it", () => {
    const one = played({
      records: [record([{ kind: "journey-entered", journey: "card-onboarding", version: 1, instance: "i" }])],
    });
    const lines = storyLines(scenario(), [one], s, 80);
    expect(lines).toContain("   day 3, 14:00    card.issued");
    expect(lines).toContain("      enters card-onboarding");
    expect(lines.at(-1)).toContain("as expected: 1 command, 1 journey ended");
  });

  it("says what is not as expected, also in one line", () => {
    const one = played({ ends: [] });
    expect(storyLines(scenario(), [one], s, 80).join("\n")).toContain("not as expected");
    expect(scenarioLine(scenario(), [one], s)).toContain("journeys ended: none");
  });
});
