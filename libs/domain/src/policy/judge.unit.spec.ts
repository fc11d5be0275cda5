import fc from "fast-check";
import {
  CHANNELS,
  HOLDS,
  PURPOSES,
  isContact,
  policyPackV1,
  type Channel,
  type HoldKind,
  type PolicyPackDefinition,
  type Profile,
  type Purpose,
} from "#contracts";
import { emptyProfile } from "./profile.js";
import { judge } from "./judge.js";
import { zoneOf } from "../time/zone.js";
import { isClosed, quietHours } from "./closed-times.js";

const pack = (rules: unknown[], id = "house"): PolicyPackDefinition =>
  policyPackV1.parse({ kind: "PolicyPack", id, version: 1, description: "", source: "", rules });
const house = pack([
  { purpose: "marketing", consent: "required", blockedBy: HOLDS, quietHours: { from: "21:00", to: "08:00" } },
  {
    purpose: "service",
    consent: "not-refused",
    blockedBy: ["deceased", "opt-out"],
    quietHours: { from: "22:00", to: "07:00", channels: ["sms"] },
  },
]);
const NOON = Date.parse("2026-07-01T12:00:00Z");
const NIGHT = Date.parse("2026-07-01T22:00:00Z");
const profile = (p: Partial<Profile> = {}): Profile => ({ ...emptyProfile, timezone: "Europe/Prague", ...p });
const consenting = profile({ consents: Object.fromEntries(CHANNELS.map((c) => [`marketing.${c}`, true])) });

const zoneless: Profile = { ...emptyProfile, seq: 1, consents: consenting.consents };

function verdict(
  o: { purpose?: Purpose; channel?: Channel; at?: number; urgent?: boolean; packs?: PolicyPackDefinition[] },
  ...copies: Profile[]
) {
  const option = { action: "a", purpose: o.purpose ?? "marketing", urgent: o.urgent ?? false };
  return judge({ packs: o.packs ?? [house], copies, option, channel: o.channel ?? "sms", at: o.at ?? NOON });
}
const holding = (kind: HoldKind): Profile => ({ ...consenting, holds: [{ kind, since: 0 }] });

