/** What a journey says in answer to a moment, and what the customer does with it. */
import { journeyV1, type CallerWaits, type CustomerEvent } from "#contracts";
import { createExpressions } from "#definitions";
import { CustomerScript, permitAll } from "#testing";
import { Journeys } from "#domain";

const offer = journeyV1.parse({
  kind: "Journey",
  id: "offer",
  version: 1,
  description: "test",
  purpose: "marketing",
  trigger: { event: "transfer.initiated" },
  entry: { rule: "after-exit" },
  steps: [
    { id: "offer", type: "decide", actions: ["keep"], channels: ["inapp"], next: "act", otherwise: "silent" },
    {
      id: "act",
      type: "wait",
      for: [
        { outcome: ["converted"], goto: "accepted" },
        { outcome: ["declined"], goto: "declined" },
      ],
      atMost: "15m",
      onTimeout: "again",
    },
    { id: "again", type: "decide", actions: ["keep"], channels: ["inapp"], otherwise: "silent" },
    { id: "accepted", type: "exit", reason: "accepted" },
    { id: "declined", type: "exit", reason: "declined" },
    { id: "silent", type: "exit", reason: "silent" },
  ],
});

const customer = (): CustomerScript => new CustomerScript(new Journeys([offer], createExpressions()));
const momentOf = (c: CustomerScript, moment?: CallerWaits): Omit<CustomerEvent, "seq"> => ({
  id: `m${c.context.applied}`,
  source: "payments",
  type: "transfer.initiated",
  customerId: "c1",
  time: c.now,
  data: {},
  ...(moment ? { moment } : {}),
});
const REPLY_TO = "rpc.moment-reply.x.1";

describe("a moment", () => {
  it("hands its caller and deadline to the command that its own turn orders", () => {
    const c = customer();
    c.apply(momentOf(c, { replyTo: REPLY_TO, expiresAt: c.now + 140, over: false }));
    expect(c.commands).toMatchObject([
      {
        replyTo: REPLY_TO,
        expiresAt: c.now + 140,
        validUntil: c.now + 3_600_000,
        plan: [{ channel: "inapp" }],
      },
    ]);
  });

  it("that waits longer than the offer is valid does not prolong it", () => {
    const c = customer();
    c.apply(momentOf(c, { replyTo: REPLY_TO, expiresAt: c.now + 9_000_000, over: false }));
    expect(c.commands[0]?.expiresAt).toBe(c.now + 3_600_000);
  });

  it("whose caller waits no longer leaves the app out", () => {
    const c = customer();
    c.apply(momentOf(c, { replyTo: REPLY_TO, expiresAt: c.now, over: true }));
    expect(c.requests[0]?.exclude).toEqual(["inapp"]);
    expect(c.commands).toEqual([]);
    expect(c.exits).toEqual(["silent"]);
  });

  it("is not answered by what was due before it", () => {
    const c = customer();
    c.apply(momentOf(c));
    c.later(16 * 60_000).apply(momentOf(c, { replyTo: REPLY_TO, expiresAt: c.now + 140, over: false }));
    // The wait that ran out says its own; the moment's own turn enters the journey anew.
    expect(c.commands.map((x) => x.replyTo)).toEqual([undefined, undefined, REPLY_TO]);
  });

  it("does not answer on another channel", () => {
    const c = customer();
    c.answering = (request) => permitAll({ ...request, channels: ["push"] });
    c.apply(momentOf(c, { replyTo: REPLY_TO, expiresAt: c.now + 140, over: false }));
    expect(c.commands.map((x) => [x.replyTo, x.expiresAt])).toEqual([[undefined, c.now + 3_600_000]]);
  });

  it("is an ordinary event without a caller", () => {
    const c = customer();
    c.apply(momentOf(c));
    expect(c.commands.map((x) => x.replyTo)).toEqual([undefined]);
    expect(c.requests[0]?.exclude).toBeUndefined();
  });
});

describe("the customer's next act", () => {
  it.each([
    ["moment.accepted", "converted", ["accepted"]],
    ["moment.declined", "declined", ["declined"]],
    ["moment.shown", "opened", []],
  ])("%s counts as %s of its command", (type, outcome, exits) => {
    const c = customer();
    c.apply(momentOf(c));
    const { commandId } = c.commands[0]!;
    c.event(type, { commandId }, "app");
    expect(c.entries.filter((e) => e.kind === "outcome")).toMatchObject([
      { commandId, outcome, channel: "inapp", action: "keep", reason: "customer" },
    ]);
    expect(c.exits).toEqual(exits);
    // Not a position among the outcomes in the stream: there is no outcome event.
    expect(c.context.outcomesUpTo).toBe(0);
  });

  it.each([[{ commandId: "c2.1.0.c" }], [{}], [{ commandId: 7 }]])("about %j is only a signal", (data) => {
    const c = customer();
    c.apply(momentOf(c)).event("moment.accepted", data, "app");
    expect(c.entries.filter((e) => e.kind === "outcome")).toEqual([]);
    expect(c.exits).toEqual([]);
    expect(c.context.signals["moment.accepted"]?.n).toBe(1);
  });
});
