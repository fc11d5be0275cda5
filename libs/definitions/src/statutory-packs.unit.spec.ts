/** The packs that ship, at the minutes at which they change their mind, and docs/policy.md, which lists them. */
import { readFileSync } from "node:fs";
import { CHANNELS, type Channel, type Profile, type Purpose } from "#contracts";
import { emptyProfile, judge, packCaps, packsFor } from "#domain";
import { loadPolicyPacks } from "./load.js";
import { withPolicyTable } from "./policy-table.js";

const packs = loadPolicyPacks(".");
const consents = Object.fromEntries(CHANNELS.map((c) => [`marketing.${c}`, true]));

interface Asked {
  readonly profile: Partial<Profile>;
  readonly purpose: Purpose;
  readonly channel: Channel;
}
/** The verdict at a local time there, given with its offset; the rule where it is not permitted. */
function at(time: string, { profile, purpose, channel }: Asked): string {
  const copies = [{ ...emptyProfile, seq: 1, consents, ...profile }];
  const { verdict, rule } = judge({
    packs,
    copies,
    option: { purpose, urgent: false },
    channel,
    at: Date.parse(time),
  });
  return verdict === "permitted" ? verdict : `${verdict} ${rule}`;
}

const NEW_YORK = { country: "US", region: "US-NY", timezone: "America/New_York" };
const MIAMI = { country: "US", region: "US-FL", timezone: "America/New_York" };
const LONDON = { country: "GB", timezone: "Europe/London" };
const PARIS = { country: "FR", timezone: "Europe/Paris" };
const SYDNEY = { country: "AU", region: "AU-NSW", timezone: "Australia/Sydney" };
const TORONTO = { country: "CA", region: "CA-ON", timezone: "America/Toronto" };
const DELHI = { country: "IN", timezone: "Asia/Kolkata" };

type Case = [
  what: string,
  asked: Asked,
  closedBy: string,
  open: readonly string[],
  closed: readonly string[],
];
const call = (profile: Partial<Profile>, purpose: Purpose): Asked => ({ profile, purpose, channel: "agent" });

// Saturday 21 November 2026 and the days around it; winter time in the north, summer time in Sydney.
const cases: readonly Case[] = [
  [
    "US marketing calls, 08:00 to 21:00",
    call(NEW_YORK, "marketing"),
    "us-marketing/marketing/0/contactTimes",
    ["2026-11-21T08:00:00-05:00", "2026-11-22T20:59:59-05:00"],
    ["2026-11-21T07:59:59-05:00", "2026-11-22T21:00:00-05:00"],
  ],
  [
    "Florida marketing calls, 08:00 to 20:00",
    call(MIAMI, "marketing"),
    "us-florida/marketing/0/contactTimes",
    ["2026-11-21T08:00:00-05:00", "2026-11-22T19:59:59-05:00"],
    ["2026-11-21T07:59:59-05:00", "2026-11-22T20:00:00-05:00"],
  ],
  [
    "US collections calls, 08:00 to 21:00",
    call(NEW_YORK, "collections"),
    "us-collections/collections/0/contactTimes",
    ["2026-11-21T08:00:00-05:00", "2026-11-22T20:59:59-05:00"],
    ["2026-11-21T07:59:59-05:00", "2026-11-22T21:00:00-05:00"],
  ],
  [
    "UK collections calls, 08:00 to 20:00",
    call(LONDON, "collections"),
    "gb-collections/collections/0/contactTimes",
    ["2026-11-21T08:00:00Z", "2026-11-22T19:59:59Z"],
    ["2026-11-21T07:59:59Z", "2026-11-22T20:00:00Z"],
  ],
  [
    "French marketing calls, Monday to Friday, 10 to 13 and 14 to 20, not on public holidays",
    call(PARIS, "marketing"),
    "fr-marketing/marketing/1/contactTimes",
    [
      "2026-11-20T10:00:00+01:00",
      "2026-11-20T12:59:59+01:00",
      "2026-11-20T14:00:00+01:00",
      "2026-11-20T19:59:59+01:00",
    ],
    [
      "2026-11-20T09:59:59+01:00",
      "2026-11-20T13:00:00+01:00",
      "2026-11-20T13:59:59+01:00",
      "2026-11-20T20:00:00+01:00",
      "2026-11-21T11:00:00+01:00",
      "2026-11-22T11:00:00+01:00",
      "2026-11-11T11:00:00+01:00",
      "2026-12-25T11:00:00+01:00",
      "2026-05-14T11:00:00+02:00",
    ],
  ],
  [
    "Australian telemarketing, weekdays 9 to 20, Saturdays 9 to 17, not on public holidays",
    call(SYDNEY, "marketing"),
    "au-marketing/marketing/0/contactTimes",
    ["2026-11-20T09:00:00+11:00", "2026-11-20T19:59:59+11:00", "2026-11-21T16:59:59+11:00"],
    [
      "2026-11-20T08:59:59+11:00",
      "2026-11-20T20:00:00+11:00",
      "2026-11-21T17:00:00+11:00",
      "2026-11-22T12:00:00+11:00",
      "2026-12-25T12:00:00+11:00",
      "2026-01-26T12:00:00+11:00",
    ],
  ],
  [
    "Australian collections, weekdays 7:30 to 21, weekends 9 to 21, not on public holidays",
    call(SYDNEY, "collections"),
    "au-collections/collections/0/contactTimes",
    ["2026-11-20T07:30:00+11:00", "2026-11-20T20:59:59+11:00", "2026-11-22T09:00:00+11:00"],
    [
      "2026-11-20T07:29:59+11:00",
      "2026-11-20T21:00:00+11:00",
      "2026-11-21T08:59:59+11:00",
      "2026-12-28T12:00:00+11:00",
    ],
  ],
  [
    "Canadian telemarketing, weekdays 9 to 21:30, weekends 10 to 18",
    call(TORONTO, "marketing"),
    "ca-marketing/marketing/0/contactTimes",
    [
      "2026-11-20T09:00:00-05:00",
      "2026-11-20T21:29:59-05:00",
      "2026-11-21T10:00:00-05:00",
      "2026-11-22T17:59:59-05:00",
    ],
    [
      "2026-11-20T08:59:59-05:00",
      "2026-11-20T21:30:00-05:00",
      "2026-11-21T09:59:59-05:00",
      "2026-11-22T18:00:00-05:00",
    ],
  ],
  [
    "Canadian collections, 7 to 21, Sundays 13 to 17, not on holidays",
    call(TORONTO, "collections"),
    "ca-collections/collections/contactTimes",
    [
      "2026-11-20T07:00:00-05:00",
      "2026-11-21T20:59:59-05:00",
      "2026-11-22T13:00:00-05:00",
      "2026-11-22T16:59:59-05:00",
    ],
    [
      "2026-11-20T06:59:59-05:00",
      "2026-11-22T12:59:59-05:00",
      "2026-11-22T17:00:00-05:00",
      "2026-11-11T12:00:00-05:00",
    ],
  ],
  [
    "Indian collections, 8 to 19",
    call(DELHI, "collections"),
    "in-collections/collections/contactTimes",
    ["2026-11-20T08:00:00+05:30", "2026-11-22T18:59:59+05:30"],
    ["2026-11-20T07:59:59+05:30", "2026-11-22T19:00:00+05:30"],
  ],
];

