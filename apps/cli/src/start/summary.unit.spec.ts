import type { AuditEntry, Channel, Outcome, OutcomeKind, Verdict } from "#contracts";
import type { StoredEvents } from "./observe.js";
import { panelLines, plainLine, type PanelView } from "./panel.js";
import { imbalances, summaryJson, summaryLines } from "./summary.js";
import { Tally } from "./tally.js";
import { style, width } from "./text.js";

function order(tally: Tally, n: number, channel: Channel = "push", attempt = 0): void {
  const decisionId = `acc-2.${n}.0`;
  tally.command(
    { commandId: `${decisionId}.c`, decisionId, customerId: "acc-2", attempt },
    channel,
    attempt === 0 ? n : undefined,
  );
}

function end(
  tally: Tally,
  n: number,
  kind: OutcomeKind,
  channel: Channel = "push",
  reason = "receipt",
): void {
  const decisionId = `acc-2.${n}.0`;
  const outcome: Outcome = {
    commandId: `${decisionId}.c`,
    decisionId,
    reservationId: decisionId,
    action: "savings-account",
    kind,
    channel,
    tried: [],
    reason,
  };
  tally.outcome(outcome, Date.UTC(1993, 6, n));
}

const stored = (o: Partial<StoredEvents> = {}): StoredEvents => ({
  inStream: 10,
  applied: 7,
  duplicates: 2,
  deadLetters: 1,
  customers: 3,
  orderedCommands: [],
  ...o,
});

const RUN = { published: 10, wallMs: 5_000, p50: 8.4, p99: 60, commands: 2 };
const PLAIN = style(false);

describe("the books of a run", () => {
  it("balance when every event is handled and every command has one terminal outcome (I1, I8)", () => {
    const tally = new Tally();
    order(tally, 1);
    order(tally, 2, "sms");
    // The second leg of a plan is the same command.
    order(tally, 2, "email", 1);
    end(tally, 1, "delivered");
    end(tally, 1, "clicked");
    end(tally, 2, "failed", "email", "provider_rejected");
    expect(imbalances(stored({ orderedCommands: ["acc-2.2.0.c"] }), tally)).toEqual([]);
    expect(tally.commands).toBe(2);
    expect(tally.channels.get("email")).toMatchObject({ ordered: 1, terminal: { failed: 1 } });
    expect(summaryLines(RUN, stored(), tally, PLAIN).join("\n")).toMatch(
      /10 in EVT = 7 applied \+ 2 duplicates \+ 1 dead letter\n[\s\S]*it adds up/,
    );
  });

  it.each<[string, StoredEvents, (tally: Tally) => void, RegExp]>([
    ["an event is not handled", stored({ inStream: 11 }), () => undefined, /^1 event in EVT neither applied/],
    ["an event is handled twice", stored({ applied: 8 }), () => undefined, /^1 event handled more often/],
    ["a command has no outcome", stored(), (t) => order(t, 1), /^1 command without a terminal outcome/],
    [
      "a command has only a response",
      stored(),
      (t) => {
        order(t, 1);
        end(t, 1, "opened");
      },
      /^1 command without/,
    ],
    [
      "a command ends twice",
      stored(),
      (t) => {
        order(t, 1);
        end(t, 1, "failed");
        end(t, 1, "delivered");
      },
      /^1 command outcome after a terminal one/,
    ],
    [
      "an outcome has no command",
      stored(),
      (t) => end(t, 9, "delivered"),
      /^1 outcome of commands that CMD does not hold/,
    ],
    [
      "a command never left",
      stored({ orderedCommands: ["x.1.0.c"] }),
      () => undefined,
      /^1 command ordered by a context/,
    ],
  ])("do not when %s", (_what, events, happen, message) => {
    const tally = new Tally();
    happen(tally);
    expect(imbalances(events, tally)).toEqual([expect.stringMatching(message)]);
    expect(summaryLines(RUN, events, tally, PLAIN).join("\n")).toContain("does not add up");
    expect(summaryJson(RUN, events, tally)).toMatchObject({ imbalances: [expect.stringMatching(message)] });
  });
});

describe("what policy stopped", () => {
  const verdict = (
    channel: Channel,
    reason: Verdict["reason"],
    v: Verdict["verdict"] = "denied",
  ): Verdict => ({
    actions: ["savings-account"],
    channel,
    verdict: v,
    reason,
  });
  const request = { at: Date.UTC(1993, 8, 3) } as Parameters<Tally["decision"]>[0]["request"];

  it("counts each decision once per reason, and not what was merely outranked", () => {
    const tally = new Tally();
    tally.decision({
      request,
      verdicts: [
        verdict("push", "consent_refused"),
        verdict("sms", "consent_refused"),
        verdict("email", "cap_reached"),
      ],
    });
    tally.decision({
      request,
      verdicts: [verdict("push", "permitted", "permitted"), verdict("sms", "outranked")],
    });
    expect([...tally.stops]).toEqual([
      ["consent_refused", 1],
      ["cap_reached", 1],
    ]);
    expect(tally.stoppedDecisions).toBe(1);
    expect(tally.stopFeed).toEqual([
      { at: request.at, what: "denied", text: "savings-account push sms", reason: "consent_refused" },
    ]);
  });
});

describe("the live view", () => {
  const tally = new Tally();
  for (let n = 1; n <= 20; n++) {
    order(tally, n, n % 2 ? "push" : "sms");
    end(
      tally,
      n,
      n % 5 ? "delivered" : "suppressed",
      n % 2 ? "push" : "sms",
      n % 5 ? "receipt" : "hold_opt_out",
    );
  }
  const decision: AuditEntry = {
    kind: "decision",
    decisionId: "acc-2.1.0",
    journey: "balance-leaving",
    instance: "balance-leaving-1",
    step: "offer",
    answer: "act",
    action: "savings-account-with-a-name-that-is-long",
    channel: "push",
    reason: "highest_score among very many candidates that all have a long story to tell",
  };
  tally.step([decision, decision], Date.UTC(1993, 7, 14));
  const view: PanelView = {
    elapsedMs: 65_000,
    speed: 3,
    time: Date.UTC(1993, 9, 1),
    startTime: Date.UTC(1993, 6, 1),
    endTime: Date.UTC(1993, 11, 28),
    published: 12_345,
    events: 23_456,
    perSecond: 210.3,
    lagMs: 2_000,
    waitingFor: undefined,
    tally,
    notices: ["gateway ended (SIGKILL) and is started again"],
  };

  it.each([80, 100, 140])("fits a terminal of %d columns, with and without colour", (columns) => {
    for (const color of [true, false]) {
      const lines = panelLines(view, style(color), columns, 40);
      for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns);
      expect(lines.length).toBeLessThan(40);
    }
  });

  it("shows where the replay is, what was decided and what was stopped", () => {
    const text = panelLines(view, PLAIN, 80, 40).join("\n");
    for (const part of [
      "1993-10-01",
      "12,345 of 23,456",
      "210/s",
      "p99",
      "2.0 s behind",
      "hold_opt_out",
      "push",
      "started again",
    ]) {
      expect(text).toContain(part);
    }
  });

  it("keeps its height while it fills up, and never exceeds the screen", () => {
    const empty = panelLines({ ...view, tally: new Tally(), notices: [] }, PLAIN, 80, 30);
    expect(empty.length).toBeLessThan(30);
    expect(panelLines(view, PLAIN, 80, 24).length).toBeLessThan(24);
  });

  it("names no customer", () => {
    for (const text of [panelLines(view, PLAIN, 100, 60).join("\n"), plainLine(view)])
      expect(text).not.toContain("acc-2");
  });
});
