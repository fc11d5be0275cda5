import { bought, issued, activated, optOut, later, noMessages, smsDown, type Case } from "./events.js";

export const onboardingCases: readonly Case[] = [
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
        commands: ["5d card-activation-reminder email delivered", "12d card-activation-reminder sms failed"],
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
];
