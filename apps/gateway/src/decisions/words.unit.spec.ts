import type { AuditEntry, DecisionRecord } from "#contracts";
import { isoTime, timelineItem } from "../customers/readable.js";
import { decisionSummary } from "./decision-summary.js";

describe("audit entries in words", () => {
  const cases: [AuditEntry, string][] = [
    [
      { kind: "journey-entered", journey: "j", version: 2, instance: "j-1" },
      "Entered journey j (version 2).",
    ],
    [
      { kind: "journey-refused", journey: "j", version: 2, reason: "entered_before" },
      "Did not enter journey j: entered before.",
    ],
    [
      { kind: "journey-exited", journey: "j", version: 2, instance: "j-1", reason: "opted_out" },
      "Left journey j: opted out.",
    ],
    [
      {
        kind: "journey-refused",
        journey: "j",
        version: 2,
        reason: "group_occupied",
        by: "k-1",
      },
      "Did not enter journey j: group occupied (k-1 is open).",
    ],
    [
      { kind: "journey-exited", journey: "j", version: 2, instance: "j-1", reason: "displaced", by: "k" },
      "Left journey j: displaced by k.",
    ],
    [
      { kind: "journey-outranked", journey: "j", version: 2, instance: "j-1", step: "s", by: "k" },
      "In j, step s: said nothing, because k spoke in the same moment.",
    ],
    [
      { kind: "branch-started", journey: "j", version: 2, instance: "j_1_0", parent: "j-1", branch: "a" },
      "Started branch a of journey j.",
    ],
    [
      {
        kind: "branch-ended",
        journey: "j",
        version: 2,
        instance: "j_1_0",
        parent: "j-1",
        branch: "a",
        reason: "timeout",
      },
      "Ended branch a of journey j: timeout.",
    ],
    [
      {
        kind: "parallel-refused",
        journey: "j",
        version: 2,
        instance: "j-1",
        step: "s",
        reason: "too_many_open_journeys",
      },
      "In j, step s: did not start the branches (too many open journeys).",
    ],
    [
      {
        kind: "attributes-updated",
        journey: "j",
        version: 2,
        instance: "j-1",
        step: "s",
        attributes: ["a", "b"],
      },
      "In j, step s: set a, b.",
    ],
    [{ kind: "goal-reached", journey: "j", version: 2, instance: "j-1" }, "Reached the goal of journey j."],
    [
      { kind: "journey-paused", journey: "j", version: 2, instance: "j-1", reason: "hold_fraud" },
      "Paused journey j: hold fraud.",
    ],
    [
      { kind: "journey-resumed", journey: "j", version: 2, instance: "j-1", reason: "hold_fraud" },
      "Journey j goes on: no longer hold fraud.",
    ],
    [
      {
        kind: "journey-migrated",
        journey: "j",
        version: 2,
        instance: "j-1",
        from: 1,
        step: "s",
        reason: "migration",
      },
      "Moved in journey j from version 1 to 2 (migration).",
    ],
    [
      {
        kind: "decision",
        decisionId: "c.1.0",
        journey: "j",
        instance: "j-1",
        step: "s",
        answer: "act",
        action: "a",
        channel: "sms",
        reason: "best",
      },
      "In j, step s: decided for a over sms (best).",
    ],
    [
      {
        kind: "decision",
        decisionId: "c.1.0",
        journey: "j",
        instance: "j-1",
        step: "s",
        answer: "defer",
        reason: "quiet_hours",
      },
      "In j, step s: put off (quiet hours).",
    ],
    [
      {
        kind: "decision",
        decisionId: "c.1.0",
        journey: "j",
        instance: "j-1",
        step: "s",
        answer: "none",
        reason: "cap_reached",
      },
      "In j, step s: decided to say nothing (cap reached).",
    ],
    [
      {
        kind: "decision",
        decisionId: "c.1.0",
        journey: "j",
        instance: "j-1",
        step: "s",
        answer: "unavailable",
        reason: "timeout",
      },
      "In j, step s: no decision in time, so the step's fallback was taken (timeout).",
    ],
    [
      {
        kind: "command",
        commandId: "c.1.0.c",
        reservationId: "c.1.0",
        action: "a",
        purpose: "service",
        channel: "push",
        channels: ["push", "sms"],
        journey: "j",
        at: 5,
        counts: true,
        urgent: false,
      },
      "Ordered a over push.",
    ],
    [
      {
        kind: "outcome",
        commandId: "c.1.0.c",
        action: "a",
        channel: "email",
        outcome: "delivered",
        reason: "receipt",
        tried: [{ channel: "push", reason: "no_receipt" }],
      },
      "a over email: delivered (receipt), after push (no receipt).",
    ],
    [
      { kind: "profile-changed", event: "consent.changed" },
      "Consents, holds or profile changed by consent.changed.",
    ],
    [
      {
        kind: "profile-changed",
        event: "customer.registered",
        changes: [
          { what: "consent", purpose: "marketing", channel: "*", granted: false },
          { what: "hold", hold: "fraud", placed: true },
          { what: "timezone" },
        ],
      },
      "By customer.registered: consent for marketing over every channel refused, fraud hold placed, timezone changed.",
    ],
    [
      { kind: "expression-failed", where: "journey j step s", error: "no such key" },
      "An expression failed in journey j step s; it had no effect.",
    ],
  ];
  it.each(cases.map(([entry, text]) => [entry.kind, entry, text] as const))("%s", (_kind, entry, text) => {
    const item = timelineItem({
      v: 1,
      customerId: "c",
      n: 1,
      prev: "",
      hash: "h",
      at: 0,
      event: { id: "e", source: "s", type: "t", time: 0 },
      entries: [entry],
    });
    expect(item.text).toEqual([text]);
    expect(item.time).toBe("1970-01-01T00:00:00.000Z");
  });

  it("says so when nothing came of an event, and survives a time off the calendar", () => {
    expect(
      timelineItem({
        v: 1,
        customerId: "c",
        n: 1,
        prev: "",
        hash: "h",
        at: 0,
        event: { id: "e", source: "s", type: "t", time: 0 },
        entries: [],
      }).text,
    ).toHaveLength(1);
    expect(isoTime(9e15)).toBe("9000000000000000 ms");
  });
});

