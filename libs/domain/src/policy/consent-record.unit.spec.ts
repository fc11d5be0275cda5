/** How consents are folded and judged: per purpose, channel and address, with an expiry, and by words in replies. */
import fc from "fast-check";
import { CHANNELS, profileV1, PURPOSES, type Channel, type Profile, type Purpose } from "#contracts";
import { consentOf } from "./consent.js";
import { applyProfileEvent, emptyProfile, profileChangesOf, type ProfileEvent } from "./profile.js";

const T0 = Date.UTC(2027, 0, 1);
const DAY = 86_400_000;
const iso = (at: number): string => new Date(at).toISOString();

type Told = [type: string, data: Record<string, unknown>, at?: number | undefined];
const grant = (data: object = {}): Told => ["consent.changed", { ...SMS, granted: true, ...data }];
const refuse = (data: object = {}): Told => ["consent.changed", { ...SMS, granted: false, ...data }];
const reply = (text: string, data: object = {}): Told => [
  "message.received",
  { channel: "sms", text, ...data },
];
const inUse = (address: string): Told => ["customer.registered", { addresses: { sms: address } }];
const SMS = { purpose: "marketing", channel: "sms" };

function told(...events: Told[]): Profile {
  return events.reduce(
    (p, [type, data, at], i) =>
      applyProfileEvent(p, { type, data, seq: i + 1, time: at ?? T0 + i * 1_000 }).profile,
    emptyProfile,
  );
}
const state = (p: Profile, at = T0, purpose: Purpose = "marketing", channel: Channel = "sms"): string =>
  consentOf([p], purpose, channel, at);

