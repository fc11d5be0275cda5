import type { Command } from "#contracts";
import { testCaseOf } from "./sandbox-test-cases.js";

const order = (customerId: string, cardId?: string, acquirer?: string) => ({
  customerId,
  channel: "sms" as const,
  command: {
    event: { type: "t", time: 1, data: cardId === undefined ? {} : { cardId } },
    parameters: acquirer === undefined ? {} : { acquirer },
  } as unknown as Command,
});

describe("customers and cards whose fate is known", () => {
  it.each([
    ["acc-576", undefined],
    ["scenario-x-anna-1", "deliver"],
    ["scenario-x-anna-1__sms-reject", "reject"],
    ["scenario-x-anna-1__push-reject__sms-lost", "lost"],
    ["scenario-x-anna-1__push-reject", "deliver"],
    ["scenario-x-anna-1__sms-explode", "deliver"],
  ])("%s: %p", (customerId, fault) => expect(testCaseOf(order(customerId))?.fault).toBe(fault));

  it.each([
    ["test-approve-1", "acquirer-b", "deliver", undefined],
    ["test-decline-1", "acquirer-b", "reject", "05"],
    ["test-stop-1", "acquirer-b", "reject", "43"],
    ["test-only-acquirer-c-1", "acquirer-b", "reject", "05"],
    ["test-only-acquirer-c-1", "acquirer-c", "deliver", undefined],
  ])("card %s at %s: %s", (cardId, acquirer, fault, responseCode) => {
    const found = testCaseOf(order("acc-1", cardId, acquirer));
    expect(found?.fault).toBe(fault);
    expect(found?.result?.["responseCode"]).toBe(responseCode);
  });

  it("leaves real cards, and orders that name no acquirer, to chance", () => {
    expect(testCaseOf(order("acc-1", "9f3c", "acquirer-b"))).toBeUndefined();
    expect(testCaseOf(order("acc-1", "test-decline"))).toBeUndefined();
  });
});
