/** The journeys that ship for customers under a hold, and the others beside them. */
import { durationMs } from "#contracts";
import { judge, Journeys } from "#domain";
import { CustomerScript, permitAll, type Answering } from "#testing";
import { createExpressions } from "./expressions.js";
import { loadCatalogue, loadJourneys, loadPolicyPacks, loadSignals } from "./load.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const dir = process.cwd();
const journeys = new Journeys(loadJourneys(dir), createExpressions(), { signals: loadSignals(dir) });
const { actions } = loadCatalogue(dir);
const packs = loadPolicyPacks(dir);

/** Answers with the purpose and the first channel that the catalogue gives the action. */
const permit: Answering = (request) => {
  const action = actions.get(request.candidates[0]!)!;
  const channels = action.treatments.map((t) => t.channel);
  const reply = permitAll({ ...request, channels });
  return "purpose" in reply ? { ...reply, purpose: action.purpose } : reply;
};
/** The same, on the channels that the step is for. */
const sameChannel: Answering = (request) => {
  const action = actions.get(request.candidates[0]!)!;
  const reply = permitAll({
    ...request,
    channels: request.channels ?? action.treatments.map((t) => t.channel),
  });
  return "purpose" in reply
    ? { ...reply, purpose: action.purpose, validForMs: durationMs(action.validFor) }
    : reply;
};
const deny: Answering = (r) => ({ kind: "none", decisionId: r.decisionId, reason: "hold_opt_out" });

function customer(answering = permit): CustomerScript {
  return Object.assign(new CustomerScript(journeys), { answering });
}

describe("a customer in hardship", () => {
  const inHardship = (): CustomerScript => customer().event("hold.placed", { kind: "hardship" });

  it("moves to a person, with the context, and back when the hold is lifted", () => {
    const c = inHardship();
    expect(c.said).toEqual(["hardship-care/agent"]);
    expect(c.commands[0]?.context).toBeDefined();
    c.outcome("delivered")
      .later(20 * DAY)
      .event("hold.lifted", { kind: "hardship" });
    expect(c.said).toHaveLength(1);
    expect(c.exits).toEqual(["released"]);
  });

  it("is not forgotten when nobody takes the case", () => {
    const c = inHardship();
    for (let i = 2; i <= 5; i++) {
      c.outcome("expired").timer();
      expect(c.said).toHaveLength(i);
    }
    expect(customer(deny).event("hold.placed", { kind: "hardship" }).timer().timer().requests).toHaveLength(
      3,
    );
  });

  it("is looked at again every 90 days", () => {
    const c = inHardship().outcome("delivered").timer().timer();
    expect(c.said).toEqual(["hardship-care/agent", "hardship-review/agent", "hardship-review/agent"]);
    expect(c.now - Date.parse("2026-01-05T10:00:00Z")).toBe(180 * DAY);
  });

  it("is left to the people who have the case, after five years", () => {
    const c = inHardship().outcome("delivered");
    for (let quarter = 0; quarter < 21; quarter++) c.timer();
    expect(c.exits).toEqual(["left-to-people"]);
  });

  it("leaves offers behind", () => {
    const c = customer().event("card.purchased", { mcc: "5541", amountMinor: 5_000, currency: "EUR" });
    expect(c.context.journeys.map((j) => j.journey)).toEqual(["purchase-cross-sell"]);
    c.event("hold.placed", { kind: "hardship" });
    expect(c.exits).toEqual(["hold_hardship"]);
    expect(c.context.journeys.map((j) => j.journey)).toEqual(["hardship-care"]);
  });
});