describe("consent on record", () => {
  it.each<[string, Told[], string]>([
    ["nothing", [], "none"],
    ["a grant", [grant()], "granted"],
    ["a grant and then a refusal", [grant(), refuse()], "refused"],
    ["a refusal and then a grant", [refuse(), grant()], "granted"],
    ["a grant for an address that is not known to be used", [grant({ address: "a" })], "none"],
    ["a grant for the address in use", [inUse("a"), grant({ address: "a" })], "granted"],
    ["a grant for another address", [inUse("b"), grant({ address: "a" })], "none"],
    ["a refusal of the address in use", [inUse("a"), grant(), refuse({ address: "a" })], "refused"],
    ["a refusal of another address", [inUse("b"), grant(), refuse({ address: "a" })], "granted"],
    ["a refusal of some address, none known", [grant(), refuse({ address: "a" })], "refused"],
    [
      "a refusal of the channel over a grant of the address",
      [inUse("a"), grant({ address: "a" }), refuse()],
      "refused",
    ],
    [
      "a grant of the address over a refusal of the channel",
      [inUse("a"), refuse(), grant({ address: "a" })],
      "granted",
    ],
    [
      "a grant of the channel over a refusal of the address",
      [inUse("a"), refuse({ address: "a" }), grant()],
      "refused",
    ],
    [
      "a new address after one was refused",
      [inUse("a"), grant(), refuse({ address: "a" }), inUse("b")],
      "granted",
    ],
    ["an old form told after a refusal", [refuse(), grant({ obtainedAt: iso(T0 - 2 * DAY) })], "refused"],
    [
      "an old form that is younger than the refusal",
      [refuse({ obtainedAt: iso(T0 - 3 * DAY) }), grant({ obtainedAt: iso(T0 - 2 * DAY) })],
      "granted",
    ],
    [
      "an old form that is older than the refusal",
      [refuse({ obtainedAt: iso(T0 - 2 * DAY) }), grant({ obtainedAt: iso(T0 - 3 * DAY) })],
      "refused",
    ],
    [
      "an old form for an address, younger than the refusal of the channel",
      [
        inUse("a"),
        refuse({ obtainedAt: iso(T0 - 3 * DAY) }),
        grant({ address: "a", obtainedAt: iso(T0 - 2 * DAY) }),
      ],
      "granted",
    ],
    [
      "an old form for an address, younger than the refusal of the channel and older than its own",
      [
        inUse("a"),
        refuse({ obtainedAt: iso(T0 - 3 * DAY) }),
        refuse({ address: "a" }),
        grant({ address: "a", obtainedAt: iso(T0 - 2 * DAY) }),
      ],
      "refused",
    ],
    ["an old form where nothing is refused", [grant({ obtainedAt: iso(T0 - 900 * DAY) })], "granted"],
    ["a form of today after a refusal", [refuse(), grant({ obtainedAt: iso(T0) })], "granted"],
    ["a refusal whose address cannot be read", [grant(), refuse({ address: "+420 777 123 456" })], "refused"],
    ["a grant whose address cannot be read", [grant({ address: "420777123456" })], "none"],
  ])("%s: %s", (_, events, expected) => {
    expect(state(told(...events))).toBe(expected);
  });

  it("expires at the instant, and a new grant begins anew; a refusal never expires", () => {
    const p = told(grant({ expiresAt: iso(T0 + DAY) }));
    expect(state(p, T0 + DAY - 1)).toBe("granted");
    expect(state(p, T0 + DAY)).toBe("expired");
    expect(state(told(grant({ expiresAt: iso(T0) }), grant()), T0 + DAY)).toBe("granted");
    expect(state(told(grant({ expiresAt: iso(T0) }), refuse({ expiresAt: iso(T0) })), T0 + DAY)).toBe(
      "refused",
    );
    expect(state(told(grant({ expiresAt: iso(T0) }), refuse(), grant()), T0 + DAY)).toBe("granted");
  });

  it("of an address that has expired leaves what is granted for the channel", () => {
    const p = told(inUse("a"), grant({ address: "a", expiresAt: iso(T0) }));
    expect(state(p, T0)).toBe("expired");
    expect(state(told(inUse("a"), grant({ address: "a", expiresAt: iso(T0) }), grant()), T0)).toBe("granted");
  });

  it("takes no more than a bounded number of addresses: then a refusal refuses the channel, and a grant is not taken", () => {
    const many = Array.from({ length: 64 }, (_, i) => grant({ address: `a${i}` }));
    expect(state(told(inUse("x"), ...many, grant({ address: "x" })))).toBe("none");
    expect(state(told(inUse("x"), grant(), ...many, refuse({ address: "x" })))).toBe("refused");
    expect(Object.keys(told(...many, grant({ address: "x" })).consentsAt ?? {})).toHaveLength(64);
  });

  it("has no fields that are not used, and is what its schema writes", () => {
    expect(told(grant(), refuse())).toEqual({ seq: 2, consents: { "marketing.sms": false }, holds: [] });
    const p = told(inUse("a"), grant({ address: "a", expiresAt: iso(T0) }), reply("stop", { address: "a" }));
    expect(profileV1.parse(JSON.parse(JSON.stringify(p)))).toEqual(p);
  });
});

