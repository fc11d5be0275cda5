/** The published contracts accept their example, and refuse what makes it invalid. */
import { EXAMPLES, type Json } from "./contract-examples.js";
import { PUBLISHED_CONTRACTS } from "./index.js";

/** Fields that may be left out. */
const OPTIONAL = new Set([
  "cap",
  "goal",
  "reservationId@policy-evaluate-reply.v1",
  "chosen",
  "reason@hold-placed.v1",
  "timezone",
  "language",
  "country",
  "region",
  "appliesTo",
  "consents",
  "priority",
  "group",
  "onRollback",
  "journeys@experiment.v1",
  "journeys@fairness.v1",
  "bands",
  "rates",
  "bound",
  "journey@contact-reported.v1",
  "campaign",
  "about",
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
      Array.from({ length: 28 }, () => ({ purpose: "service", channel: "sms", granted: true })),
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
    ["decision-run.v1", "requests.0.candidates", []],
    ["decision-run.v1", "requests.0.candidates", Array.from({ length: 513 }, () => "a")],
    ["decision-run-answer.v1", "answers.0.reply.kind", "maybe"],
    ["decision-run-answer.v1", "answers.0.reply.plan", []],
    ["decision-records.v1", "records.0.explanations.0.stage", "mood"],
    ["policy-evaluate-run.v1", "requests.0.options", []],
    ["policy-evaluate-run.v1", "requests.0.cap.count", 0],
    ["policy-evaluate-run-reply.v1", "replies.0.verdicts.0.reason", "because"],
    ["policy-evaluate-run-reply.v1", "replies.0.chosen.channels", []],
    ["policy-gate-reply.v1", "answer", "perhaps"],
    ["policy-gate-request.v1", "attempt", 9],
    ["outcome.v1", "kind", "lost"],
    ["outcome.v1", "reason", "x".repeat(129)],
    ["audit-records.v1", "records", []],
    ["audit-records.v1", "records.0.n", 0],
    ["audit-records.v1", "records.0.entries", [{ kind: "gossip" }]],
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
    ["signals.v1", "windows", []],
    ["signals.v1", "windows.0.window", "59m"],
    ["signals.v1", "windows.0.window", "91d"],
    ["signals.v1", "windows.0.measure", "median"],
    ["signals.v1", "windows.0.measure", "sum"],
    ["signals.v1", "windows.0.of", "event.data.x"],
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
    ["decision-run.v1", "requests.0.exclude", ["push"]],
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
