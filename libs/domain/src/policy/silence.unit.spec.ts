import { policyPackV1, type ContactAbout, type Engagement, type Purpose } from "#contracts";
import { judge } from "./judge.js";

const DAY = 86_400_000;
const NOW = 100 * DAY;
const pack = (rule: object) =>
  policyPackV1.parse({
    kind: "PolicyPack",
    id: "us",
    version: 1,
    description: "",
    source: "",
    rules: [
      { purpose: "collections", consent: "ignored", ...rule },
      { purpose: "marketing", consent: "ignored", suppressAfterIgnored: { count: 3, for: "30d" } },
      { purpose: "service", consent: "ignored" },
    ],
  });
const regF = pack({
  channels: ["ivr", "agent"],
  coolDown: [{ after: "conversation", for: "7d", per: "debt" }],
});
const judged = (
  engagement: Engagement,
  {
    purpose = "collections",
    channel = "ivr",
    about,
    packs = [regF],
  }: {
    purpose?: Purpose;
    channel?: "ivr" | "agent" | "sms";
    about?: ContactAbout;
    packs?: (typeof regF)[];
  } = {},
) =>
  judge({
    packs,
    copies: [{ seq: 1, consents: {}, holds: [] }],
    option: { purpose, urgent: true },
    channel,
    at: NOW,
    engagement,
    about,
  });
const conversation = (days: number, debt?: string): Engagement => ({
  last: [
    {
      what: "conversation",
      purpose: "collections",
      ...(debt === undefined ? {} : { debt }),
      at: NOW - days * DAY,
    },
  ],
});

describe("silences", () => {
  const silent = { verdict: "denied", reason: "cool_down", rule: "us/collections/coolDown/0" };
  const open = { verdict: "permitted", reason: "permitted" };

  it.each<[string, Engagement, ContactAbout | undefined, object]>([
    ["within 7 days", conversation(6, "a"), { debt: "a" }, { ...silent, until: NOW + DAY }],
    ["7 days later no more", conversation(7, "a"), { debt: "a" }, open],
    ["not about another debt", conversation(1, "a"), { debt: "b" }, open],
    ["when it is not known which debt was talked about", conversation(1), { debt: "b" }, silent],
    ["when it is not known which debt this is about", conversation(1, "a"), undefined, silent],
  ])("after a conversation %s", (_, engagement, about, expected) => {
    expect(judged(engagement, about ? { about } : {})).toMatchObject(expected);
  });

  it("hold on the channels of their rule, for an agent where it names them", () => {
    expect(judged(conversation(1), { channel: "agent" })).toMatchObject(silent);
    const everywhere = pack({ coolDown: [{ after: "conversation", for: "7d" }] });
    expect(judged(conversation(1), { channel: "sms", packs: [everywhere] })).toMatchObject(silent);
    expect(judged(conversation(1), { channel: "agent", packs: [everywhere] })).toMatchObject(open);
    const sms = pack({ coolDown: [{ after: "conversation", for: "7d", channels: ["sms"] }] });
    expect(judged(conversation(1), { channel: "ivr", packs: [sms] })).toMatchObject(open);
  });

  it("hold for their purpose; after a complaint for all that ask for it; service goes on", () => {
    expect(judged(conversation(1), { purpose: "service", channel: "sms" })).toMatchObject(open);
    const complaint: Engagement = { last: [{ what: "complaint", at: NOW - DAY }] };
    const packs = [pack({ coolDown: [{ after: "complaint", for: "2d" }] })];
    expect(judged(complaint, { packs, channel: "sms" })).toMatchObject(silent);
    expect(judged(complaint, { packs, channel: "sms", purpose: "marketing" })).toMatchObject(open);
  });

  it("last as long as the strictest says", () => {
    const packs = [
      pack({
        coolDown: [
          { after: "conversation", for: "2d" },
          { after: "conversation", for: "9d" },
        ],
      }),
    ];
    expect(judged(conversation(1), { packs, channel: "sms" })).toMatchObject({
      rule: "us/collections/coolDown/1",
      until: NOW + 8 * DAY,
    });
  });

  it.each([
    [2, 1, open],
    [
      3,
      1,
      {
        verdict: "denied",
        reason: "suppressed_ignored",
        rule: "us/marketing/suppressAfterIgnored",
        until: NOW + 29 * DAY,
      },
    ],
    [4, 30, open],
  ])("begin after %i ignored contacts, the last %i days ago", (n, days, expected) => {
    const engagement = { ignored: { marketing: { n, last: NOW - days * DAY } } };
    expect(judged(engagement, { purpose: "marketing", channel: "sms" })).toMatchObject(expected);
    expect(judged(engagement, { purpose: "service", channel: "sms" })).toMatchObject(open);
  });
});
