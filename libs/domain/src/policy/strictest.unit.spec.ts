/** What holds for all packs: the strictest wins, missing data permits nothing, and purposes keep to themselves. */
import fc from "fast-check";
import {
  CHANNELS,
  COOLS_DOWN,
  HOLDS,
  PURPOSES,
  WEEKDAYS,
  isContact,
  policyPackV1,
  type Channel,
  type ContactAbout,
  type Engagement,
  type EvaluateRequest,
  type PolicyPackDefinition,
  type Profile,
  type Purpose,
} from "#contracts";
import type { CountedContact } from "./caps.js";
import { evaluate } from "./evaluate.js";
import { emptyProfile } from "./profile.js";

const DAY = 86_400_000;
const HOUR = 3_600_000;
const NOW = Date.parse("2026-11-01T12:00:00Z");
/** Each zone is in its region, which is in its country. */
const PLACES = [
  { country: "US", region: "US-FL", timezone: "America/New_York" },
  { country: "US", region: "US-CA", timezone: "America/Los_Angeles" },
  { country: "FR", region: "FR-75", timezone: "Europe/Paris" },
  { country: "CA", region: "CA-BC", timezone: "America/Vancouver" },
  { country: "RU", region: "RU-MOW", timezone: "Europe/Moscow" },
  { country: "AU", region: "AU-NSW", timezone: "Australia/Sydney" },
] as const;

const time = fc.integer({ min: 0, max: 23 }).map((h) => `${String(h).padStart(2, "0")}:30`);
const hours = fc.record({ from: time, to: time }).filter((h) => h.from !== h.to);
const anyRule = fc.record(
  {
    purpose: fc.constantFrom(...PURPOSES),
    channels: fc.uniqueArray(fc.constantFrom(...CHANNELS), { minLength: 1 }),
    consent: fc.constantFrom("required" as const, "not-refused" as const, "ignored" as const),
    blockedBy: fc.uniqueArray(fc.constantFrom(...HOLDS), { maxLength: 3 }),
    quietHours: hours,
    contactTimes: fc
      .array(fc.tuple(fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 3 }), hours), {
        minLength: 1,
        maxLength: 3,
      })
      .map((windows) => ({
        open: windows.map(([days, { from, to }]) =>
          from < to ? { days, from, to } : { days, from: to, to: from },
        ),
      })),
    caps: fc.array(
      fc
        .record(
          {
            count: fc.integer({ min: 1, max: 3 }),
            window: fc.constantFrom(
              { period: "1h" },
              { period: "7d" },
              { calendar: "day" },
              { calendar: "week" },
            ),
            per: fc.constantFrom("debt", "event"),
          },
          { requiredKeys: ["count", "window"] },
        )
        .map(({ window, ...cap }) => ({ ...cap, ...window })),
      { maxLength: 2 },
    ),
    coolDown: fc.constantFrom(
      [{ after: "refusal", for: "30d" }],
      [{ after: "conversation", for: "7d", per: "debt" }],
    ),
  },
  { requiredKeys: ["purpose", "consent"] },
);
const anyPack = (id: string): fc.Arbitrary<PolicyPackDefinition> =>
  fc
    .record(
      {
        rules: fc.array(anyRule, { minLength: 1, maxLength: 4 }),
        appliesTo: fc.oneof(
          fc.record({ countries: fc.subarray(["US", "FR", "CA", "AU"], { minLength: 1 }) }),
          fc.record({ regions: fc.constant(["US-FL"]) }),
        ),
      },
      { requiredKeys: ["rules"] },
    )
    .map((p) =>
      policyPackV1.parse({ kind: "PolicyPack", id, version: 1, description: "", source: "", ...p }),
    );
/** Every installation has one like it: a rule for every purpose, everywhere. */
const house = policyPackV1.parse({
  kind: "PolicyPack",
  id: "house",
  version: 1,
  description: "",
  source: "",
  rules: [
    { purpose: "marketing", consent: "required", blockedBy: ["opt-out"] },
    { purpose: "service", consent: "not-refused" },
    { purpose: "collections", consent: "not-refused" },
  ],
});
const anyPacks = fc
  .tuple(anyPack("a"), anyPack("b"), anyPack("c"))
  .chain((packs) => fc.subarray(packs).map((some) => [house, ...some]));

const anyProfile = fc
  .record({
    place: fc.constantFrom(...PLACES),
    known: fc.subarray(["country", "region", "timezone"] as const),
    consents: fc.dictionary(
      fc.tuple(fc.constantFrom(...PURPOSES), fc.constantFrom(...CHANNELS)).map(([p, c]) => `${p}.${c}`),
      fc.boolean(),
      { maxKeys: 24 },
    ),
    holds: fc.uniqueArray(fc.constantFrom(...HOLDS), { maxLength: 1 }),
  })
  .map(({ place, known, consents, holds }): Profile => ({
    ...emptyProfile,
    seq: 1,
    ...Object.fromEntries(known.map((k) => [k, place[k]])),
    consents,
    holds: holds.map((kind) => ({ kind, since: 0 })),
  }));
