/** Given parts for the tests of this folder: a customer's audit chain, in words. */
import type { AuditEntry, AuditRecord, CommandEntry, DecisionRecord, OutcomeKind } from "#contracts";

export const START = Date.parse("2026-03-02T09:00:00Z");
export const SECOND = 1_000;
export const DAY = 86_400_000;

interface Order {
  readonly journey?: string;
  readonly action?: string;
  readonly channel?: CommandEntry["channel"];
  readonly counts?: boolean;
  /** From the event to the order, ms. */
  readonly after?: number;
}

/** Writes the records of one customer; `later` moves the time on. */
export class Chain {
  readonly records: AuditRecord[] = [];
  now = START;
  #commands = 0;
  #instances = 0;

  constructor(readonly customerId = "c1") {}

  later(ms: number): this {
    this.now += ms;
    return this;
  }

  record(type: string, entries: AuditEntry[], after = 0): this {
    const n = this.records.length + 1;
    const event = { id: `e${n}`, source: "core", type, time: this.now };
    const at = this.now + after;
    this.records.push({ v: 1, customerId: this.customerId, n, prev: "", hash: `${n}`, at, event, entries });
    return this;
  }

  enters(journey: string, type = "a.a"): this {
    const instance = `${journey}-${++this.#instances}`;
    return this.record(type, [{ kind: "journey-entered", journey, version: 1, instance }]);
  }

  goal(journey: string, type = "b.b"): this {
    const instance = `${journey}-${this.#instances}`;
    return this.record(type, [{ kind: "goal-reached", journey, version: 1, instance }]);
  }

  decides(answer: "none" | "defer" | "unavailable", reason = "cap_reached", journey = "offer"): this {
    return this.record("a.a", [decision(answer, journey, reason)]);
  }

  orders(order: Order = {}): this {
    const { journey = "offer", action = "card", channel = "push", counts = true, after = 0 } = order;
    const commandId = `${this.customerId}.${++this.#commands}.0.c`;
    const entries: AuditEntry[] = [
      { ...decision("act", journey, "only_candidate"), action, channel },
      {
        kind: "command",
        commandId,
        reservationId: commandId.slice(0, -2),
        action,
        purpose: "marketing",
        channel,
        channels: [channel],
        journey,
        at: this.now + after,
        counts,
        urgent: false,
      },
    ];
    return this.record("a.a", entries, after);
  }

  /** Of the last command, or of the n-th. */
  outcome(
    outcome: OutcomeKind,
    more: {
      channel?: CommandEntry["channel"];
      tried?: { channel: CommandEntry["channel"]; reason: string }[];
      nth?: number;
    } = {},
  ): this {
    const { channel = "push", tried = [], nth = this.#commands } = more;
    const commandId = `${this.customerId}.${nth}.0.c`;
    return this.record(`outcome.${outcome}`, [
      { kind: "outcome", commandId, action: "card", channel, outcome, reason: "receipt", tried },
    ]);
  }

  optsOut(): this {
    return this.record("consent.changed", [
      {
        kind: "profile-changed",
        event: "consent.changed",
        changes: [{ what: "consent", purpose: "marketing", channel: "*", granted: false }],
      },
    ]);
  }
}

function decision(
  answer: "act" | "none" | "defer" | "unavailable",
  journey: string,
  reason: string,
): Extract<AuditEntry, { kind: "decision" }> {
  return {
    kind: "decision",
    decisionId: "c1.1.0",
    journey,
    instance: `${journey}-1`,
    step: "s",
    answer,
    reason,
  };
}

/** A decision record; only what folds look at is more than a form. */
export function aDecision(
  customerId: string,
  given: {
    readonly at?: number;
    readonly journey?: string;
    readonly attributes?: DecisionRecord["request"]["context"]["attributes"];
    readonly explanations?: DecisionRecord["explanations"];
  } = {},
): DecisionRecord {
  const { at = START, journey = "offer", attributes = {}, explanations = [] } = given;
  const decisionId = `${customerId}.1.0`;
  return {
    request: {
      decisionId,
      customerId,
      at,
      moment: { id: "e1", source: "core", type: "a.a", time: at, data: {} },
      context: { now: at, attributes, signals: {}, contacts: [] },
      profile: { seq: 1, consents: {}, holds: [] },
      journey: { id: journey, version: 1, instance: `${journey}-1`, step: "s" },
      candidates: ["card"],
    },
    reply: { kind: "none", decisionId, reason: "none" },
    explanations,
    verdicts: [],
    versions: {},
  };
}
