import { leaving, optOut, hold, later, noMessages, type Case } from "./events.js";

export const interceptionCases: readonly Case[] = [
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
];
