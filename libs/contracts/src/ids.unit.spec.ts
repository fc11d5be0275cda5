import fc from "fast-check";
import {
  commandId,
  customerIdV1,
  decisionId,
  decisionOfCommand,
  durationMs,
  durationV1,
  isSafeToken,
  outcomeEventId,
  outcomeKindV1,
  isTerminal,
  parseDecisionId,
  TERMINAL_OUTCOMES,
  isContact,
  CHANNELS,
} from "./index.js";

const customer = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);

describe("ids", () => {
  it("of a decision tell the customer and the event", () => {
    fc.assert(
      fc.property(customer, fc.nat(), fc.integer({ min: 0, max: 9_999 }), (customerId, applied, index) => {
        const id = decisionId(customerId, applied, index);
        expect(parseDecisionId(id)).toEqual({ customerId, applied, index });
        expect(decisionOfCommand(commandId(id))).toBe(id);
      }),
    );
  });

  it.each(["", "c", "c.1", "c.1.x", "c.1.2.c", "c d.1.2", ".1.2", "c.1.2\n"])(
    "%j is no decision id",
    (id) => {
      expect(parseDecisionId(id)).toBeUndefined();
    },
  );

  it("of an outcome differ by kind", () => {
    expect(new Set(outcomeKindV1.options.map((kind) => outcomeEventId("c.1.0.c", kind))).size).toBe(
      outcomeKindV1.options.length,
    );
  });

  it.each([
    ["acc-576", true],
    ["x".repeat(64), true],
    ["x".repeat(65), false],
    ["", false],
    ["a.b", false],
    ["a b", false],
    ["Zoë", false],
    ["a\n", false],
    ["*", false],
    [">", false],
  ])("customer id %j: %p", (id, accepted) => {
    expect(customerIdV1.safeParse(id).success).toBe(accepted);
    expect(isSafeToken(id)).toBe(accepted);
  });
});

describe("kinds", () => {
  it("end a command or answer it, never both", () => {
    expect(outcomeKindV1.options.filter(isTerminal)).toEqual([...TERMINAL_OUTCOMES]);
  });

  it("count as a contact where the customer hears from the bank", () => {
    expect(CHANNELS.filter(isContact)).toEqual(["push", "sms", "email", "atm", "ivr", "inapp"]);
  });
});

describe("durations", () => {
  it.each([
    ["250ms", 250],
    ["30s", 30_000],
    ["15m", 900_000],
    ["12h", 43_200_000],
    ["2d", 172_800_000],
    ["0s", 0],
  ])("%s is %d ms", (text, ms) => {
    expect(durationV1.parse(text)).toBe(text);
    expect(durationMs(text)).toBe(ms);
  });

  it.each(["", "5", "d", "1.5h", "-1d", "1 d", "1w", "1D", "1d\n"])("%j is none", (text) => {
    expect(durationV1.safeParse(text).success).toBe(false);
    expect(() => durationMs(text)).toThrow(RangeError);
  });
});
