/** What happens in the scenarios under test: what bank systems tell, what customers do, what does not work. */

/** What a bank system tells, and how it is abbreviated here. */
export const declined = (more: object = {}): object => ({
  at: "0m",
  event: "card.payment.declined",
  data: {
    paymentId: "p1",
    cardId: "test-approve",
    scheme: "visa",
    amountMinor: 8_990,
    currency: "EUR",
    responseCode: "91",
    acquirer: "acquirer-a",
    ...more,
  },
});
export const calculated = (at: string, amountMinor = 900_000): object => ({
  at,
  event: "loan.calculator.used",
  data: { amountMinor, currency: "EUR", attributes: { loanAmountMinor: amountMinor } },
});
export const page = { at: "0m", event: "loan.page.viewed" };
export const left = { at: "20m", event: "web.session.ended" };
export const bought = (at: string, mcc: string, cardId = "k1"): object => ({
  at,
  event: "card.purchased",
  data: { cardId, mcc, amountMinor: 6_400, currency: "EUR" },
});
export const issued = (at = "0m", cardId = "k1"): object => ({ at, event: "card.issued", data: { cardId } });
export const activated = (at: string, cardId = "k1"): object => ({
  at,
  event: "card.activated",
  data: { cardId },
});
export const leaving = (at: string, answer: string | null, transferId = "t1", times = 1): object => ({
  at,
  times,
  asks: "transfer.initiated",
  data: {
    transferId,
    amountMinor: 2_000_000,
    balanceBeforeMinor: 2_500_000,
    currency: "EUR",
    destinationBank: "external",
  },
  answer,
});
export const optOut = (at: string): object => ({
  at,
  event: "consent.changed",
  data: { purpose: "marketing", channel: "*", granted: false },
});
export const hold = (at: string, kind: string): object => ({ at, event: "hold.placed", data: { kind } });
export const later = (at: string): object => ({ at, passes: "time" });
export const lending = { attributes: { loanLimitMinor: 2_000_000, balanceMinor: 310_000 } };
export const noMessages = { faults: { push: "reject", sms: "reject", email: "reject" } };
export const smsDown = { faults: { push: "reject", sms: "reject" } };

export type Case = readonly [what: string, customer: object];
