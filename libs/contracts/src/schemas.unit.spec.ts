/** One valid example of each published contract, and what makes it invalid. */
import { PUBLISHED_CONTRACTS } from "./index.js";

type Json = Record<string, unknown>;

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
  reservationId: "c.1.0",
  plan: [leg],
  validForMs: 1,
  parameters: {},
  reason: "permitted",
};
const verdict = { action: "overdraft-help", channel: "push", verdict: "permitted", reason: "permitted" };
const trigger = { event: "account.overdrawn", when: "event.data.balanceMinor < 0" };

const EXAMPLES: Readonly<Record<string, Json>> = {
  "audit-record.v1": {
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
  "contact-entry.v1": {
    reservationId: "c.1.0",
    customerId: "c",
    action: "a",
    purpose: "service",
    channels: ["sms"],
    at: 5,
    counts: true,
  },
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
  "decision-record.v1": {
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
  "decision-reply.v1": decisionReply,
  "decision-request.v1": decisionRequest,
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
  "policy-evaluate-reply.v1": {
    reservationId: "c.1.0",
    chosen: { action: "a", channels: ["sms"] },
    verdicts: [verdict, { ...verdict, verdict: "deferred", reason: "quiet_hours", until: 9 }],
    packs: ["default@1"],
  },
  "policy-evaluate-request.v1": {
    decisionId: "c.1.0",
    customerId: "c",
    at: 5,
    options: [{ action: "a", purpose: "service", channels: ["push", "sms"], urgent: false }],
    cap: { journey: "j", count: 3, periodMs: 1 },
    profile,
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

/** Fields that may be left out. */
const OPTIONAL = new Set([
  "cap",
  "goal",
  "reservationId@policy-evaluate-reply.v1",
  "chosen",
  "reason@hold-placed.v1",
  "timezone",
  "language",
  "consents",
]);

/** A copy with the value at a dotted path replaced; `undefined` removes it. */
function with_(example: Json, path: string, value: unknown): Json {
  const copy = structuredClone(example);
  const keys = path.split(".");
  const last = keys.pop()!;
  let at: Json = copy;
  for (const key of keys) at = at[key] as Json;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

const accepts = (name: string, value: unknown): boolean =>
  PUBLISHED_CONTRACTS[name]!.safeParse(value).success;

describe.each(Object.keys(PUBLISHED_CONTRACTS))("%s", (name) => {
  const example = EXAMPLES[name]!;

  it("accepts the example, and again what it made of it", () => {
    const parsed = PUBLISHED_CONTRACTS[name]!.parse(example);
    expect(parsed).toMatchObject(example);
    expect(PUBLISHED_CONTRACTS[name]!.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
  });

  it("needs each field that is not optional", () => {
    for (const key of Object.keys(example)) {
      const optional = OPTIONAL.has(key) || OPTIONAL.has(`${key}@${name}`);
      expect([key, accepts(name, with_(example, key, undefined))]).toEqual([key, optional]);
    }
  });

  it.each([null, undefined, 1, "text", [], true])("is not %j", (value) =>
    expect(accepts(name, value)).toBe(false),
  );
});

describe("values that are refused", () => {
  it.each<[string, string, unknown]>([
    ["cloud-event.v1", "specversion", "0.3"],
    ["cloud-event.v1", "id", ""],
    ["cloud-event.v1", "id", "x".repeat(257)],
    ["cloud-event.v1", "source", ""],
    ["cloud-event.v1", "type", "payment failed"],
    ["cloud-event.v1", "type", "payment..failed"],
    ["cloud-event.v1", "type", "a.b.c.d.e.f.g.h.i"],
    ["cloud-event.v1", "subject", "Jan Novák"],
    ["cloud-event.v1", "subject", "c.d"],
    ["cloud-event.v1", "subject", "x".repeat(65)],
    ["cloud-event.v1", "time", "yesterday"],
    ["cloud-event.v1", "time", "1993-01-01"],
    ["cloud-event.v1", "time", "1993-02-30T00:00:00Z"],
    ["cloud-event.v1", "time", "1993-01-01T00:00:00"],
    ["cloud-event.v1", "data", "text"],
    ["cloud-event.v1", "data", [1]],
    ["cloud-event.v1", "traceparent", "x".repeat(65)],
    ["consent-changed.v1", "channel", "fax"],
    ["consent-changed.v1", "purpose", "fun"],
    ["consent-changed.v1", "granted", "yes"],
    [
      "customer-registered.v1",
      "consents",
      Array.from({ length: 25 }, () => ({ purpose: "service", channel: "sms", granted: true })),
    ],
    ["hold-placed.v1", "kind", "boredom"],
    ["command.v1", "plan", []],
    ["command.v1", "attempt", -1],
    ["command.v1", "attempt", 8],
    ["command.v1", "customerId", "a b"],
    ["command.v1", "plan.0.receiptTimeoutMs", 0],
    ["context.v1", "v", 2],
    ["context.v1", "watermark", 1.5],
    ["context.v1", "profile.seq", -1],
    ["context.v1", "journeys.0.status", "sleeping"],
    ["context.v1", "attributes", { nested: {} }],
    ["decision-request.v1", "candidates", []],
    ["decision-request.v1", "candidates", Array.from({ length: 65 }, () => "a")],
    ["decision-reply.v1", "kind", "maybe"],
    ["decision-reply.v1", "plan", []],
    ["decision-record.v1", "explanations.0.stage", "mood"],
    ["policy-evaluate-request.v1", "options", []],
    ["policy-evaluate-request.v1", "cap.count", 0],
    ["policy-evaluate-reply.v1", "verdicts.0.reason", "because"],
    ["policy-evaluate-reply.v1", "chosen.channels", []],
    ["policy-gate-reply.v1", "answer", "perhaps"],
    ["policy-gate-request.v1", "attempt", 9],
    ["outcome.v1", "kind", "lost"],
    ["outcome.v1", "reason", "x".repeat(129)],
    ["audit-record.v1", "n", 0],
    ["audit-record.v1", "entries", [{ kind: "gossip" }]],
    ["journey.v1", "kind", "Travel"],
    ["journey.v1", "id", "Overdraft Rescue"],
    ["journey.v1", "version", 0],
    ["journey.v1", "steps", []],
    ["journey.v1", "steps.0.type", "dance"],
    ["journey.v1", "steps.0.actons", ["misspelt"]],
    ["journey.v1", "steps.1.atMost", "two days"],
    ["journey.v1", "entry", { rule: "sometimes" }],
    ["journey.v1", "trigger.event", []],
    ["journey.v1", "extra", 1],
    ["catalogue.v1", "actions", []],
    ["catalogue.v1", "actions.0.value", -1],
    ["catalogue.v1", "actions.0.treatments", []],
    ["catalogue.v1", "actions.0.treatments.0.channel", "fax"],
    ["catalogue.v1", "actions.0.elegibility", "true"],
    ["policy-pack.v1", "rules", []],
    ["policy-pack.v1", "rules.0.quietHours.from", "24:00"],
    ["policy-pack.v1", "rules.0.quietHours.from", "9:00"],
    ["policy-pack.v1", "rules.0.caps.0.count", 0],
    ["policy-pack.v1", "rules.0.caps.0.period", "1w"],
    ["policy-pack.v1", "rules.0.consent", "assumed"],
  ])("%s: %s %j", (name, path, value) => {
    expect(accepts(name, with_(EXAMPLES[name]!, path, value))).toBe(false);
  });
});

describe("values that are taken", () => {
  it.each<[string, string, unknown]>([
    ["cloud-event.v1", "time", "1994-01-31T10:43:00+01:00"],
    ["cloud-event.v1", "time", "1994-01-31T10:43:00.123Z"],
    ["cloud-event.v1", "data", { any: ["thing", { at: "all" }] }],
    // An extension attribute of CloudEvents, and a type that Segue has never heard of.
    ["cloud-event.v1", "bankbranch", "0800"],
    ["cloud-event.v1", "type", "moon.landing"],
    ["customer-registered.v1", "statements", "monthly"],
    ["journey.v1", "trigger.event", ["account.overdrawn", "payment.failed"]],
    ["journey.v1", "entry", { rule: "per-key", key: "event.data.paymentId" }],
    ["decision-request.v1", "exclude", ["push"]],
    ["outcome.v1", "result", { paid: true }],
  ])("%s: %s %j", (name, path, value) => {
    expect(accepts(name, with_(EXAMPLES[name]!, path, value))).toBe(true);
  });

  it("defaults of definitions are filled in", () => {
    const action = {
      weight: 1,
      urgent: false,
      validFor: "1d",
      parameters: {},
      treatments: [{ receiptTimeout: "10m" }],
    };
    expect(PUBLISHED_CONTRACTS["catalogue.v1"]!.parse(EXAMPLES["catalogue.v1"])).toMatchObject({
      actions: [action],
    });
    expect(PUBLISHED_CONTRACTS["policy-pack.v1"]!.parse(EXAMPLES["policy-pack.v1"])).toMatchObject({
      rules: [{ blockedBy: [] }],
    });
  });
});
