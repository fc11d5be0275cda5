import fc from "fast-check";
import {
  COOLS_DOWN,
  MAX_ENGAGEMENTS,
  PURPOSES,
  RESPONSE_OUTCOMES,
  TERMINAL_OUTCOMES,
  engagementV1,
  type Engagement,
  type OutcomeKind,
} from "#contracts";
import { afterComplaint, afterOutcome, afterReported } from "./engagement.js";

const outcome = (kind: OutcomeKind, channel: "push" | "agent" = "push", reason = "receipt") => ({
  kind,
  channel,
  reason,
});
const marketing = { purpose: "marketing" as const };

/** `at` is 1, 2, 3, … */
const after = (...kinds: OutcomeKind[]): Engagement =>
  kinds.reduce<Engagement>((e, kind, i) => afterOutcome(e, outcome(kind), marketing, i + 1), {});

describe("engagement", () => {
  it.each<[string, OutcomeKind[], Engagement]>([
    [
      "counts what arrived and was not responded to",
      ["delivered", "delivered"],
      { ignored: { marketing: { n: 2, last: 2 } } },
    ],
    [
      "begins anew after a response",
      ["delivered", "opened", "delivered"],
      { ignored: { marketing: { n: 1, last: 3 } } },
    ],
    ["forgets the run when the response comes late", ["delivered", "delivered", "clicked"], {}],
    ["counts nothing that may not have arrived", ["failed", "expired", "suppressed", "unknown"], {}],
    [
      "knows a conversion",
      ["delivered", "converted"],
      { last: [{ what: "conversion", purpose: "marketing", at: 2 }] },
    ],
    [
      "knows a refusal, which is a response",
      ["delivered", "declined"],
      { last: [{ what: "refusal", purpose: "marketing", at: 2 }] },
    ],
  ])("%s", (_, kinds, expected) => {
    expect(after(...kinds)).toEqual(expected);
  });

  it("knows a conversation: an agent's case that was answered, or closed as one, and what is reported as one", () => {
    const about = { purpose: "collections" as const, debt: "loan-1" };
    const whats = (e: Engagement) => e.last?.map((f) => [f.what, f.debt]);
    expect(whats(afterOutcome({}, outcome("declined", "agent"), about, 1))).toEqual([
      ["refusal", "loan-1"],
      ["conversation", "loan-1"],
    ]);
    expect(whats(afterOutcome({}, outcome("delivered", "agent", "conversation"), about, 1))).toEqual([
      ["conversation", "loan-1"],
    ]);
    expect(afterOutcome({}, outcome("delivered", "agent", "resolved"), about, 1)).toEqual({});
    const reported = { channel: "ivr", purpose: "collections", about: { debt: "loan-1" } } as const;
    expect(whats(afterReported({}, { ...reported, kind: "conversation" }, 1))).toEqual([
      ["conversation", "loan-1"],
    ]);
    expect(afterReported({}, { ...reported, kind: "attempt" }, 1)).toEqual({});
  });

  it("keeps the later of two of a kind, also when they come in the other order", () => {
    expect(afterComplaint(afterComplaint({}, 7), 5)).toEqual({ last: [{ what: "complaint", at: 7 }] });
    expect(afterComplaint(afterComplaint({}, 5), 7)).toEqual({ last: [{ what: "complaint", at: 7 }] });
  });

  it("stays bounded, keeps the newest, and reads back as it was written, whatever comes", () => {
    const step = fc.record({
      kind: fc.constantFrom(...TERMINAL_OUTCOMES, ...RESPONSE_OUTCOMES),
      channel: fc.constantFrom("push" as const, "agent" as const),
      purpose: fc.constantFrom(...PURPOSES),
      debt: fc.option(fc.nat(40).map(String), { nil: undefined }),
      at: fc.nat(1_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let e: Engagement = {};
        for (const { kind, channel, at, purpose, debt } of steps)
          e = afterOutcome(
            e,
            outcome(kind, channel),
            { purpose, ...(debt === undefined ? {} : { debt }) },
            at,
          );
        const { last = [] } = e;
        expect(last.length).toBeLessThanOrEqual(MAX_ENGAGEMENTS);
        expect(last.map((f) => f.at)).toEqual(last.map((f) => f.at).sort((a, b) => a - b));
        expect(new Set(last.map((f) => `${f.what} ${f.purpose} ${f.debt}`)).size).toBe(last.length);
        expect(JSON.stringify(engagementV1.parse(JSON.parse(JSON.stringify(e))))).toBe(JSON.stringify(e));
        expect(COOLS_DOWN).toEqual(expect.arrayContaining(last.map((f) => f.what)));
      }),
    );
  });
});
