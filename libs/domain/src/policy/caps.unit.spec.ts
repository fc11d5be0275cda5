import fc from "fast-check";
import { CHANNELS, PURPOSES, isContact, policyPackV1 } from "#contracts";
import { capReached, journeyCap, packCaps, type Cap, type CountedContact } from "./caps.js";

const DAY = 86_400_000;
const pack = policyPackV1.parse({
  kind: "PolicyPack",
  id: "house",
  version: 1,
  description: "",
  source: "",
  rules: [
    {
      purpose: "marketing",
      consent: "required",
      caps: [
        { count: 2, period: "7d" },
        { count: 1, period: "1d", channel: "sms" },
      ],
    },
    { purpose: "service", consent: "ignored" },
  ],
});
const caps = packCaps([pack], "marketing");
const contact = (at: number, c: Partial<CountedContact> = {}): CountedContact => ({
  at,
  purpose: "marketing",
  channels: ["push"],
  ...c,
});

describe("caps", () => {
  it("names the cap that is full", () => {
    expect(capReached(caps, [contact(0), contact(DAY)], { channel: "email", at: 2 * DAY })?.rule).toBe(
      "house/marketing/caps/0",
    );
    expect(capReached(caps, [contact(0, { channels: ["sms"] })], { channel: "sms", at: DAY - 1 })?.rule).toBe(
      "house/marketing/caps/1",
    );
    expect(
      capReached(caps, [contact(0, { channels: ["sms"] })], { channel: "push", at: DAY - 1 }),
    ).toBeUndefined();
  });

  it("frees a place exactly one period later", () => {
    const two = [contact(0), contact(0)];
    expect(capReached(caps, two, { channel: "push", at: 7 * DAY - 1 })).toBeDefined();
    expect(capReached(caps, two, { channel: "push", at: 7 * DAY })).toBeUndefined();
  });

  it("counts a journey's own contacts, whatever the purpose, and never what is no contact", () => {
    const cap = journeyCap({ journey: "rescue", count: 1, periodMs: DAY });
    const before = [contact(0, { purpose: "service", journey: "rescue" })];
    expect(capReached([cap], before, { channel: "push", at: 1 })?.reason).toBe("journey_cap_reached");
    expect(capReached([cap], [contact(0)], { channel: "push", at: 1 })).toBeUndefined();
    expect(capReached([cap], before, { channel: "agent", at: 1 })).toBeUndefined();
  });

  it("lets no rolling window rise above a cap, in whatever order the requests come (I6)", () => {
    const cap = fc.record({
      rule: fc.constant("r"),
      reason: fc.constant("cap_reached" as const),
      count: fc.integer({ min: 1, max: 4 }),
      periodMs: fc.integer({ min: 1, max: 60 }),
    });
    const extra = fc.record(
      { purpose: fc.constantFrom(...PURPOSES), channel: fc.constantFrom(...CHANNELS) },
      { requiredKeys: [] },
    );
    const someCaps = fc.array(
      fc.tuple(cap, extra).map(([a, b]): Cap => ({ ...a, ...b })),
      { minLength: 1, maxLength: 4 },
    );
    const request = fc.record({
      at: fc.nat(100),
      purpose: fc.constantFrom(...PURPOSES),
      channel: fc.constantFrom(...CHANNELS),
    });
    fc.assert(
      fc.property(someCaps, fc.array(request, { maxLength: 60 }), (all, requests) => {
        const taken: CountedContact[] = [];
        for (const { at, purpose, channel } of requests) {
          const apply = all.filter((c) => c.purpose === undefined || c.purpose === purpose);
          if (!isContact(channel) || capReached(apply, taken, { channel, at })) continue;
          taken.push({ at, purpose, channels: [channel] });
        }
        for (const c of all) {
          const counted = taken.filter(
            (t) =>
              (c.purpose === undefined || t.purpose === c.purpose) &&
              (c.channel === undefined || t.channels.includes(c.channel)),
          );
          for (const { at } of counted) {
            expect(counted.filter((t) => t.at >= at && t.at < at + c.periodMs).length).toBeLessThanOrEqual(
              c.count,
            );
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
