import { policyPackV1, type PolicyPackDefinition, type Profile } from "#contracts";
import { judge } from "./judge.js";
import { emptyProfile } from "./profile.js";

const utc = (text: string): number => Date.parse(text);
const WORKDAYS = ["mon", "tue", "wed", "thu", "fri"];
const MINUTE = 60_000;

function pack(rule: object): PolicyPackDefinition {
  const rules = ["marketing", "service", "collections"].map((purpose) => ({
    purpose,
    consent: "ignored",
    ...rule,
  }));
  return policyPackV1.parse({ kind: "PolicyPack", id: "p", version: 1, description: "", source: "", rules });
}
const calls = pack({
  channels: ["ivr", "agent"],
  contactTimes: { open: [{ days: WORKDAYS, from: "09:00", to: "18:00" }] },
  spread: "30m",
});
const all = pack({ consent: "ignored" });
const packs = [all, calls];

type Asked = Partial<Parameters<typeof judge>[0]["option"]> & {
  profile?: Partial<Profile>;
  channel?: "ivr" | "sms" | "agent" | "execute";
  at: string;
  customerId?: string;
  packs?: PolicyPackDefinition[];
};
function verdict({ purpose = "collections", urgent = false, channel = "ivr", at, profile, ...rest }: Asked) {
  const copies = [{ ...emptyProfile, seq: 1, ...profile }];
  return judge({ packs, copies, option: { purpose, urgent }, channel, at: utc(at), ...rest });
}
const PRAGUE = { timezone: "Europe/Prague" };
const SATURDAY = "2026-11-21T10:00:00Z";
const MONDAY_9 = utc("2026-11-23T08:00:00Z");

describe("contact times", () => {
  it("defer until the next opening, at the weekend until Monday", () => {
    expect(verdict({ at: SATURDAY, profile: PRAGUE })).toEqual({
      channel: "ivr",
      verdict: "deferred",
      reason: "outside_contact_times",
      rule: "p/collections/contactTimes",
      until: MONDAY_9,
    });
    expect(verdict({ at: "2026-11-20T16:59:59Z", profile: PRAGUE }).verdict).toBe("permitted");
    expect(verdict({ at: "2026-11-20T17:00:00Z", profile: PRAGUE }).verdict).toBe("deferred");
  });

  it("hold on the channels of their rule, and for a case for an agent where it is named", () => {
    expect(verdict({ at: SATURDAY, profile: PRAGUE, channel: "sms" }).verdict).toBe("permitted");
    expect(verdict({ at: SATURDAY, profile: PRAGUE, channel: "agent" }).verdict).toBe("deferred");
    expect(verdict({ at: SATURDAY, profile: PRAGUE, channel: "execute" }).verdict).toBe("permitted");
    const unnamed = pack({ contactTimes: { open: [{ days: ["mon"], from: "09:00", to: "18:00" }] } });
    const of = (channel: "agent" | "execute" | "sms") =>
      verdict({ at: SATURDAY, profile: PRAGUE, channel, packs: [unnamed] }).verdict;
    expect([of("agent"), of("execute"), of("sms")]).toEqual(["permitted", "permitted", "deferred"]);
  });

  it("are opened by urgency for service alone", () => {
    const of = (purpose: "service" | "marketing" | "collections") =>
      verdict({ at: SATURDAY, profile: PRAGUE, purpose, urgent: true }).verdict;
    expect([of("service"), of("marketing"), of("collections")]).toEqual([
      "permitted",
      "deferred",
      "deferred",
    ]);
  });

  it("need a rule that is about the channel: without one nothing is permitted", () => {
    expect(verdict({ at: SATURDAY, profile: PRAGUE, channel: "sms", packs: [calls] })).toMatchObject({
      verdict: "denied",
      reason: "policy_unavailable",
    });
  });

  it.each<[string, Partial<Profile>, string, string]>([
    // 09:00 in Honolulu is 14:00 in New York in winter, where 18:00 ends it.
    [
      "somewhere in the USA, at noon in New York",
      { country: "US" },
      "2026-11-23T17:00:00Z",
      "2026-11-23T19:00:00Z",
    ],
    ["somewhere in the USA, at 14:00 in New York", { country: "US" }, "2026-11-23T19:00:00Z", "permitted"],
    [
      "somewhere in the USA, at 18:00 in New York",
      { country: "US" },
      "2026-11-23T23:00:00Z",
      "2026-11-24T19:00:00Z",
    ],
    [
      "in Florida, at 09:30 in Miami and 08:30 in Pensacola",
      { region: "US-FL" },
      "2026-11-23T14:30:00Z",
      "2026-11-23T15:00:00Z",
    ],
    ["in Florida, at 10:00 in Miami", { region: "US-FL" }, "2026-11-23T15:00:00Z", "permitted"],
    ["in France, which has one zone", { country: "FR" }, "2026-11-23T08:00:00Z", "permitted"],
    [
      "with a zone that there is not",
      { country: "FR", timezone: "Europe/Atlantis" },
      "2026-11-23T08:00:00Z",
      "permitted",
    ],
  ])("without a time zone ask the clocks of the place: %s", (_, profile, at, expected) => {
    const v = verdict({ at, profile });
    expect(v.until === undefined ? v.verdict : new Date(v.until).toISOString().replace(".000", "")).toBe(
      expected,
    );
  });

  it("deny what is not service where no clock is known, and all where no hour is open on all of them", () => {
    for (const profile of [{}, { country: "XX" }, { timezone: "Europe/Atlantis" }])
      expect(verdict({ at: "2026-11-23T12:00:00Z", profile })).toMatchObject({
        verdict: "denied",
        reason: "no_timezone",
      });
    // Kaliningrad is ten hours behind Kamchatka.
    for (const purpose of ["service", "collections"] as const)
      expect(verdict({ at: "2026-11-23T08:00:00Z", profile: { country: "RU" }, purpose })).toMatchObject({
        verdict: "denied",
        reason: "no_timezone",
      });
    expect(verdict({ at: SATURDAY, profile: {}, purpose: "service" }).verdict).toBe("permitted");
  });
});