describe("the packs that ship", () => {
  it.each(cases)("%s", (_, asked, closedBy, open, closed) => {
    expect(open.map((t) => `${t} ${at(t, asked)}`)).toEqual(open.map((t) => `${t} permitted`));
    expect(closed.map((t) => `${t} ${at(t, asked)}`)).toEqual(closed.map((t) => `${t} deferred ${closedBy}`));
  });

  it("hold the house's own hours too, on the channels that wake somebody", () => {
    const sms: Asked = { profile: SYDNEY, purpose: "collections", channel: "sms" };
    expect(at("2026-11-20T07:45:00+11:00", sms)).toBe("deferred default/collections/quietHours");
    expect(at("2026-11-20T20:30:00+11:00", sms)).toBe("deferred default/collections/quietHours");
    expect(at("2026-11-20T12:00:00+11:00", sms)).toBe("permitted");
  });

  it.each<[string, Asked, string]>([
    ["French calls, since 11 August 2026", call(PARIS, "marketing"), "denied default/marketing/consent"],
    [
      "British calls by a machine",
      { profile: LONDON, purpose: "marketing", channel: "ivr" },
      "denied default/marketing/consent",
    ],
  ])("need a consent: %s", (_, asked, expected) => {
    expect(at("2026-11-20T12:00:00Z", { ...asked, profile: { ...asked.profile, consents: {} } })).toBe(
      expected,
    );
  });

  it("collect nothing in a British breathing space, until it is over", () => {
    const until = Date.parse("2026-12-20T00:00:00Z");
    const holds = [{ kind: "moratorium" as const, since: 0, until }];
    const asked: Asked = { profile: { ...LONDON, holds }, purpose: "collections", channel: "sms" };
    expect(at("2026-12-19T12:00:00Z", asked)).toBe("denied built-in/collections/holds");
    expect(at("2026-12-21T12:00:00Z", asked)).toBe("permitted");
    expect(at("2026-12-19T12:00:00Z", { ...asked, purpose: "service" })).toBe("permitted");
  });

  it("say nothing of service messages but how often those may come in the USA", () => {
    for (const profile of [NEW_YORK, LONDON, PARIS, SYDNEY, TORONTO, DELHI, {}])
      for (const channel of CHANNELS)
        expect(
          at("2026-11-22T12:00:00Z", {
            profile: { timezone: "UTC", ...profile },
            purpose: "service",
            channel,
          }),
        ).toMatch(/^permitted|^deferred default\//);
    const capsOf = (profile: Partial<Profile>) =>
      packCaps(packsFor(packs, "service", [{ ...emptyProfile, ...profile }]), "service").map((c) => c.rule);
    expect(capsOf(NEW_YORK)).toEqual(["default/service/caps/0", "us-alerts/service/caps/0"]);
    expect(capsOf(PARIS)).toEqual(["default/service/caps/0"]);
  });

  it("keep a customer of whom nothing is known from all that is not service", () => {
    for (const channel of CHANNELS.filter((c) => !["inapp", "execute", "atm"].includes(c))) {
      const asked = { profile: {}, channel };
      expect(at("2026-11-20T12:00:00Z", { ...asked, purpose: "marketing" })).toMatch(
        /^denied .*(Hours|Times)$/,
      );
      expect(at("2026-11-20T12:00:00Z", { ...asked, purpose: "collections" })).toMatch(
        /^denied .*(Hours|Times)$/,
      );
    }
  });

  it("name a source for each rule of the law", () => {
    const without = packs
      .filter((p) => p.appliesTo)
      .flatMap((p) => p.rules.filter((r) => !r.source).map(() => p.id));
    expect(without).toEqual([]);
  });

  it("are listed in docs/policy.md as they are", () => {
    const page = readFileSync("docs/policy.md", "utf8");
    if (page !== withPolicyTable(page, packs))
      throw new Error(
        'the table in docs/policy.md is not what the packs say: run "npm run build && node scripts/policy-table.mjs"',
      );
  });
});
