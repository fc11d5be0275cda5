import { calculated, page, left, optOut, later, lending, smsDown, type Case } from "./events.js";

export const lendingCases: readonly Case[] = [
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
];