const anyAbout = fc.record(
  { event: fc.constantFrom("a", "b"), debt: fc.constantFrom("1", "2") },
  { requiredKeys: [] },
);
const anyContacts = fc.array(
  fc.record({
    about: anyAbout,
    at: fc.integer({ min: 0, max: 8 * 24 }).map((h) => NOW - h * HOUR),
    purpose: fc.constantFrom(...PURPOSES),
    channels: fc.constantFrom(...CHANNELS.filter(isContact)).map((c): Channel[] => [c]),
  }),
  { maxLength: 5 },
);
interface Question {
  readonly profile: Profile;
  readonly contacts: readonly CountedContact[];
  readonly about: ContactAbout;
  readonly engagement: Engagement;
  readonly purpose: Purpose;
  readonly urgent: boolean;
  readonly at: number;
}
const anyQuestion: fc.Arbitrary<Question> = fc.record({
  profile: anyProfile,
  contacts: anyContacts,
  about: anyAbout,
  engagement: fc
    .array(
      fc.record(
        {
          what: fc.constantFrom(...COOLS_DOWN),
          purpose: fc.constantFrom(...PURPOSES),
          debt: fc.constantFrom("1", "2"),
          at: fc.integer({ min: 0, max: 40 }).map((d) => NOW - d * DAY),
        },
        { requiredKeys: ["what", "at"] },
      ),
      { maxLength: 2 },
    )
    .map((last) => ({ last })),
  purpose: fc.constantFrom(...PURPOSES),
  urgent: fc.boolean(),
  at: fc.integer({ min: 0, max: 7 * 24 * 4 }).map((q) => NOW + (q * DAY) / 96),
});

const RANK = { denied: 0, deferred: 1, permitted: 2 } as const;
/** The verdict on each channel, in their order. */
function verdicts(packs: readonly PolicyPackDefinition[], q: Question) {
  const request: EvaluateRequest = {
    decisionId: "d",
    customerId: "c",
    at: q.at,
    options: CHANNELS.map((channel) => ({
      action: channel,
      purpose: q.purpose,
      channels: [channel],
      urgent: q.urgent,
    })),
    profile: q.profile,
    about: q.about,
    engagement: q.engagement,
  };
  return CHANNELS.map((channel) => {
    const only = { ...request, options: request.options.filter((o) => o.action === channel) };
    return evaluate(only, { packs, copies: [q.profile], contacts: q.contacts }).verdicts[0]!;
  });
}

describe("whatever the packs are", () => {
  it("the strictest wins: a pack more never permits more", () => {
    let stricter = 0;
    fc.assert(
      fc.property(anyPacks, anyPack("d"), fc.nat(3), anyQuestion, (packs, more, where, q) => {
        const before = verdicts(packs, q);
        const after = verdicts([...packs.slice(0, where), more, ...packs.slice(where)], q);
        for (const [i, v] of after.entries()) {
          const was = before[i]!;
          // A deferral may turn out to have no end, or the other way a cap is asked about only when it is open.
          if (v.verdict === "permitted") expect(was.verdict).toBe("permitted");
          if (RANK[v.verdict] < RANK[was.verdict]) stricter++;
          if (was.verdict === "deferred" && v.verdict === "deferred")
            expect(v.until).toBeGreaterThanOrEqual(was.until!);
        }
      }),
      { numRuns: 500 },
    );
    expect(stricter).toBeGreaterThan(150);
  });

  it("missing data never permits marketing, nor collections: what is permitted without it is permitted with it", () => {
    let refused = 0;
    fc.assert(
      fc.property(
        anyPacks,
        anyQuestion.filter((q) => q.purpose !== "service"),
        fc.constantFrom(...PLACES),
        (packs, q, place) => {
          // All that there is to know of them, and then less.
          const known = { ...q, profile: { ...q.profile, ...place } };
          const whole = verdicts(packs, known);
          for (const missing of [
            ["timezone"],
            ["region"],
            ["country"],
            ["country", "region"],
            ["timezone", "region"],
            ["timezone", "country", "region"],
          ] as const) {
            const profile = { ...known.profile };
            for (const field of missing) delete profile[field];
            for (const [i, v] of verdicts(packs, { ...known, profile }).entries()) {
              if (v.verdict === "permitted")
                expect([missing, whole[i]!.verdict]).toEqual([missing, "permitted"]);
              else if (whole[i]!.verdict === "permitted") refused++;
            }
          }
          if (q.purpose !== "marketing") return;
          for (const v of verdicts(packs, { ...known, profile: { ...known.profile, consents: {} } }))
            expect(v.verdict).toBe("denied");
        },
      ),
      { numRuns: 250 },
    );
    expect(refused).toBeGreaterThan(30);
  });

  it("service messages are never blocked by rules of other purposes, nor by what was said for those", () => {
    fc.assert(
      fc.property(anyPacks, anyQuestion, (packs, q) => {
        const service = { ...q, purpose: "service" as const };
        const own = packs.map((p) => ({ ...p, rules: p.rules.filter((r) => r.purpose === "service") }));
        const contacts = q.contacts.filter((c) => c.purpose === "service");
        expect(verdicts(packs, service)).toEqual(verdicts(own, { ...service, contacts }));
      }),
      { numRuns: 250 },
    );
  });
});
