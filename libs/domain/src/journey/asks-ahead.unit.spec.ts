import fc from "fast-check";
import {
  journeyV1,
  type Context,
  type CustomerEvent,
  type DecisionReply,
  type DecisionRequest,
  type JourneyDefinition,
} from "#contracts";
import { createExpressions } from "#definitions";
import {
  answer,
  asksAhead,
  emptyContext,
  eventFingerprint,
  hasSeen,
  Journeys,
  recordDuplicate,
  step,
} from "#domain";
import { permitAll } from "#testing";

const START = Date.UTC(2026, 0, 5);
const journey = (more: object): JourneyDefinition =>
  journeyV1.parse({
    kind: "Journey",
    version: 1,
    description: "test",
    purpose: "service",
    entry: { rule: "after-exit" },
    ...more,
  });

const journeys = new Journeys(
  [
    journey({
      id: "tell",
      trigger: { event: ["payment.failed", "card.used"] },
      steps: [{ id: "tell", type: "decide", actions: ["a", "b"], defer: false }],
    }),
    // Asks twice for one event when the first answer is none; then waits for a day.
    journey({
      id: "insist",
      trigger: { event: "card.used" },
      steps: [
        { id: "first", type: "send", action: "a", otherwise: "second" },
        { id: "second", type: "send", action: "b", next: "pause" },
        { id: "pause", type: "wait", for: [{ event: "payment.failed", goto: "first" }], atMost: "1d" },
      ],
    }),
    // Two that compete for one word, the second in two branches; both count what they were not allowed to say.
    ...["best", "second-best"].map((id, i) =>
      journey({
        id,
        purpose: "marketing",
        priority: 60 - i,
        trigger: { event: ["card.used", "page.read"] },
        steps: [
          {
            id: "both",
            type: "parallel",
            branches: [
              { id: "x", first: "offer" },
              { id: "y", first: "hour" },
            ],
            join: "all",
            atMost: "2h",
          },
          { id: "offer", type: "send", action: id, otherwise: "count" },
          {
            id: "count",
            type: "update",
            set: { unsaid: "has(context.attributes.unsaid) ? context.attributes.unsaid + 1 : 1" },
          },
          { id: "hour", type: "wait", atMost: "90m", onTimeout: "later" },
          { id: "later", type: "send", action: id, otherwise: "count" },
        ],
      }),
    ),
  ],
  createExpressions(),
);

const TYPES = ["payment.failed", "card.used", "page.read"] as const;
const waitingOf = (types: readonly number[]): { event: CustomerEvent; now: number }[] =>
  types.map((type, i) => {
    const time = START + i * 3_600_000;
    // Every fifth one is the one before it again.
    const id = i % 5 === 4 ? `e${i - 1}` : `e${i}`;
    const event = { id, source: "core", type: TYPES[type]!, customerId: "c", time, data: {}, seq: i + 1 };
    return { event, now: time };
  });

/** One by one, as the actor does it; `ahead` is asked for at each question, and says what the next ones will be. */
function play(
  waiting: readonly { event: CustomerEvent; now: number }[],
  reply: (request: DecisionRequest, n: number) => DecisionReply,
): { asked: DecisionRequest[]; foreseen: (readonly DecisionRequest[])[]; replies: DecisionReply[] } {
  const asked: DecisionRequest[] = [];
  const foreseen: (readonly DecisionRequest[])[] = [];
  const replies: DecisionReply[] = [];
  let context: Context = emptyContext("c");
  for (const [i, { event, now }] of waiting.entries()) {
    if (hasSeen(context.seen, eventFingerprint(event))) {
      context = recordDuplicate(context, event.seq);
      continue;
    }
    const turn = step(context, event, now, journeys);
    while (turn.ask) {
      const before = JSON.stringify(turn);
      foreseen.push(asksAhead(turn, waiting.slice(i + 1), journeys, 6));
      expect(JSON.stringify(turn)).toBe(before);
      asked.push(turn.ask);
      replies.push(reply(turn.ask, asked.length));
      answer(turn, replies.at(-1)!, journeys);
    }
    context = turn.context;
  }
  return { asked, foreseen, replies };
}

describe("the questions of events that wait", () => {
  const anyEvents = fc.array(fc.nat(TYPES.length - 1), { minLength: 1, maxLength: 14 });

  it("are foreseen word for word as long as every answer is none (I3)", () => {
    fc.assert(
      fc.property(anyEvents, (types) => {
        const none = (r: DecisionRequest): DecisionReply => ({
          kind: "none",
          decisionId: r.decisionId,
          reason: "cap_reached",
        });
        const { asked, foreseen } = play(waitingOf(types), none);
        for (const [i, ahead] of foreseen.entries()) expect(ahead).toEqual(asked.slice(i + 1, i + 1 + 6));
      }),
    );
  });

  it("are the questions asked up to and with the first answer that is not none, whatever the answers are", () => {
    fc.assert(
      fc.property(anyEvents, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (types, acts) => {
        const { asked, foreseen, replies } = play(waitingOf(types), (r, n) =>
          acts[n % acts.length]
            ? (permitAll(r) as DecisionReply)
            : { kind: "none", decisionId: r.decisionId, reason: "x" },
        );
        for (const [i, ahead] of foreseen.entries()) {
          for (const [k, foreseenRequest] of ahead.entries()) {
            if (replies.slice(i, i + k + 1).some((r) => r.kind !== "none")) break;
            expect(JSON.stringify(foreseenRequest)).toBe(JSON.stringify(asked[i + k + 1]));
          }
        }
      }),
    );
  });

  it("ends where an event cannot be handled", () => {
    const waiting = waitingOf([0, 0, 0, 0]);
    const turn = step(emptyContext("c"), waiting[0]!.event, START, journeys);
    const event = Object.defineProperty({ ...waiting[2]!.event }, "data", {
      get: () => {
        throw new Error("poison");
      },
    });
    expect(asksAhead(turn, [waiting[1]!, { ...waiting[2]!, event }, waiting[3]!], journeys, 6)).toHaveLength(
      1,
    );
    expect(asksAhead(turn, waiting.slice(1), journeys, 6)).toHaveLength(3);
  });
});