describe("judge", () => {
  it("permits marketing by day with a consent on record in either copy", () => {
    expect(verdict({}, consenting, emptyProfile).reason).toBe("permitted");
    expect(verdict({}, profile(), consenting).reason).toBe("permitted");
  });

  it.each([
    ["no copy", [profile(), profile()], "no_consent_record"],
    [
      "a refusal in the context",
      [profile({ consents: { "marketing.sms": false } }), consenting],
      "consent_refused",
    ],
    [
      "a refusal in the index",
      [consenting, profile({ consents: { "marketing.sms": false } })],
      "consent_refused",
    ],
    ["no time zone", [zoneless], "no_timezone"],
    ["an unknown time zone", [{ ...consenting, timezone: "Europe/Atlantis" }], "no_timezone"],
    ["a hold in the index alone", [consenting, holding("complaint")], "hold_complaint"],
  ] as const)("denies marketing on %s", (_, copies, reason) => {
    expect(verdict({}, ...copies)).toMatchObject({ verdict: "denied", reason });
  });

  it("defers marketing at night, urgent or not, and service only where it wakes somebody", () => {
    const until = Date.parse("2026-07-02T06:00:00Z");
    expect(verdict({ at: NIGHT, urgent: true }, consenting)).toMatchObject({
      verdict: "deferred",
      until,
      rule: "house/marketing/quietHours",
    });
    expect(verdict({ at: NIGHT, purpose: "service" }, consenting)).toMatchObject({
      verdict: "deferred",
      until: until - 3_600_000,
    });
    expect(verdict({ at: NIGHT, purpose: "service", urgent: true }, consenting).verdict).toBe("permitted");
    expect(verdict({ at: NIGHT, purpose: "service", channel: "email" }, consenting).verdict).toBe(
      "permitted",
    );
    expect(verdict({ purpose: "service" }, emptyProfile).verdict).toBe("permitted");
  });

  it.each([
    ["fraud", "agent", "permitted"],
    ["hardship", "agent", "permitted"],
    ["deceased", "agent", "hold_deceased"],
    ["opt-out", "agent", "hold_opt_out"],
    ["fraud", "sms", "permitted"],
    ["complaint", "sms", "permitted"],
    ["hardship", "sms", "hold_hardship"],
    ["hardship", "inapp", "hold_hardship"],
    ["hardship", "execute", "permitted"],
    ["deceased", "email", "hold_deceased"],
    ["opt-out", "sms", "hold_opt_out"],
    ["fraud", "execute", "hold_fraud"],
    ["deceased", "execute", "hold_deceased"],
    ["opt-out", "execute", "permitted"],
  ] as const)("under a %s hold, service on %s is %s", (hold, channel, reason) => {
    expect(verdict({ purpose: "service", channel }, holding(hold)).reason).toBe(reason);
  });

  it.each([
    ["moratorium", "sms", "hold_moratorium"],
    ["moratorium", "agent", "hold_moratorium"],
    ["moratorium", "execute", "hold_moratorium"],
    ["litigation", "sms", "hold_litigation"],
    ["litigation", "execute", "hold_litigation"],
    ["litigation", "agent", "permitted"],
    ["vulnerable", "sms", "permitted"],
    ["fraud", "sms", "permitted"],
  ] as const)("under a %s hold, collecting on %s is %s, whatever a pack says", (hold, channel, reason) => {
    const lenient = pack([{ purpose: "collections", consent: "ignored" }], "lenient");
    expect(verdict({ packs: [lenient], purpose: "collections", channel }, holding(hold)).reason).toBe(reason);
  });

  it.each([
    ["moratorium", "sms", "permitted"],
    ["litigation", "agent", "permitted"],
    ["vulnerable", "push", "permitted"],
  ] as const)("under a %s hold, service on %s goes on", (hold, channel, reason) => {
    expect(verdict({ purpose: "service", channel }, holding(hold)).reason).toBe(reason);
  });

  it("counts a hold until its end, in each copy by itself", () => {
    const ending = (until: number): Profile => ({
      ...consenting,
      holds: [{ kind: "complaint", since: 0, until }],
    });
    expect(verdict({}, ending(NOON + 1)).reason).toBe("hold_complaint");
    expect(verdict({}, ending(NOON)).reason).toBe("permitted");
    expect(verdict({}, ending(NOON), ending(NOON + 1)).reason).toBe("hold_complaint");
  });

  it("counts an expired grant as none: for marketing it says so, and service goes on", () => {
    const expired: Profile = {
      ...consenting,
      consents: { ...consenting.consents, "service.sms": true },
      consentUntil: { "marketing.sms": NOON, "service.sms": NOON },
    };
    expect(verdict({}, expired)).toMatchObject({
      verdict: "denied",
      reason: "consent_expired",
      rule: "house/marketing/consent",
    });
    expect(verdict({ at: NOON - 1 }, expired).reason).toBe("permitted");
    expect(verdict({ channel: "email" }, expired).reason).toBe("permitted");
    expect(verdict({ purpose: "service" }, expired).reason).toBe("permitted");
    // The other copy has a grant that stands.
    expect(verdict({}, expired, consenting).reason).toBe("permitted");
  });

  it("lets the strictest pack win, and permits nothing without a rule for the purpose", () => {
    const strict = pack(
      [{ purpose: "marketing", consent: "required", quietHours: { from: "12:00", to: "16:00" } }],
      "strict",
    );
    expect(verdict({ packs: [house, strict] }, consenting)).toMatchObject({
      verdict: "deferred",
      rule: "strict/marketing/quietHours",
    });
    const lenient = pack([{ purpose: "marketing", consent: "ignored" }], "lenient");
    expect(verdict({ packs: [lenient, house] }, profile()).reason).toBe("no_consent_record");
    expect(verdict({ purpose: "collections" }, consenting)).toMatchObject({
      verdict: "denied",
      reason: "policy_unavailable",
    });
  });

  const anyProfile: fc.Arbitrary<Profile> = fc.record(
    {
      seq: fc.nat(100),
      timezone: fc.constantFrom("Europe/Prague", "America/New_York", "Nowhere/Land"),
      consents: fc.dictionary(
        fc.tuple(fc.constantFrom(...PURPOSES), fc.constantFrom(...CHANNELS)).map(([p, c]) => `${p}.${c}`),
        fc.boolean(),
      ),
      consentUntil: fc.dictionary(
        fc.tuple(fc.constantFrom(...PURPOSES), fc.constantFrom(...CHANNELS)).map(([p, c]) => `${p}.${c}`),
        fc.integer({ min: 0, max: 4e12 }),
      ),
      holds: fc
        .uniqueArray(fc.constantFrom(...HOLDS), { maxLength: 2 })
        .map((k) => k.map((kind) => ({ kind, since: 0 }))),
    },
    { requiredKeys: ["seq", "consents", "holds"] },
  );

  it("never permits marketing on missing data, a refusal, a hold, or in quiet hours; a refusal never permits anything, nor hardship a contact", () => {
    fc.assert(
      fc.property(
        fc.array(anyProfile, { maxLength: 2 }),
        fc.constantFrom(...PURPOSES),
        fc.constantFrom(...CHANNELS),
        fc.integer({ min: 0, max: 4e12 }),
        fc.boolean(),
        (copies, purpose, channel, at, urgent) => {
          const v = verdict({ purpose, channel, at, urgent }, ...copies);
          if (v.verdict === "deferred") expect(v.until).toBeGreaterThan(at);
          if (v.verdict !== "permitted") return;
          const key = `${purpose}.${channel}`;
          expect(copies.some((p) => p.consents[key] === false)).toBe(false);
          const held = copies.flatMap((p) => p.holds.map((h) => h.kind));
          if (isContact(channel))
            expect(held.filter((h) => h === "hardship" || h === "deceased")).toEqual([]);
          if (purpose !== "marketing") return;
          expect(
            copies.some((p) => p.consents[key] === true && (p.consentUntil?.[key] ?? Infinity) > at),
          ).toBe(true);
          const blocking = copies
            .flatMap((p) => p.holds)
            .filter((h) => channel !== "agent" || ["deceased", "moratorium", "opt-out"].includes(h.kind));
          expect(blocking.filter((h) => channel !== "execute" || h.kind !== "opt-out")).toEqual([]);
          if (!isContact(channel)) return;
          const zoned = copies.filter((p) => p.timezone !== undefined).sort((a, b) => b.seq - a.seq)[0];
          expect(isClosed(quietHours({ from: "21:00", to: "08:00" }), zoneOf(zoned!.timezone!)!, at)).toBe(
            false,
          );
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
