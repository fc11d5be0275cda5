import type { AuditEntry, CallerWaits, Command } from "#contracts";
import type { Intent } from "#domain";
import { AnswersToMoments } from "./moment-answers.js";

const caller: CallerWaits = { replyTo: "rpc.moment-reply.x.1", expiresAt: 1, over: false };
const decision = (answer: "act" | "none" | "defer", reason: string): AuditEntry => ({
  kind: "decision",
  decisionId: "c.1.0",
  journey: "j",
  instance: "j-1",
  step: "s",
  answer,
  reason,
});
const ordered = (replyTo?: string): Intent => ({
  kind: "command",
  command: (replyTo === undefined ? {} : { replyTo }) as Command,
});

describe("what the actor tells the caller of a moment", () => {
  const told: string[][] = [];
  const answers = (): AnswersToMoments =>
    new AnswersToMoments({ tellNothing: (replyTo, reason) => told.push([replyTo, reason]) });
  beforeEach(() => {
    told.length = 0;
  });

  it.each([
    ["no journey asked", [], [], "none"],
    ["the decision was not to speak", [decision("none", "cap_reached")], [], "cap_reached"],
    ["something is said elsewhere", [decision("act", "highest_score")], [ordered()], "elsewhere"],
  ])("%s: why there is nothing", (_, entries, intents, reason) => {
    const a = answers();
    a.of(caller, { entries, intents });
    expect(told).toEqual([]);
    a.send();
    expect(told).toEqual([[caller.replyTo, reason]]);
  });

  it("nothing of what the in-app channel will tell", () => {
    const a = answers();
    a.of(caller, { entries: [decision("act", "highest_score")], intents: [ordered(caller.replyTo)] });
    a.send();
    expect(told).toEqual([]);
  });

  it("nothing when nobody waits any more", () => {
    const a = answers();
    a.none({ ...caller, over: true }, "duplicate");
    a.send();
    expect(told).toEqual([]);
  });
});