describe("a word in a reply", () => {
  it("ends marketing by text and call to the number, and nothing else", () => {
    const p = told(
      grant(),
      grant({ channel: "email" }),
      ["consent.changed", { ...SMS, purpose: "service", granted: true }],
      reply("STOP"),
    );
    expect(state(p)).toBe("refused");
    expect(state(p, T0, "marketing", "ivr")).toBe("refused");
    expect(state(p, T0, "marketing", "email")).toBe("granted");
    expect(state(p, T0, "service")).toBe("granted");
    expect(state(told(reply("stop", { purpose: "collections" })), T0, "collections")).toBe("refused");
  });

  it.each<[Record<string, unknown>, Channel[]]>([
    [{ channel: "sms", address: "+420 777 123 456" }, ["sms", "ivr"]],
    [{ channel: "telex" }, [...CHANNELS]],
    [{}, [...CHANNELS]],
  ])("STOP is not lost for a formality: of %j it refuses %j", (data, refused) => {
    const event: ProfileEvent = {
      type: "message.received",
      seq: 1,
      time: T0,
      data: { ...data, text: "STOP" },
    };
    const { profile } = applyProfileEvent(emptyProfile, event);
    const found = CHANNELS.filter((c) => state(profile, T0, "marketing", c) === "refused");
    expect(found).toEqual(CHANNELS.filter((c) => refused.includes(c)));
    expect(profileChangesOf(emptyProfile, profile, event)).toHaveLength(refused.length);
    const start = { ...event, seq: 2, data: { ...data, text: "START" } };
    expect(applyProfileEvent(profile, start).kind).toBe("invalid");
  });

  it.each<[string, Told[], string]>([
    ["brings back what STOP ended", [grant(), reply("stop"), reply("start")], "granted"],
    ["is no consent by itself", [reply("start")], "none"],
    ["gives no more than there was", [reply("stop"), reply("start")], "none"],
    ["does not lift a refusal that was told otherwise", [grant(), refuse(), reply("start")], "refused"],
    ["nor one that came after the word", [grant(), reply("stop"), refuse(), reply("start")], "refused"],
    ["nor one that came before it", [refuse(), reply("stop"), reply("start")], "refused"],
    ["works once", [grant(), reply("stop"), reply("start"), refuse(), reply("unstop")], "refused"],
    [
      "brings back an address from there",
      [
        inUse("a"),
        grant({ address: "a" }),
        reply("stop", { address: "a" }),
        reply("start", { address: "a" }),
      ],
      "granted",
    ],
    [
      "brings back no other address",
      [
        inUse("a"),
        grant({ address: "a" }),
        reply("stop", { address: "a" }),
        reply("start", { address: "b" }),
      ],
      "refused",
    ],
    [
      "without an address brings back none that stopped itself",
      [inUse("a"), grant(), reply("stop", { address: "a" }), reply("start")],
      "refused",
    ],
    [
      "brings back addresses that a word without one had ended",
      [inUse("a"), grant({ address: "a" }), reply("stop"), reply("start")],
      "granted",
    ],
  ])("START %s", (_, events, expected) => {
    expect(state(told(...events))).toBe(expected);
  });

  it("START brings back a grant with its expiry", () => {
    const p = told(grant({ expiresAt: iso(T0 + DAY) }), reply("stop"), reply("start"));
    expect([state(p, T0), state(p, T0 + DAY)]).toEqual(["granted", "expired"]);
  });

  it.each(["help", "please don't stop", "thanks"])("%j changes nothing", (text) => {
    const p = told(grant());
    const event = { type: "message.received", data: { channel: "sms", text }, seq: 9, time: T0 };
    expect(applyProfileEvent(p, event)).toEqual({ kind: "unchanged", profile: p });
  });
});

describe("holds with an end", () => {
  const place = (until?: number, at?: number): Told => [
    "hold.placed",
    { kind: "moratorium", ...(until === undefined ? {} : { until: iso(until) }) },
    at,
  ];
  it.each<[string, Told[], object]>([
    ["is kept", [place(T0 + DAY)], { since: T0, until: T0 + DAY }],
    ["is made longer", [place(T0 + DAY), place(T0 + 2 * DAY)], { since: T0, until: T0 + 2 * DAY }],
    ["is not made shorter", [place(T0 + 2 * DAY), place(T0 + DAY)], { since: T0, until: T0 + 2 * DAY }],
    ["stays without an end", [place(), place(T0 + DAY)], { since: T0 }],
    ["may lose its end", [place(T0 + DAY), place()], { since: T0 }],
    [
      "begins anew after it",
      [place(T0 + DAY), place(T0 + 9 * DAY, T0 + 3 * DAY)],
      { since: T0 + 3 * DAY, until: T0 + 9 * DAY },
    ],
  ])("%s", (_, events, expected) => {
    expect(told(...events).holds).toEqual([{ kind: "moratorium", ...expected }]);
  });

  it("say in the audit who, and until when, and not why", () => {
    const event: ProfileEvent = {
      type: "hold.placed",
      seq: 1,
      time: T0,
      data: { kind: "litigation", by: "anna", reason: "claim 4711", until: iso(T0 + DAY) },
    };
    const { profile } = applyProfileEvent(emptyProfile, event);
    expect(profileChangesOf(emptyProfile, profile, event)).toEqual([
      { what: "hold", hold: "litigation", placed: true, by: "anna", until: T0 + DAY },
    ]);
  });
});

