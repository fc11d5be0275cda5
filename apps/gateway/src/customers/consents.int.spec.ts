/** Consents and holds over HTTP, as they are read back from the stream. */
import type { CustomerConsents, CustomerHolds, EventsAccepted, Problem } from "#contracts";
import {
  JSON_BODY,
  startGatewayUnderTest,
  type Answer,
  type GatewayUnderTest,
} from "../testing/gateway-under-test.js";

describe("consents and holds over HTTP", () => {
  let t: GatewayUnderTest;
  beforeAll(async () => {
    t = await startGatewayUnderTest();
  });
  afterAll(() => t.stop());

  const send = (method: string, path: string, body: unknown): Promise<Answer> =>
    t.request(method, `/v1/customers/${path}`, { headers: JSON_BODY, body });
  const consentsOf = async (id: string): Promise<CustomerConsents> =>
    (await t.request("GET", `/v1/customers/${id}/consents`)).json();
  const holdsOf = async (id: string): Promise<CustomerHolds> =>
    (await t.request("GET", `/v1/customers/${id}/holds`)).json();
  const event = (subject: string, type: string, data: unknown): Promise<Answer> =>
    t.request("POST", "/v1/events", {
      headers: { "content-type": "application/cloudevents+json" },
      body: { specversion: "1.0", id: `${subject}-${type}`, source: "sms-gateway", type, subject, data },
    });

  it("shows what is on record with its evidence, and everything that was told", async () => {
    const grant = {
      purpose: "marketing",
      channel: "sms",
      granted: true,
      evidence: "form 4711",
      source: "branch",
      obtainedAt: "2026-01-01T10:00:00+01:00",
      expiresAt: "2099-01-01T00:00:00Z",
    };
    const expired = { ...grant, channel: "email", expiresAt: "2026-02-01T00:00:00Z" };
    const own = { purpose: "marketing", channel: "sms", granted: false, address: "phone-2" };
    await send("PUT", "p1/consents", { consents: [grant, expired, own] });
    const { consents, history } = await consentsOf("p1");
    const proof = { obtainedAt: Date.parse("2026-01-01T09:00:00Z"), evidence: "form 4711", source: "branch" };
    expect(consents).toMatchObject([
      { channel: "email", state: "expired", expiresAt: Date.parse(expired.expiresAt), ...proof },
      { channel: "sms", state: "granted", expiresAt: Date.parse(grant.expiresAt), ...proof },
      { channel: "sms", address: "phone-2", state: "refused", source: "gateway" },
    ]);
    expect(history.map((h) => [h.channel, h.granted, h.taken])).toEqual([
      ["sms", true, true],
      ["email", true, true],
      ["sms", false, true],
    ]);
    expect(consents[1]?.event).toMatchObject({
      source: "gateway",
      type: "consent.changed",
      seq: history[0]?.event.seq,
    });
  });

  it("takes an opt-out of marketing without a body, and of everything", async () => {
    await send("PUT", "p2/consents", {
      consents: [{ purpose: "marketing", channel: "push", granted: true }],
    });
    expect((await t.request("POST", "/v1/customers/p2/opt-out")).status).toBe(202);
    const { consents } = await consentsOf("p2");
    expect(consents).toHaveLength(8);
    expect(new Set(consents.map((c) => `${c.purpose} ${c.state}`))).toEqual(new Set(["marketing refused"]));
    expect((await holdsOf("p2")).holds).toEqual([]);
    const answer = await send("POST", "p2/opt-out", { everything: true, evidence: "call 12" });
    expect(answer.json<EventsAccepted>().accepted).toBe(2);
    expect((await holdsOf("p2")).holds).toMatchObject([
      { kind: "opt-out", state: "holds", reason: "call 12" },
    ]);
  });

  it("shows what a word in a reply did, and that an old form does not undo it", async () => {
    await send("PUT", "p3/consents", { consents: [{ purpose: "marketing", channel: "sms", granted: true }] });
    expect((await event("p3", "message.received", { channel: "sms", text: "STOP" })).status).toBe(202);
    const old = { purpose: "marketing", channel: "sms", granted: true, obtainedAt: "2020-01-01T00:00:00Z" };
    await send("PUT", "p3/consents", { consents: [old] });
    const { consents, history } = await consentsOf("p3");
    expect(consents).toMatchObject([
      { channel: "ivr", state: "refused" },
      { channel: "sms", state: "refused", evidence: "STOP in a reply", source: "sms-gateway" },
    ]);
    expect(history.at(-1)).toMatchObject({ granted: true, taken: false });
  });

  it("holds say who placed them, why and until when; a person releases them", async () => {
    await send("POST", "p4/holds", {
      kind: "moratorium",
      by: "anna",
      reason: "breathing space",
      until: "2099-01-01T00:00:00Z",
    });
    await send("POST", "p4/holds", { kind: "fraud" });
    const since = expect.any(Number) as number;
    expect((await holdsOf("p4")).holds).toMatchObject([
      {
        kind: "moratorium",
        state: "holds",
        since,
        until: Date.parse("2099-01-01"),
        by: "anna",
        reason: "breathing space",
      },
      { kind: "fraud", state: "holds", since },
    ]);
    expect((await send("POST", "p4/holds/fraud/release", { by: "bob", reason: "cleared" })).status).toBe(202);
    const { holds, history } = await holdsOf("p4");
    expect(holds.map((h) => h.kind)).toEqual(["moratorium"]);
    expect(history.at(-1)).toMatchObject({
      kind: "fraud",
      placed: false,
      by: "bob",
      reason: "cleared",
      taken: true,
    });
  });

  it.each([
    ["nobody", { reason: "cleared" }, "/by"],
    ["a blank name", { by: "  ", reason: "cleared" }, "/by"],
    ["no reason", { by: "bob" }, "/reason"],
  ])("refuses a release by %s", async (_name, body, pointer) => {
    const answer = await send("POST", "p5/holds/fraud/release", body);
    expect([answer.status, answer.json<Problem>().type]).toEqual([422, "/problems/invalid-data"]);
    expect(answer.json<Problem>().errors?.map((e) => e.pointer)).toEqual([pointer]);
  });

  it.each([
    ["an address for a reference", { address: "jan@example.com" }, "/consents/0/address"],
    ["a telephone number for a reference", { address: "420777123456" }, "/consents/0/address"],
    ["a time without a zone", { expiresAt: "2027-01-01T00:00:00" }, "/consents/0/expiresAt"],
  ])("refuses %s, and does not repeat it", async (_name, more, pointer) => {
    const answer = await send("PUT", "p6/consents", {
      consents: [{ purpose: "marketing", channel: "sms", granted: true, ...more }],
    });
    expect([answer.status, answer.json<Problem>().type]).toEqual([422, "/problems/invalid-data"]);
    expect(answer.json<Problem>().errors?.map((e) => e.pointer)).toEqual([pointer]);
    for (const value of Object.values(more)) expect(answer.text).not.toContain(value);
  });

  it("has nothing to show of a customer of whom nothing was told", async () => {
    expect(await consentsOf("nobody")).toEqual({ customerId: "nobody", consents: [], history: [] });
    expect((await t.request("GET", "/v1/customers/a.b/consents")).status).toBe(422);
  });
});
