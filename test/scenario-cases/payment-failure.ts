import { declined, optOut, hold, later, smsDown, type Case } from "./events.js";

export const paymentFailureCases: readonly Case[] = [
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
];