describe("a decision in words", () => {
  const record = (reply: DecisionRecord["reply"]): DecisionRecord => ({
    request: {
      decisionId: "c.1.0",
      customerId: "c",
      at: 0,
      moment: { id: "e", source: "s", type: "transfer.sent", time: 0, data: {} },
      context: { now: 0, attributes: {}, signals: {}, contacts: [] },
      profile: { seq: 0, consents: {}, holds: [] },
      journey: { id: "balance-leaving", version: 1, instance: "balance-leaving-1", step: "offer" },
      candidates: ["savings"],
    },
    reply,
    explanations: [{ action: "savings", stage: "policy", reason: "quiet_hours", score: 12.34567 }],
    verdicts: [
      { actions: ["savings"], channel: "push", verdict: "deferred", reason: "quiet_hours", until: 3_600_000 },
    ],
    versions: {},
  });

  it("that was put off", () => {
    expect(
      decisionSummary(
        record({ kind: "defer", decisionId: "c.1.0", until: 3_600_000, reason: "quiet_hours" }),
      ),
    ).toBe(
      "At 1970-01-01T00:00:00.000Z journey balance-leaving (version 1, step offer) asked what to do about transfer.sent, with 1 candidate. " +
        "savings left at policy, with a score of 12.3457: quiet hours. " +
        "The policy said: savings over push deferred until 1970-01-01T01:00:00.000Z (quiet hours). " +
        "Decided: wait until 1970-01-01T01:00:00.000Z; quiet hours.",
    );
  });

  it("to say nothing", () => {
    expect(decisionSummary(record({ kind: "none", decisionId: "c.1.0", reason: "cap_reached" }))).toMatch(
      /Decided: say nothing; cap reached\.$/,
    );
  });
});
