import { RESPONSE_OUTCOMES } from "#contracts";
import { settlement } from "./settlement.js";

describe("settlement of the contact budget", () => {
  it.each([
    ["delivered", "receipt", [], "sent"],
    ["unknown", "interrupted", [], "sent"],
    ["failed", "rejected", [], "released"],
    ["expired", "expired", [], "released"],
    ["suppressed", "hold_fraud", ["rejected"], "released"],
    ["failed", "no_receipt", [], "sent"],
    ["failed", "rejected", ["no_receipt"], "sent"],
    ["suppressed", "consent_refused", ["no_receipt"], "sent"],
  ] as const)("%s (%s) after legs %j: %s", (kind, reason, legs, expected) => {
    const tried = legs.map((r) => ({ channel: "sms" as const, reason: r }));
    expect(settlement({ kind, reason, tried })).toBe(expected);
  });

  it("is not changed by what the customer does later", () => {
    for (const kind of RESPONSE_OUTCOMES)
      expect(settlement({ kind, reason: "customer", tried: [] })).toBeUndefined();
  });
});
