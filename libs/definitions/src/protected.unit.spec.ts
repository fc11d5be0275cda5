/** Protected attributes cannot enter a decision, whatever journeys and catalogue ask for. */
import fc from "fast-check";
import { journeyV1, type DecisionRecord, type PolicyPackDefinition } from "#contracts";
import { conclude, evaluate, evaluateRequest, Journeys, rank, type Catalogue } from "#domain";
import { CustomerScript } from "#testing";
import { checkExpression, createExpressions } from "./expressions.js";
import { loadDefinitions, catalogueOf } from "./load.js";
import { catalogueV1 } from "#contracts";

const expressions = createExpressions();
const shipped = loadDefinitions(process.cwd());

/** Asks for the group in every way that validation would refuse, and in some that it cannot see. */
const curious = {
  journeys: [
    journeyV1.parse({
      kind: "Journey",
      id: "curious",
      version: 1,
      description: "d",
      purpose: "marketing",
      trigger: { event: "a.a", when: '!(("se" + "x") in context.attributes)' },
      entry: { rule: "after-exit" },
      steps: [
        {
          id: "look",
          type: "branch",
          cases: [
            { when: 'context.attributes["se" + "x"] == "f"', goto: "offer" },
            { when: 'event.data.customer["se" + "x"] == "f"', goto: "offer" },
            { when: "event.data.size() > 4", goto: "offer" },
          ],
          otherwise: "note",
        },
        {
          id: "note",
          next: "offer",
          type: "update",
          set: { seen: 'string(context.attributes["se" + "x"])', sex: "event.data.n" },
        },
        { id: "offer", type: "decide", actions: ["any", "women", "young"], otherwise: "end" },
        { id: "end", type: "exit", reason: "done" },
      ],
    }),
  ],
  catalogue: catalogueOf([
    catalogueV1.parse({
      kind: "Catalogue",
      id: "c",
      version: 1,
      description: "d",
      actions: ["any", "women", "young"].map((id) => ({
        id,
        description: "d",
        purpose: "marketing",
        value: 1,
        ...(id === "women" ? { eligibility: 'context.attributes["se" + "x"] == "f"' } : {}),
        ...(id === "young" ? { suitability: 'event.data.attributes["a" + "ge"] < 30' } : {}),
        treatments: [{ channel: "push", title: "{sex}", body: "{age} {n}" }],
      })),
    }),
  ]),
  policyPacks: shipped.policyPacks,
};

interface Told {
  readonly type: string;
  readonly gapMs: number;
  readonly n: number;
}

const types = [
  "a.a",
  "account.credited",
  "account.overdrawn",
  "account.recovered",
  "card.purchased",
  "loan.page.viewed",
  "payment.failed",
  "transfer.sent",
  "web.session.ended",
];
const events: fc.Arbitrary<readonly Told[]> = fc.array(
  fc.record({
    type: fc.constantFrom(...types),
    gapMs: fc.integer({ min: 0, max: 40 * 3_600_000 }),
    n: fc.integer({ min: -5, max: 5 }),
  }),
  { minLength: 1, maxLength: 12 },
);
interface Group {
  readonly sex?: string;
  readonly age?: number;
  readonly protected_group?: boolean;
}
const group: fc.Arbitrary<Group> = fc.record(
  {
    sex: fc.constantFrom("f", "m", "x"),
    age: fc.integer({ min: 18, max: 90 }),
    protected_group: fc.boolean(),
  },
  { requiredKeys: [] },
);

interface World {
  readonly journeys: ConstructorParameters<typeof Journeys>[0];
  readonly catalogue: Catalogue;
  readonly policyPacks: readonly PolicyPackDefinition[];
}

/** Every decision about a customer of this group, and everything else that came of the events. */
function play(
  world: World,
  told: readonly Told[],
  who: Group,
): { records: DecisionRecord[]; c: CustomerScript } {
  const records: DecisionRecord[] = [];
  const c = new CustomerScript(new Journeys(world.journeys, expressions));
  c.answering = (request) => {
    const ranking = rank(request, world.catalogue, expressions);
    const question = evaluateRequest(request, ranking);
    const record = conclude(
      request,
      ranking,
      world.catalogue,
      question && {
        ...evaluate(question, { packs: world.policyPacks, copies: [request.profile], contacts: [] }),
        packs: [],
      },
    );
    records.push(record);
    return record.reply;
  };
  const consents = ["push", "sms", "email"].map((channel) => ({
    purpose: "marketing",
    channel,
    granted: true,
  }));
  c.event("customer.registered", { timezone: "Europe/Prague", consents, ...who, attributes: { ...who } });
  for (const { type, gapMs, n } of told) {
    const data = {
      n,
      amountMinor: 1_000_00 * n,
      balanceMinor: 5_000_00 * n,
      ...who,
      attributes: { income: n, ...who },
      customer: { ...who, list: [{ ...who }] },
    };
    c.later(gapMs).event(type, data);
  }
  return { records, c };
}

describe.each([
  ["the definitions that ship", shipped],
  ["definitions that try to find out", curious],
])("with %s", (_name, world: World) => {
  it("no decision, and nothing that comes of one, differs by a byte between groups", () => {
    fc.assert(
      fc.property(events, group, group, (told, one, other) => {
        const [a, b] = [play(world, told, one), play(world, told, other)];
        expect(JSON.stringify(a.records)).toBe(JSON.stringify(b.records));
        expect(JSON.stringify(a.c.intents)).toBe(JSON.stringify(b.c.intents));
        expect(JSON.stringify(a.c.entries)).toBe(JSON.stringify(b.c.entries));
        const { monitoring: _a, ...left } = a.c.context;
        const { monitoring: _b, ...right } = b.c.context;
        expect(JSON.stringify(left)).toBe(JSON.stringify(right));
      }),
      { numRuns: 60 },
    );
  });
});

it("decides at all in these tests", () => {
  const { records } = play(curious, [{ type: "a.a", gapMs: 0, n: 1 }], { sex: "f" });
  expect(records[0]?.reply).toMatchObject({
    kind: "act",
    action: "any",
    plan: [{ title: "", body: " 1" }],
  });
});

it("keeps the group for monitoring, and nowhere else", () => {
  const { c } = play(curious, [{ type: "a.a", gapMs: 0, n: 1 }], { sex: "f", age: 31 });
  expect(c.context.monitoring).toEqual({ sex: "f", age: 31 });
  expect(c.context.attributes).not.toHaveProperty("sex");
  expect(JSON.stringify([c.requests, c.intents, c.entries])).not.toMatch(/"(sex|age)":/);
});

it.each([
  'context.attributes.sex == "f"',
  'has(context.attributes.sex) && context.attributes.sex == "f"',
  "event.data.attributes['date_of_birth'] != ''",
  '"protected_group" in context.attributes',
])("an expression that names one is refused at publication: %s", (source) => {
  expect(checkExpression(source, "condition", "event")?.cause).toMatch(/is a protected attribute/);
});

it("an expression that only looks like it is not", () => {
  expect(
    checkExpression('event.data.page == "age" && context.now > 3.0', "condition", "event"),
  ).toBeUndefined();
});
