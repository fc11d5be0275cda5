/** What the context knows of contacts and of how they were taken, and what decisions are told of it. */
import { journeyV1, LIMITS } from "#contracts";
import { createExpressions } from "#definitions";
import { CustomerScript } from "#testing";
import { Journeys } from "#domain";

const arrears = journeyV1.parse({
  kind: "Journey",
  id: "arrears",
  version: 1,
  description: "test",
  purpose: "collections",
  trigger: { event: "loan.overdue" },
  entry: { rule: "after-exit" },
  steps: [
    { id: "ask", type: "send", action: "ask", otherwise: "done" },
    { id: "done", type: "exit", reason: "done" },
  ],
});
const script = (engine?: number): CustomerScript =>
  new CustomerScript(new Journeys([arrears], createExpressions(), engine === undefined ? {} : { engine }));
const overdue = (c: CustomerScript): CustomerScript => c.event("loan.overdue", { debtId: "loan-1" });

describe("what the context knows of contacts", () => {
  it("says in the ledger and to decisions what a contact is about and how others were taken", () => {
    const c = overdue(script());
    expect(c.requests[0]).not.toHaveProperty("engagement");
    expect(c.entries.find((e) => e.kind === "command")).toMatchObject({
      about: { event: "core:e1", debt: "loan-1" },
    });
    c.outcome("delivered");
    overdue(c.later(1_000));
    expect(c.requests[1]).toMatchObject({ engagement: { ignored: { service: { n: 1 } } } });
    c.outcome("delivered").outcome("declined");
    overdue(c.later(1_000));
    expect(c.requests[2]?.engagement).toEqual({
      last: [{ what: "refusal", purpose: "service", debt: "loan-1", at: c.now - 1_000 }],
    });
  });

  it("takes what another system reports into ledger, contacts and engagement, each once", () => {
    const c = script();
    const data = {
      channel: "ivr",
      purpose: "collections",
      kind: "conversation",
      campaign: "june",
      about: { debt: "loan-1" },
    };
    c.event("contact.reported", data, "dialer");
    expect(c.entries).toEqual([
      {
        kind: "contact-reported",
        contactId: "dialer:e1",
        channel: "ivr",
        purpose: "collections",
        conversation: true,
        at: c.now,
        campaign: "june",
        about: { debt: "loan-1" },
      },
    ]);
    expect(c.context.contacts).toMatchObject([
      { commandId: "dialer:e1", action: "june", channel: "ivr", debt: "loan-1" },
    ]);
    overdue(c.later(1_000));
    expect(c.requests[0]?.engagement?.last).toEqual([
      { what: "conversation", purpose: "collections", debt: "loan-1", at: c.now - 1_000 },
    ]);
    for (let n = 0; n < 2 * LIMITS.contacts; n++)
      c.event("contact.reported", { ...data, kind: "attempt" }, "dialer");
    expect(c.context.contacts).toHaveLength(LIMITS.contacts);
  });

  it("passes over a report that is none", () => {
    const c = script().event("contact.reported", { channel: "telepathy" });
    expect(c.entries).toEqual([]);
    expect(c.context.contacts).toEqual([]);
  });

  it("remembers a complaint", () => {
    const c = script().event("hold.placed", { kind: "complaint" });
    expect(c.context.engagement?.last).toMatchObject([{ what: "complaint" }]);
  });

  it("knows nothing of it under an older engine, whose contexts must replay as they were", () => {
    const c = overdue(script(3)).outcome("delivered").event("hold.placed", { kind: "complaint" });
    expect(c.context).not.toHaveProperty("engagement");
    expect(c.entries.find((e) => e.kind === "command")).not.toHaveProperty("about");
  });
});
