import { journeyV1, type JourneyDefinition } from "#contracts";
import { createExpressions } from "#definitions";
import { Journeys } from "#domain";
import { CustomerScript } from "#testing";

const DAY = 86_400_000;

const loan = (entry: object = {}, more: object = {}): JourneyDefinition =>
  journeyV1.parse({
    kind: "Journey",
    id: "loan",
    version: 1,
    description: "test",
    purpose: "service",
    trigger: { event: "loan.requested" },
    entry: { rule: "per-key", key: "event.data.loanId", ...entry },
    exitOn: [{ event: "loan.withdrawn", reason: "withdrawn" }],
    goal: { event: "loan.paid" },
    steps: [
      {
        id: "wait",
        type: "wait",
        for: [{ event: "loan.approved", goto: "tell" }],
        atMost: "9d",
        onTimeout: "end",
      },
      { id: "tell", type: "send", action: "approved", next: "end", otherwise: "end" },
      { id: "end", type: "exit", reason: "end" },
    ],
    ...more,
  });
const script = (definition: JourneyDefinition, engine?: number): CustomerScript =>
  new CustomerScript(new Journeys([definition], createExpressions(), { engine }));
const two = (definition: JourneyDefinition, engine?: number): CustomerScript =>
  script(definition, engine).event("loan.requested", { loanId: "l1" }).event("loan.requested", { loanId: 2 });
const open = (c: CustomerScript): (string | undefined)[] => c.context.journeys.map((j) => j.key);

describe("correlation by the key of the entry", () => {
  it("lets an exit, a goal and a wait hear their own key alone", () => {
    expect(open(two(loan()))).toEqual(["l1", "2"]);
    expect(open(two(loan()).event("loan.withdrawn", { loanId: "l1" }))).toEqual(["2"]);
    expect(open(two(loan()).event("loan.paid", { loanId: 2 }))).toEqual(["l1"]);
    expect(open(two(loan()).event("loan.approved", { loanId: 2 }))).toEqual(["l1"]);
    expect(open(two(loan()).event("loan.approved", { loanId: "l3" }))).toEqual(["l1", "2"]);
  });

  it("lets every instance hear an event that has no such key", () => {
    const c = two(loan()).event("loan.withdrawn");
    expect(c.exits).toEqual(["withdrawn", "withdrawn"]);
    expect(c.entries.some((e) => e.kind === "expression-failed")).toBe(false);
  });

  it("tells long keys apart, which are kept as their fingerprints", () => {
    const long = (end: string): string => "x".repeat(300) + end;
    const c = script(loan());
    c.event("loan.requested", { loanId: long("a") }).event("loan.requested", { loanId: long("b") });
    c.event("loan.withdrawn", { loanId: long("b") });
    expect(open(c)).toHaveLength(1);
    c.event("loan.withdrawn", { loanId: long("a") });
    expect(open(c)).toEqual([]);
  });

  it("does not change instances that an older engine began (flag 3)", () => {
    const before = two(loan(), 2);
    expect(open(before)).toEqual([undefined, undefined]);
    const now = script(loan());
    now.context = before.context;
    expect(now.event("loan.withdrawn", { loanId: "l1" }).exits).toEqual(["withdrawn", "withdrawn"]);
  });
});

describe("entering again under the same key", () => {
  const request = (c: CustomerScript, loanId = "l1"): CustomerScript => c.event("loan.requested", { loanId });
  it("is refused for ever without a rule, also when the rule says never", () => {
    for (const entry of [{}, { again: "never" }]) {
      const c = request(script(loan(entry))).event("loan.withdrawn");
      expect(request(c.later(400 * DAY)).refusals).toEqual(["key_entered_before"]);
    }
  });
  it("is free after the exit where the rule says so, but not before", () => {
    const c = request(request(script(loan({ again: "after-exit" }))));
    expect(c.entries.at(-1)).toMatchObject({ reason: "already_in_journey", by: "loan-1" });
    request(c.event("loan.withdrawn"));
    expect(c.refusals).toEqual(["already_in_journey"]);
    expect(open(c)).toEqual(["l1"]);
  });
  it("is free when the period is over, counted from the entry", () => {
    const c = request(script(loan({ again: "5d" }))).event("loan.withdrawn");
    request(c.later(5 * DAY - 1));
    expect(c.refusals).toEqual(["entered_too_recently"]);
    request(c.later(1));
    expect(open(c)).toEqual(["l1"]);
  });
  it("does not concern other keys", () => {
    expect(open(request(request(script(loan({ again: "after-exit" })), "l1"), "l2"))).toEqual(["l1", "l2"]);
  });
});

describe("concurrency", () => {
  it("refuses one more than it allows side by side, until one has ended", () => {
    const c = two(loan({}, { concurrency: 2 })).event("loan.requested", { loanId: "l3" });
    expect(c.refusals).toEqual(["concurrency_reached"]);
    c.event("loan.withdrawn", { loanId: "l1" }).event("loan.requested", { loanId: "l3" });
    expect(c.refusals).toEqual(["concurrency_reached"]);
    expect(open(c)).toEqual(["2", "l3"]);
  });
});