describe("what was deferred", () => {
  const releases = Array.from({ length: 3_000 }, (_, i) => {
    const v = verdict({ at: SATURDAY, profile: PRAGUE, customerId: `c-${i}` });
    return (v.until! - MONDAY_9) / MINUTE;
  });

  it("is let go spread over the span from the opening on, not all at once", () => {
    expect(Math.min(...releases)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...releases)).toBeLessThan(30);
    const perMinute = Array.from(
      { length: 30 },
      (_, m) => releases.filter((r) => Math.floor(r) === m).length,
    );
    // A hundred each on average; a fair spread stays within five standard deviations.
    for (const n of perMinute) expect(Math.abs(n - 100)).toBeLessThan(50);
  });

  it("comes together for one customer, and at another time on another day", () => {
    const of = (at: string) => verdict({ at, profile: PRAGUE, customerId: "c-1" }).until;
    expect(of("2026-11-20T20:00:00Z")).toBe(of("2026-11-22T03:00:00Z"));
    const monday = of(SATURDAY)! - MONDAY_9;
    const tuesday = of("2026-11-23T20:00:00Z")! - MONDAY_9 - 24 * 60 * MINUTE;
    expect(tuesday).not.toBe(monday);
  });

  it("is permitted when it is asked again then", () => {
    for (let i = 0; i < 50; i++) {
      const { until } = verdict({ at: SATURDAY, profile: PRAGUE, customerId: `c-${i}` });
      const again = { at: new Date(until!).toISOString(), profile: PRAGUE, customerId: `c-${i}` };
      expect(verdict(again).verdict).toBe("permitted");
    }
  });

  it("is let go while it is open, however short that is", () => {
    const narrow = pack({
      contactTimes: { open: [{ days: ["mon"], from: "09:00", to: "09:10" }] },
      spread: "2h",
    });
    const late = Array.from({ length: 200 }, (_, i) => {
      const v = verdict({ at: SATURDAY, profile: PRAGUE, packs: [narrow], customerId: `c-${i}` });
      return (v.until! - MONDAY_9) / MINUTE;
    });
    expect(Math.max(...late)).toBeLessThan(10);
    expect(Math.max(...late)).toBeGreaterThan(9);
  });
});
