/** What stands in the way of each moment, and what must come of it all the same. */

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
const activated = (at: string, cardId = "k1"): object => ({ at, event: "card.activated", data: { cardId } });
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
const optOut = (at: string): object => ({
  at,
  event: "consent.changed",
  data: { purpose: "marketing", channel: "*", granted: false },
});
const hold = (at: string, kind: string): object => ({ at, event: "hold.placed", data: { kind } });
export const later = (at: string): object => ({ at, passes: "time" });
export const lending = { attributes: { loanLimitMinor: 2_000_000, balanceMinor: 310_000 } };
const noMessages = { faults: { push: "reject", sms: "reject", email: "reject" } };
const smsDown = { faults: { push: "reject", sms: "reject" } };

type Case = readonly [what: string, customer: object];

/** Per moment; each customer with what must come of it. */
export const CASES: Readonly<Record<string, readonly Case[]>> = {
  "payment failure": [
    [
      "messages refused: put right all the same, without a word",
      {
        consents: "no-messages",
        timeline: [declined(), later("5d")],
        expect: {
          commands: ["0m card-payment-retry execute delivered"],
          ends: ["card-payment-rescue resolved"],
        },
      },
    ],
    [
      "push and SMS down: it goes by email",
      {
        ...smsDown,
        timeline: [declined({ responseCode: "43" }), later("5d")],
        expect: {
          commands: ["0m card-payment-explain email delivered", "0m card-payment-advice agent delivered"],
          ends: ["card-payment-rescue handed-over"],
        },
      },
    ],
    [
      "told three times under one id: once (I1)",
      {
        timeline: [{ ...declined(), times: 3 }, later("5d")],
        expect: {
          commands: [
            "0m card-payment-explain push delivered",
            "0m card-payment-retry execute delivered",
            "0m card-payment-resolved push delivered",
          ],
          ends: ["card-payment-rescue resolved"],
        },
      },
    ],
    [
      "advertising refused between the tries: a service is none, it goes on",
      {
        timeline: [declined({ cardId: "test-only-acquirer-c-a" }), optOut("1h"), later("5d")],
        expect: {
          commands: [
            "0m card-payment-explain push delivered",
            "0m card-payment-retry execute failed",
            "6h card-payment-retry execute delivered",
            "6h card-payment-resolved push delivered",
          ],
          ends: ["card-payment-rescue resolved"],
        },
      },
    ],
    [
      "wants nothing at all any more between the tries: no try and no word follow",
      {
        timeline: [declined({ cardId: "test-only-acquirer-c-b" }), hold("1h", "opt-out"), later("5d")],
        expect: {
          commands: ["0m card-payment-explain push delivered", "0m card-payment-retry execute failed"],
          ends: ["card-payment-rescue hold-placed"],
        },
      },
    ],
    [
      "paid in another way before the next try: said once, and no try follows",
      {
        timeline: [
          declined({ cardId: "test-decline" }),
          { at: "2h", event: "card.payment.succeeded", data: { paymentId: "p1" } },
          later("5d"),
        ],
        expect: {
          commands: [
            "0m card-payment-explain push delivered",
            "0m card-payment-retry execute failed",
            "2h card-payment-resolved push delivered",
          ],
          ends: ["card-payment-rescue resolved"],
        },
      },
    ],
    [
      "another payment succeeds: it is not this one's business",
      {
        timeline: [
          declined({ responseCode: "51" }),
          { at: "2h", event: "card.payment.succeeded", data: { paymentId: "p2" } },
          { at: "3h", event: "card.payment.cancelled", data: { paymentId: "p1" } },
          later("9d"),
        ],
        expect: {
          commands: ["0m card-payment-explain push delivered", "0m card-payment-reschedule push delivered"],
          ends: ["card-payment-rescue cancelled"],
        },
      },
    ],
    [
      "no acquirer accepts: four tries on the first day, then another date",
      {
        timeline: [declined({ cardId: "test-decline" }), later("9d")],
        expect: {
          commands: [
            "0m card-payment-explain push delivered",
            "0m card-payment-retry execute failed",
            "6h card-payment-retry execute failed",
            "12h card-payment-retry execute failed",
            // Half past eleven at night: urgent, so said all the same.
            "18h card-payment-retry execute failed",
            "18h card-payment-reschedule push delivered",
          ],
          ends: ["card-payment-rescue no-answer"],
        },
      },
    ],
    [
      "the issuer says never at the second try: none follows, another card is asked for",
      {
        timeline: [
          declined({ cardId: "test-stop" }),
          { at: "8h", event: "card.updated", data: { cardId: "k2" } },
          later("9d"),
        ],
        expect: {
          commands: [
            "0m card-payment-explain push delivered",
            "0m card-payment-retry execute failed",
            "6h card-payment-retry execute failed",
            "6h card-update push delivered",
          ],
          ends: ["card-payment-rescue card-updated"],
        },
      },
    ],
    [
      "two payments side by side, each with its own ending",
      {
        timeline: [
          declined({ responseCode: "51" }),
          { ...declined({ paymentId: "p2", amountMinor: 100 }), at: "1h" },
          { at: "1d", event: "card.payment.cancelled", data: { paymentId: "p1" } },
          later("9d"),
        ],
        expect: {
          commands: [
            "0m card-payment-explain push delivered",
            "0m card-payment-reschedule push delivered",
            "1h card-payment-explain push delivered",
            "1h card-payment-retry execute delivered",
            "1h card-payment-resolved push delivered",
          ],
          ends: ["card-payment-rescue resolved", "card-payment-rescue cancelled"],
        },
      },
    ],
  ],
  lending: [
    [
      "no consent on record: nothing is offered",
      {
        ...lending,
        consents: "none",
        timeline: [page, calculated("5m"), left, later("40d")],
        expect: { ends: ["loan-interest gone-quiet"], silent: ["match no_consent_record"] },
      },
    ],
    [
      "opts out after the first offer: the second never comes",
      {
        ...lending,
        timeline: [page, calculated("5m"), left, optOut("1d"), later("40d")],
        expect: { commands: ["20m loan-offer push delivered"], ends: ["loan-interest opted_out"] },
      },
    ],
    [
      "push and SMS down: the offer goes by email",
      {
        ...lending,
        ...smsDown,
        timeline: [page, calculated("5m"), left, { at: "1h", does: "declined" }, later("40d")],
        expect: { commands: ["20m loan-offer email delivered"], ends: ["loan-interest declined"] },
      },
    ],
    [
      "comes a second time within 30 days, and a third after it: once, and once more",
      {
        ...lending,
        timeline: [
          page,
          calculated("5m"),
          left,
          { at: "1h", does: "declined" },
          { ...page, at: "9d 23h 55m" },
          calculated("10d"),
          { ...page, at: "31d 23h 55m" },
          calculated("32d"),
          { at: "32d 1h", does: "converted" },
          later("70d"),
        ],
        expect: {
          commands: ["20m loan-offer push delivered", "32d 30m loan-offer push delivered"],
          ends: ["loan-interest declined", "loan-interest accepted"],
          refused: ["loan-interest entered_too_recently"],
        },
      },
    ],
    [
      "told three times under one id that the loan was worked out: one offer",
      {
        ...lending,
        timeline: [
          page,
          { ...calculated("5m"), times: 3 },
          { ...left, times: 3 },
          { at: "1h", does: "declined" },
          later("40d"),
        ],
        expect: { commands: ["20m loan-offer push delivered"], ends: ["loan-interest declined"] },
      },
    ],
    [
      "told twice under one id, and never on the page before: nothing",
      {
        ...lending,
        timeline: [{ ...calculated("5m"), times: 2 }, later("40d")],
        expect: {},
      },
    ],
  ],
  "cross-sell": [
    [
      "no consent on record: decided, and nothing said",
      {
        consents: "none",
        timeline: [bought("0m", "5541"), later("20d")],
        expect: { ends: ["purchase-cross-sell not-offered"], silent: ["offer no_consent_record"] },
      },
    ],
    [
      "opts out between two purchases",
      {
        timeline: [bought("0m", "5541"), optOut("1h"), bought("1d", "4722"), later("20d")],
        expect: {
          commands: ["0m fuel-card push delivered"],
          ends: ["purchase-cross-sell opted_out"],
          refused: ["purchase-cross-sell opted_out"],
        },
      },
    ],
    [
      "push and SMS down: said not at all, rather than by mail a day later",
      {
        ...smsDown,
        timeline: [bought("0m", "5541"), later("20d")],
        expect: { commands: ["0m fuel-card sms failed"], ends: ["purchase-cross-sell not-delivered"] },
      },
    ],
    [
      "at night: not said, and not in the morning either",
      {
        timeline: [bought("14h", "5541"), later("20d")],
        expect: { ends: ["purchase-cross-sell not-offered"], silent: [] },
      },
    ],
    [
      "the same purchase told twice, another one soon, and one after 90 days",
      {
        timeline: [
          { ...bought("0m", "5541"), times: 2 },
          bought("5d", "5542"),
          bought("95d", "5541"),
          later("120d"),
        ],
        expect: {
          commands: ["0m fuel-card push delivered", "95d fuel-card push delivered"],
          ends: ["purchase-cross-sell no-answer", "purchase-cross-sell no-answer"],
          refused: ["purchase-cross-sell already_in_journey"],
        },
      },
    ],
  ],
  onboarding: [
    [
      "no consent on record: help goes on, an incentive is not offered",
      {
        consents: "none",
        timeline: [issued(), activated("6d"), later("80d")],
        expect: {
          commands: ["5d card-activation-reminder push delivered"],
          ends: ["card-onboarding not-used"],
          silent: ["incentive no_consent_record"],
        },
      },
    ],
    [
      "messages refused: nothing is said, and the journey ends in its time",
      {
        consents: "no-messages",
        timeline: [issued(), later("80d")],
        expect: {
          ends: ["card-onboarding not-activated"],
          silent: ["nudge consent_refused", "nudge-again consent_refused"],
        },
      },
    ],
    [
      "push and SMS down: the first nudge goes by email, the second finds no other channel",
      {
        ...smsDown,
        timeline: [issued(), later("80d")],
        expect: {
          commands: [
            "5d card-activation-reminder email delivered",
            "12d card-activation-reminder sms failed",
          ],
          ends: ["card-onboarding not-activated"],
        },
      },
    ],
    [
      "opts out after the reward was promised: the promise is kept, advertising ends",
      {
        timeline: [issued(), activated("1d"), optOut("9d"), bought("10d", "5411"), later("80d")],
        expect: {
          commands: [
            "8d first-purchase-reward push delivered",
            "10d reward-grant execute delivered",
            "10d reward-granted push delivered",
          ],
          ends: ["card-onboarding drifted"],
          silent: ["fallen consent_refused"],
        },
      },
    ],
    [
      "no messages at all go through: the journey waits and ends all the same",
      {
        ...noMessages,
        timeline: [issued(), later("80d")],
        expect: {
          commands: ["5d card-activation-reminder sms failed"],
          ends: ["card-onboarding not-activated"],
        },
      },
    ],
    [
      "two cards side by side, one of them used",
      {
        timeline: [
          issued("0m"),
          issued("1h", "k2"),
          activated("1d"),
          bought("2d", "5411"),
          { at: "3d", event: "card.closed", data: { cardId: "k1" } },
          later("60d"),
        ],
        expect: {
          commands: [
            "5d 1h card-activation-reminder push delivered",
            "12d 1h card-activation-reminder email delivered",
          ],
          ends: ["card-onboarding card-closed", "card-onboarding not-activated"],
        },
      },
    ],
    [
      "the same card told twice, and once more under another id",
      {
        timeline: [
          { ...issued(), times: 2 },
          issued("1d"),
          { at: "2d", event: "card.closed", data: { cardId: "k1" } },
          later("60d"),
        ],
        expect: {
          ends: ["card-onboarding card-closed"],
          refused: ["card-onboarding key_entered_before"],
        },
      },
    ],
  ],
  interception: [
    [
      "no consent on record: the transfer goes, and nothing is shown",
      {
        consents: "none",
        timeline: [leaving("0m", null), later("1d")],
        expect: { ends: ["transfer-interception not-offered"], silent: ["offer no_consent_record"] },
      },
    ],
    [
      "opted out since the last one: nothing",
      {
        timeline: [leaving("0m", "keep-savings-rate"), optOut("1d"), leaving("2d", null, "t2"), later("3d")],
        expect: {
          commands: ["0m keep-savings-rate inapp delivered"],
          ends: ["transfer-interception no-answer"],
          refused: ["transfer-interception opted_out"],
        },
      },
    ],
    [
      "every other channel down: the app shows it all the same",
      {
        ...noMessages,
        timeline: [leaving("0m", "keep-savings-rate"), later("1d")],
        expect: {
          commands: ["0m keep-savings-rate inapp delivered"],
          ends: ["transfer-interception no-answer"],
        },
      },
    ],
    [
      "asked three times about one event: the same answer, shown once (I1)",
      {
        timeline: [leaving("0m", "keep-savings-rate", "t1", 3), later("1d")],
        expect: {
          commands: ["0m keep-savings-rate inapp delivered"],
          ends: ["transfer-interception no-answer"],
        },
      },
    ],
    [
      "asked once more about the same transfer, and days later about another: not again, and again",
      {
        timeline: [
          leaving("0m", "keep-savings-rate"),
          leaving("2d", null),
          leaving("3d", "keep-savings-rate", "t2"),
          later("4d"),
        ],
        expect: {
          commands: ["0m keep-savings-rate inapp delivered", "3d keep-savings-rate inapp delivered"],
          ends: ["transfer-interception no-answer", "transfer-interception no-answer"],
          refused: ["transfer-interception key_entered_before"],
        },
      },
    ],
    [
      "a fraud hold: a person has the case, and nothing is offered",
      {
        timeline: [hold("0m", "fraud"), leaving("1h", null), later("1d")],
        expect: {
          commands: ["0m fraud-care agent delivered"],
          refused: ["transfer-interception hold_fraud"],
        },
      },
    ],
  ],
};