describe("a customer whose account is attacked", () => {
  it("is called, and their offers go on where they stood", () => {
    const c = customer().event("card.purchased", { mcc: "5541", amountMinor: 5_000, currency: "EUR" });
    const left = c.context.journeys[0]!.wait!.dueAt - c.now;
    c.event("hold.placed", { kind: "fraud" });
    expect(c.said.at(-1)).toBe("fraud-care/agent");
    expect(c.context.journeys.map((j) => [j.journey, j.status])).toEqual([
      ["purchase-cross-sell", "paused"],
      ["fraud-care", "waiting"],
    ]);
    c.outcome("delivered").later(DAY).event("hold.lifted", { kind: "fraud" });
    expect(c.context.journeys).toMatchObject([
      { journey: "purchase-cross-sell", wait: { dueAt: c.now + left } },
    ]);
    expect(c.exits).toEqual(["cleared"]);
  });

  const LEAVING = { amountMinor: 90_000, balanceBeforeMinor: 100_000, balanceMinor: 10_000, currency: "CZK" };
  it.each([
    ["balance-leaving", "transfer.sent", LEAVING, "account.overdrawn", "overdrawn"],
    ["insurance-cross-sell", "payment.sent", { purpose: "insurance" }, "account.overdrawn", "overdrawn"],
  ])("stays in %s, which waits as long as it had left", (id, type, data, ending, reason) => {
    const c = customer().event(type, data);
    const left = c.context.journeys[0]!.wait!.dueAt - c.now;
    c.event("hold.placed", { kind: "fraud" });
    expect(c.context.journeys[0]).toMatchObject({ journey: id, status: "paused" });
    c.outcome("delivered")
      .later(3 * DAY)
      .event("hold.lifted", { kind: "fraud" });
    expect(c.context.journeys).toMatchObject([{ journey: id, wait: { dueAt: c.now + left } }]);
    expect(c.event(ending).exits).toEqual(["cleared", reason]);
  });

  it("is left to the people who have the case, after a year of weeks", () => {
    const c = customer().event("hold.placed", { kind: "fraud" });
    for (let week = 0; week < 53; week++) c.outcome("delivered").timer();
    expect(c.exits).toEqual(["left-to-people"]);
  });

  it("is looked after again when the hold stands for a week", () => {
    const c = customer().event("hold.placed", { kind: "fraud" }).outcome("delivered").timer();
    expect(c.said).toEqual(["fraud-care/agent", "fraud-care/agent"]);
  });
});

describe("a customer who replies", () => {
  const reply = (c: CustomerScript, text: string, channel = "sms"): CustomerScript =>
    c.event("message.received", { channel, text });

  it.each([
    ["STOP", "sms", "opt-out-confirmed/sms"],
    ["arrêt", "email", "opt-out-confirmed/email"],
    ["HELP", "sms", "reply-help/sms"],
    ["Hilfe", "email", "reply-help/email"],
    ["please don't stop", "sms", "reply-to-read/agent"],
    ["Už mi nic neposílejte", "email", "reply-to-read/agent"],
  ])("%j by %s gets %s", (text, channel, said) => {
    expect(reply(customer(sameChannel), text, channel).said).toEqual([said]);
  });

  it.each(["START", "thanks", ""])("%j gets nothing", (text) => {
    expect(reply(customer(sameChannel), text).said).toEqual([]);
  });

  it("is answered once a day, within five minutes or not at all", () => {
    const c = reply(reply(customer(sameChannel), "STOP"), "stop!");
    expect(c.said).toHaveLength(1);
    expect(c.commands[0]).toMatchObject({ expiresAt: c.now + 5 * 60_000 });
    expect(reply(c.later(DAY), "STOP").said).toHaveLength(2);
  });

  it("is told by what the packs permit, also at night, and nothing else is", () => {
    const c = reply(
      customer(sameChannel).event("customer.registered", { timezone: "Europe/Prague" }),
      "STOP",
    );
    const at = Date.parse("2026-01-05T23:00:00Z");
    const verdict = (id: string): string => {
      const option = actions.get(id)!;
      return judge({ packs, copies: [c.context.profile], option, channel: "sms", at }).reason;
    };
    expect(verdict("opt-out-confirmed")).toBe("permitted");
    const offers = [...actions.values()].filter((a) => a.purpose === "marketing");
    expect(offers.length).toBeGreaterThan(0);
    for (const { id } of offers) expect([id, verdict(id)]).toEqual([id, "consent_refused"]);
  });

  it("is not forgotten when nobody takes the case, and needs no reader once they say STOP", () => {
    const c = reply(customer(sameChannel), "leave me alone");
    c.outcome("expired").timer();
    expect(c.said).toEqual(["reply-to-read/agent", "reply-to-read/agent"]);
    expect(reply(c, "STOP").exits).toContain("opted-out");
  });
});
