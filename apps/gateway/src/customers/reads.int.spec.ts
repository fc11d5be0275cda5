import { auditHash, sha256 } from "#audit";
import { jetstreamManager } from "@nats-io/jetstream";
import {
  customerViewV1,
  decisionExplainedV1,
  decisionViewV1,
  subjects,
  timelineV1,
  type AuditRecord,
  type Context,
  type DecisionRecord,
  type EventsAccepted,
  type Problem,
  type AuditEntry,
} from "#contracts";
import { Publisher } from "#messaging";
import { JSON_BODY, startGatewayUnderTest, type GatewayUnderTest } from "../testing/gateway-under-test.js";

const AT = Date.UTC(1996, 2, 12, 10, 31);

function context(customerId: string): Context {
  return {
    v: 1,
    customerId,
    applied: 2,
    duplicates: 0,
    deadLettered: 0,
    watermark: 7,
    outcomesUpTo: 0,
    now: AT,
    profile: { seq: 0, consents: { "marketing.push": true }, holds: [] },
    attributes: { balanceMinor: -5 },
    signals: { "account.overdrawn": { n: 1, last: AT } },
    recent: [],
    seen: "SEEN",
    journeys: [],
    entries: {},
    contacts: [],
    audit: { n: 2, hash: "h" },
    outbox: [{ id: "o", subject: "SECRET", body: {} }],
  };
}

function step(customerId: string, n: number, entries: AuditRecord["entries"] = []): AuditRecord {
  return {
    v: 1,
    customerId,
    n,
    prev: "",
    hash: `h${n}`,
    at: AT + n,
    event: { id: `e${n}`, source: "core", type: "account.overdrawn", time: AT + n },
    entries,
  };
}

function decision(customerId: string, n: number): DecisionRecord {
  const decisionId = `${customerId}.${n}.0`;
  return {
    request: {
      decisionId,
      customerId,
      at: AT,
      moment: {
        id: `e${n}`,
        source: "core",
        type: "account.overdrawn",
        time: AT,
        data: { balanceMinor: -5 },
      },
      context: { now: AT, attributes: {}, signals: {}, contacts: [] },
      profile: { seq: 0, consents: {}, holds: [] },
      journey: { id: "overdraft-rescue", version: 1, instance: "overdraft-rescue-1", step: "offer" },
      candidates: ["overdraft-fix", "savings-offer"],
    },
    reply: {
      kind: "act",
      decisionId,
      action: "overdraft-fix",
      purpose: "service",
      urgent: false,
      reservationId: decisionId,
      plan: [{ channel: "sms", title: "t", body: "b", receiptTimeoutMs: 1_000 }],
      validForMs: 1_000,
      parameters: {},
      reason: "best_permitted",
    },
    explanations: [
      {
        action: "overdraft-fix",
        stage: "chosen",
        reason: "best_permitted",
        score: 2,
        factors: { value: 2, weight: 1 },
      },
      { action: "savings-offer", stage: "eligibility", reason: "balance_below_zero" },
    ],
    verdicts: [
      {
        actions: ["overdraft-fix"],
        channel: "push",
        verdict: "denied",
        reason: "no_consent_record",
        rule: "default/service",
      },
      { actions: ["overdraft-fix"], channel: "sms", verdict: "permitted", reason: "permitted" },
    ],
    versions: { catalogue: "core@1" },
  };
}