describe("any history of consents", () => {
  const addresses = [undefined, "a", "b", "c"];
  const change: fc.Arbitrary<Told> = fc
    .record({
      purpose: fc.constantFrom(...PURPOSES),
      channel: fc.constantFrom<Channel | "*">("sms", "ivr", "email", "*"),
      granted: fc.boolean(),
      address: fc.constantFrom(...addresses),
      expiresAt: fc.option(
        fc.integer({ min: 0, max: 20 }).map((d) => iso(T0 + d * DAY)),
        { nil: undefined },
      ),
      obtainedAt: fc.option(
        fc.integer({ min: 0, max: 20 }).map((d) => iso(T0 - d * DAY)),
        { nil: undefined },
      ),
    })
    .map((data): Told => ["consent.changed", JSON.parse(JSON.stringify(data)) as Record<string, unknown>]);
  const word: fc.Arbitrary<Told> = fc
    .record({ text: fc.constantFrom("STOP", "START", "hello"), address: fc.constantFrom(...addresses) })
    .map(({ text, address }): Told => reply(text, address === undefined ? {} : { address }));
  const place: fc.Arbitrary<Told> = fc.constantFrom("a", "b").map(inUse);
  const history = fc.array(fc.oneof(change, word, place), { maxLength: 25 });

  it("grants marketing only by a grant that has not expired, and after a refusal of the channel only by a new one", () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 0, max: 25 }), (events, days) => {
        const at = T0 + days * DAY;
        const p = told(...events);
        for (const channel of CHANNELS) {
          if (state(p, at, "marketing", channel) !== "granted") continue;
          const grants = events.filter(
            ([type, d]) =>
              type === "consent.changed" &&
              d["purpose"] === "marketing" &&
              d["granted"] === true &&
              (d["channel"] === channel || d["channel"] === "*"),
          );
          const live = grants.filter(
            ([, d]) => d["expiresAt"] === undefined || Date.parse(d["expiresAt"] as string) > at,
          );
          expect(live).not.toEqual([]);
        }
        const refused = told(...events, refuse({ channel: "*" }), reply("START"));
        for (const channel of CHANNELS) expect(state(refused, at, "marketing", channel)).toBe("refused");
      }),
      { numRuns: 500 },
    );
  });

  it("keeps a refusal of one address to itself where the address in use is known", () => {
    fc.assert(
      fc.property(history, (events) => {
        const before = told(...events, inUse("a"), grant(), grant({ address: "a" }));
        const after = told(
          ...events,
          inUse("a"),
          grant(),
          grant({ address: "a" }),
          refuse({ address: "b" }),
          reply("STOP", { address: "c" }),
        );
        expect(state(before)).toBe("granted");
        expect(state(after)).toBe("granted");
      }),
      { numRuns: 300 },
    );
  });

  it("is the same when each event is told twice in a row, and can be read back", () => {
    fc.assert(
      fc.property(history, (events) => {
        const at = (e: Told, i: number): Told => [e[0], e[1], T0 + i * 1_000];
        const once = told(...events.map(at));
        const twice = told(...events.flatMap((e, i) => [at(e, i), at(e, i)]));
        expect({ ...twice, seq: 0 }).toEqual({ ...once, seq: 0 });
        expect(profileV1.parse(JSON.parse(JSON.stringify(once)))).toEqual(once);
      }),
      { numRuns: 300 },
    );
  });
});
