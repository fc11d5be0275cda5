import { bought, optOut, later, smsDown, type Case } from "./events.js";

export const crossSellCases: readonly Case[] = [
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
];