describe("reading and changing a customer over HTTP, on real NATS", () => {
  let t: GatewayUnderTest;
  let publisher: Publisher;
  beforeAll(async () => {
    t = await startGatewayUnderTest();
    publisher = new Publisher(t.servers.nc);
  });
  afterAll(() => t.stop());

  let messages = 0;
  const seed = (subject: string, body: unknown): Promise<unknown> =>
    publisher.publish(subject, JSON.stringify(body), { msgId: `seed-${++messages}` });
  const get = (path: string): ReturnType<GatewayUnderTest["request"]> => t.request("GET", path);
  const typeOf = async (path: string): Promise<[number, string]> => {
    const answer = await get(path);
    return [answer.status, answer.json<Problem>().type];
  };

  it("shows the context without what only the actor needs", async () => {
    await seed(subjects.ctx("r1"), context("r1"));
    const answer = await get("/v1/customers/r1");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(customerViewV1.strict().parse(answer.json())).toMatchObject({
      customerId: "r1",
      applied: 2,
      attributes: { balanceMinor: -5 },
    });
    expect(answer.text).not.toMatch(/SECRET|SEEN/);
  });

  it("answers 404 for an unknown customer and 422 for an unsafe id", async () => {
    expect(await typeOf("/v1/customers/nobody")).toEqual([404, "/problems/customer-not-found"]);
    expect(await typeOf("/v1/customers/nobody/timeline")).toEqual([404, "/problems/customer-not-found"]);
    expect(await typeOf("/v1/customers/a%2Eb%20%3E")).toEqual([422, "/problems/unsafe-subject"]);
    expect(await typeOf("/v1/customers/%zz")).toEqual([400, "/problems/invalid-request"]);
  });

  it("gives the timeline newest first, in words and in pages, each record once", async () => {
    await seed(subjects.audit("r2", "step"), {
      records: [
        step("r2", 1, [
          {
            kind: "journey-entered",
            journey: "overdraft-rescue",
            version: 3,
            instance: "overdraft-rescue-1",
          },
        ]),
        step("r2", 2),
      ],
    });
    for (let n = 3; n <= 7; n++)
      await seed(subjects.audit("r2", n === 5 ? "contact" : "step"), { records: [step("r2", n)] });
    await seed(subjects.audit("r2", "step"), { records: [step("r2", 3)] });
    await seed(subjects.audit("other", "step"), { records: [step("other", 99)] });
    const numbers: number[] = [];
    let path = "/v1/customers/r2/timeline?limit=3";
    const pages = [];
    for (;;) {
      const page = timelineV1.parse((await get(path)).json());
      pages.push(page.items.map((i) => i.n));
      numbers.push(...page.items.map((i) => i.n));
      if (page.next === undefined) {
        expect(page.items.at(-1)).toMatchObject({
          time: "1996-03-12T10:31:00.001Z",
          text: ["Entered journey overdraft-rescue (version 3)."],
        });
        break;
      }
      path = `/v1/customers/r2/timeline?limit=3&before=${page.next}`;
    }
    expect(pages).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
  });

  it.each([
    ["in order", "r3", [] as number[][]],
    [
      "with records that were relayed again among others",
      "r3b",
      [
        [300, 5],
        [301, 299],
        [599, 2],
      ],
    ],
    ["with a record that was relayed again at last", "r3c", [[600, 590]]],
  ])("reads a long history %s", async (_name, customer, again) => {
    await seed(subjects.ctx(customer), { ...context(customer), audit: { n: 600, hash: "h600" } });
    const kindOf = (n: number) => (n % 7 < 3 ? "contact" : "step");
    for (let n = 1; n <= 600;) {
      // Commits of one to three records; the record after which one comes again ends its message.
      const size = 1 + (n % 3);
      const last = Math.min(n + size - 1, 600, ...again.flatMap(([after]) => (after! >= n ? [after!] : [])));
      const run = Array.from({ length: last - n + 1 }, (_, i) => step(customer, n + i));
      const writes = [seed(subjects.audit(customer, kindOf(n)), { records: run })];
      for (const [after, repeated] of again) {
        if (after === last)
          writes.push(seed(subjects.audit(customer, kindOf(last)), { records: [step(customer, repeated!)] }));
      }
      n = last + 1;
      await Promise.all(writes);
    }
    for (const [query, top, size] of [
      ["", 600, 20],
      ["?before=303&limit=7", 302, 7],
      ["?before=1000&limit=200", 600, 200],
      ["?before=4", 3, 3],
    ] as const) {
      const page = timelineV1.parse((await get(`/v1/customers/${customer}/timeline${query}`)).json());
      expect(page.items.map((i) => i.n)).toEqual(Array.from({ length: size }, (_, i) => top - i));
      expect(page.next).toBe(top === size ? undefined : top - size + 1);
    }
  });

  it("refuses a page that it cannot give", async () => {
    for (const query of ["limit=0", "limit=201", "limit=x", "before=-1", "limit=1&limit=2"]) {
      expect(await typeOf(`/v1/customers/r2/timeline?${query}`)).toEqual([400, "/problems/invalid-request"]);
    }
  });

  it("explains a decision, found by its id among the customer's", async () => {
    // Asked again after an answer that got lost, while policy could say nothing yet: the last one is what was done.
    const reply = { kind: "none" as const, decisionId: "r4.2.0", reason: "policy_unavailable" };
    await seed(subjects.audit("r4", "decision"), {
      records: [decision("r4", 1), { ...decision("r4", 2), reply }],
    });
    for (let n = 1; n <= 3; n++)
      await seed(subjects.audit("r4", "decision"), { records: [decision("r4", n)] });
    const answer = await get("/v1/decisions/r4.2.0");
    expect(answer.status).toBe(200);
    const { summary, sha256: digest, ...record } = decisionViewV1.parse(answer.json());
    expect(digest).toBe(sha256(JSON.stringify(decision("r4", 2))));
    expect(record).toEqual(decision("r4", 2));
    expect(summary).toBe(
      "At 1996-03-12T10:31:00.000Z journey overdraft-rescue (version 1, step offer) asked what to do about account.overdrawn, with 2 candidates. " +
        "savings-offer left at eligibility: balance below zero. " +
        "The policy said: overdraft-fix over push denied (no consent record, rule default/service); overdraft-fix over sms permitted. " +
        "Decided: overdraft-fix (service) over sms, score 2 (value 2 × weight 1); best permitted.",
    );
    expect(await typeOf("/v1/decisions/r4.9.0")).toEqual([404, "/problems/decision-not-found"]);
    expect(await typeOf("/v1/decisions/r4")).toEqual([400, "/problems/invalid-request"]);
  });

  it("takes the record that the audit chain names, and explains it (I9)", async () => {
    const done = decision("r5", 1);
    const undone = {
      ...done,
      reply: { kind: "none" as const, decisionId: "r5.1.0", reason: "policy_unavailable" },
    };
    await seed(subjects.audit("r5", "decision"), { records: [done] });
    await seed(subjects.audit("r5", "decision"), { records: [undone] });
    const entry = {
      kind: "decision",
      decisionId: "r5.1.0",
      journey: "overdraft-rescue",
      instance: "overdraft-rescue-1",
      step: "offer",
      answer: "act",
      action: "overdraft-fix",
      channel: "sms",
      reason: "best_permitted",
      record: sha256(JSON.stringify(done)),
    };
    const open = {
      v: 1 as const,
      customerId: "r5",
      n: 1,
      prev: "",
      at: 5,
      event: { id: "e", source: "core", type: "account.overdrawn", time: 5, seq: 9 },
      entries: [entry as AuditEntry],
    };
    await seed(subjects.audit("r5", "step"), { records: [{ ...open, hash: auditHash(open) }] });
    const view = decisionViewV1.parse((await get("/v1/decisions/r5.1.0")).json());
    expect(view.reply.kind).toBe("act");
    const explained = decisionExplainedV1.parse((await get("/v1/decisions/r5.1.0/explanation")).json());
    expect(explained.decided[0]).toBe("Decided: overdraft-fix over sms.");
    expect(explained.others[0]).toMatch(/^savings-offer: /);
    // Its catalogue was never archived: nothing is claimed that cannot be computed.
    expect(explained.replay).toMatchObject({ result: "impossible", chain: "named" });
    expect(explained.whatIf).toEqual([]);
    expect(await typeOf("/v1/decisions/r5.9.0/explanation")).toEqual([404, "/problems/decision-not-found"]);
    expect(await typeOf("/v1/decisions/r5/explanation")).toEqual([400, "/problems/invalid-request"]);
  });

  async function storedOf(answer: {
    json<T>(): T;
  }): Promise<{ type: string; data: unknown; subject: string; id: string; source: string }[]> {
    const jsm = await jetstreamManager(t.servers.nc);
    const { events } = answer.json<EventsAccepted>();
    return Promise.all(events.map(async ({ seq }) => (await jsm.streams.getMessage("EVT", { seq }))!.json()));
  }

  it("turns consents into events in the given order, stored before it answers", async () => {
    const consents = [
      { purpose: "marketing", channel: "*", granted: false, evidence: "branch" },
      { purpose: "marketing", channel: "push", granted: true },
    ];
    const answer = await t.request("PUT", "/v1/customers/r5/consents", {
      headers: JSON_BODY,
      body: { consents },
    });
    expect(answer.status).toBe(202);
    const events = await storedOf(answer);
    expect(events.map(({ type, subject, source, data }) => ({ type, subject, source, data }))).toEqual(
      consents.map((data) => ({ type: "consent.changed", subject: "r5", source: "gateway", data })),
    );
    const seqs = answer.json<EventsAccepted>().events.map((e) => e.seq);
    expect(seqs[0]).toBeLessThan(seqs[1]!);
  });

  it("places and lifts holds", async () => {
    const placed = await t.request("POST", "/v1/customers/r6/holds", {
      headers: JSON_BODY,
      body: { kind: "fraud", reason: "card stolen" },
    });
    const lifted = await t.request("DELETE", "/v1/customers/r6/holds/fraud");
    expect([placed.status, lifted.status]).toEqual([202, 202]);
    expect(await storedOf(placed)).toMatchObject([
      { type: "hold.placed", data: { kind: "fraud", reason: "card stolen" } },
    ]);
    expect(await storedOf(lifted)).toMatchObject([{ type: "hold.lifted", data: { kind: "fraud" } }]);
    expect((await t.request("DELETE", "/v1/customers/r6/holds/SECRET")).json<Problem>()).toMatchObject({
      type: "/problems/invalid-request",
    });
  });

  it("makes the same events for the same Idempotency-Key, also on another gateway", async () => {
    const other = await startGatewayUnderTest({ NATS_URL: t.servers.nats.url });
    try {
      const options = {
        headers: { ...JSON_BODY, "idempotency-key": "k1" },
        body: { consents: [{ purpose: "service", channel: "sms", granted: true }] },
      };
      const first = await t.request("PUT", "/v1/customers/r7/consents", options);
      const replayed = await t.request("PUT", "/v1/customers/r7/consents", options);
      const elsewhere = await other.request("PUT", "/v1/customers/r7/consents", options);
      expect(replayed.text).toBe(first.text);
      expect(elsewhere.json<EventsAccepted>()).toEqual({
        accepted: 1,
        duplicates: 1,
        events: [{ ...first.json<EventsAccepted>().events[0], duplicate: true }],
      });
      const another = await t.request("PUT", "/v1/customers/r8/consents", options);
      expect([another.status, another.json<Problem>().type]).toEqual([
        422,
        "/problems/idempotency-key-reused",
      ]);
    } finally {
      await other.stop();
    }
  });

  it.each([
    ["no consents", { consents: [] }, ["/consents"]],
    [
      "a wrong one",
      { consents: [{ purpose: "SECRET", channel: "sms", granted: "SECRET" }] },
      ["/consents/0/purpose", "/consents/0/granted"],
    ],
    ["no object", [], [""]],
  ])("refuses a consent body with %s", async (_name, body, pointers) => {
    const answer = await t.request("PUT", "/v1/customers/r9/consents", { headers: JSON_BODY, body });
    expect([answer.status, answer.json<Problem>().type]).toEqual([422, "/problems/invalid-data"]);
    expect(answer.json<Problem>().errors?.map((e) => e.pointer)).toEqual(pointers);
    expect(answer.text).not.toContain("SECRET");
  });

  it("answers 415 and 400 for a consent body that it cannot read", async () => {
    const put = async (headers: Record<string, string>, body: string): Promise<number> =>
      (await t.request("PUT", "/v1/customers/r9/consents", { headers, body })).status;
    expect(await put({ "content-type": "text/plain" }, "{}")).toBe(415);
    expect(await put(JSON_BODY, "{")).toBe(400);
  });
});
