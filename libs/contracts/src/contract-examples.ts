/** One valid example of each published contract, for tests; not exported from the library. */

export type Json = Record<string, unknown>;

const profile = {
  seq: 3,
  timezone: "Europe/Prague",
  consents: { "marketing.push": true },
  holds: [{ kind: "fraud", since: 1 }],
};
const moment = {
  id: "t-1",
  source: "berka/core-banking",
  type: "account.overdrawn",
  time: 5,
  data: { balanceMinor: -100 },
};
const journeyRef = { id: "overdraft-rescue", version: 1, instance: "overdraft-rescue-1", step: "tell" };
const leg = { channel: "push", title: "Your account", body: "It is below zero", receiptTimeoutMs: 600_000 };
const decisionRequest = {
  decisionId: "c.1.0",
  customerId: "c",
  at: 5,
  moment,
  context: {
    now: 5,
    attributes: { balanceMinor: -100, vip: false, segment: "a" },
    signals: { "account.debited": { n: 2, last: 4 } },
    contacts: [{ action: "a", channel: "sms", purpose: "service", at: 3, outcome: "delivered" }],
  },
  profile,
  journey: journeyRef,
  candidates: ["overdraft-help"],
};
const decisionReply = {
  kind: "act",
  decisionId: "c.1.0",
  action: "overdraft-help",
  purpose: "service",
  urgent: false,
  reservationId: "c.1.0",
  plan: [leg],
  validForMs: 1,
  parameters: {},
  reason: "permitted",
};
const verdict = { actions: ["overdraft-help"], channel: "push", verdict: "permitted", reason: "permitted" };
const trigger = { event: "account.overdrawn", when: "event.data.balanceMinor < 0" };

export const EXAMPLES: Readonly<Record<string, Json>> = {
  "signals.v1": {
    kind: "Signals",
    id: "cards",
    version: 1,
    description: "d",
    windows: [
      { id: "card-declines-30d", event: "card.declined", measure: "count", window: "30d" },
      { id: "spent-1h", event: ["card.paid"], measure: "sum", of: "event.data.amountMinor", window: "1h" },
    ],
  },
  "audit-records.v1": {
    records: [
      {
        v: 1,
        customerId: "c",
        n: 1,
        prev: "",
        hash: "00",
        at: 5,
        event: { id: "t-1", source: "s", type: "account.debited", time: 5 },
        entries: [
          { kind: "journey-entered", journey: "j", version: 1, instance: "j-1" },
          {
            kind: "command",
            commandId: "c.1.0.c",
            reservationId: "c.1.0",
            action: "a",
            purpose: "service",
            channel: "sms",
            channels: ["sms"],
            journey: "j",
            at: 5,
            counts: true,
            urgent: false,
          },
          {
            kind: "outcome",
            commandId: "c.1.0.c",
            action: "a",
            channel: "sms",
            outcome: "delivered",
            reason: "receipt",
            tried: [],
          },
        ],
      },
    ],
  },
  "catalogue.v1": {
    kind: "Catalogue",
    id: "retail",
    version: 1,
    description: "What the bank can say",
    actions: [
      {
        id: "savings-offer",
        description: "d",
        purpose: "marketing",
        value: 1,
        treatments: [{ channel: "sms", title: "t", body: "b" }],
      },
    ],
  },
  "cloud-event.v1": {
    specversion: "1.0",
    id: "t-1",
    source: "berka/core-banking",
    type: "account.debited",
    subject: "acc-2",
  },
  "command.v1": {
    commandId: "c.1.0.c",
    decisionId: "c.1.0",
    reservationId: "c.1.0",
    customerId: "c",
    action: "overdraft-help",
    purpose: "service",
    journey: journeyRef,
    plan: [leg],
    attempt: 0,
    tried: [{ channel: "push", reason: "provider_rejected" }],
    parameters: {},
    event: { type: "account.overdrawn", time: 5, data: {} },
    at: 5,
    expiresAt: 10,
  },
  "consent-changed.v1": { purpose: "marketing", channel: "*", granted: false },
  "context.v1": {
    v: 1,
    customerId: "c",
    applied: 1,
    duplicates: 0,
    deadLettered: 0,
    watermark: 9,
    now: 5,
    profile,
    attributes: { balanceMinor: 1 },
    signals: { "account.debited": { n: 1, last: 5 } },
    recent: [{ id: "t-1", source: "s", type: "account.debited", time: 5 }],
    seen: "abcd",
    journeys: [
      {
        id: "j-1",
        journey: "j",
        version: 1,
        enteredAt: 5,
        status: "waiting",
        step: "wait",
        steps: 2,
        trigger: moment,
        wait: { id: "w-2", kind: "event", dueAt: 9 },
        used: ["push"],
        deferrals: 0,
      },
    ],
    entries: { j: { n: 1, enteredAt: 5 } },
    contacts: [{ commandId: "c.1.0.c", action: "a", channel: "push", purpose: "service", at: 5 }],
    audit: { n: 1, hash: "00" },
    outbox: [{ id: "o", subject: "cmd.push.1.c", body: {} }],
  },
  "customer-registered.v1": {
    timezone: "Europe/Prague",
    language: "cs",
    consents: [{ purpose: "marketing", channel: "push", granted: true }],
  },
  "decision-run-answer.v1": {
    answers: [{ reply: decisionReply, explanation: '{"explanations":[],"verdicts":[],"versions":{}}' }],
  },
  "decision-records.v1": {
    records: [
      {
        request: decisionRequest,
        reply: { kind: "none", decisionId: "c.1.0", reason: "no candidate is eligible" },
        explanations: [
          {
            action: "overdraft-help",
            stage: "policy",
            reason: "cap_reached",
            score: 2,
            factors: { value: 2, weight: 1 },
          },
        ],
        verdicts: [verdict],
        versions: { retail: "1" },
      },
    ],
  },
  "decision-run.v1": { requests: [decisionRequest] },
  "hold-lifted.v1": { kind: "fraud" },
  "hold-placed.v1": { kind: "fraud", reason: "reported" },
  "journey.v1": {
    kind: "Journey",
    id: "overdraft-rescue",
    version: 1,
    description: "d",
    purpose: "service",
    trigger,
    entry: { rule: "once-per", period: "7d" },
    cap: { contacts: 3, period: "7d" },
    goal: { event: "account.recovered", within: "2d", goto: "thank" },
    steps: [
      { id: "tell", type: "decide", actions: ["overdraft-help"], otherwise: "stop" },
      {
        id: "pause",
        type: "wait",
        atMost: "2d",
        for: [{ outcome: ["failed"], goto: "agent" }],
        onTimeout: "agent",
      },
      { id: "agent", type: "route", action: "agent-case" },
      { id: "thank", type: "send", action: "thanks" },
      { id: "which", type: "branch", cases: [{ when: "true", goto: "stop" }], otherwise: "stop" },
      { id: "again", type: "execute", action: "retry-payment" },
      { id: "stop", type: "exit", reason: "silent" },
    ],
  },
  "outcome.v1": {
    commandId: "c.1.0.c",
    decisionId: "c.1.0",
    reservationId: "c.1.0",
    action: "a",
    kind: "delivered",
    channel: "sms",
    tried: [],
    reason: "receipt",
  },
  "policy-evaluate-run-reply.v1": {
    replies: [
      {
        reservationId: "c.1.0",
        chosen: { action: "a", channels: ["sms"] },
        verdicts: [verdict, { ...verdict, verdict: "deferred", reason: "quiet_hours", until: 9 }],
        packs: ["default@1"],
      },
    ],
  },
  "policy-evaluate-run.v1": {
    requests: [
      {
        decisionId: "c.1.0",
        customerId: "c",
        at: 5,
        options: [{ action: "a", purpose: "service", channels: ["push", "sms"], urgent: false }],
        cap: { journey: "j", count: 3, periodMs: 1 },
        profile,
      },
    ],
  },
  "policy-gate-reply.v1": { answer: "stop", reason: "hold_fraud" },
  "policy-gate-request.v1": {
    commandId: "c.1.0.c",
    reservationId: "c.1.0",
    customerId: "c",
    action: "a",
    purpose: "service",
    channel: "sms",
    attempt: 0,
    at: 5,
    delivery: "CMD/9",
    redelivered: false,
    publishedAt: 5,
  },
  "policy-pack.v1": {
    kind: "PolicyPack",
    id: "default",
    version: 1,
    description: "d",
    source: "house rule",
    rules: [
      {
        purpose: "marketing",
        consent: "required",
        quietHours: { from: "21:00", to: "08:00" },
        caps: [{ count: 3, period: "7d" }],
      },
    ],
  },
};
