import { CHANNELS } from "#contracts";
import { applyProfileEvent, emptyProfile } from "./profile.js";

const event = (seq: number, type: string, data: Record<string, unknown> = {}) => ({
  seq,
  type,
  data,
  time: 1_000 + seq,
});
function fold(...events: ReturnType<typeof event>[]) {
  return events.reduce((p, e) => applyProfileEvent(p, e).profile, emptyProfile);
}

describe("profile", () => {
  it("takes a registration with its consents", () => {
    const p = fold(
      event(3, "customer.registered", {
        timezone: "Europe/Prague",
        language: "cs",
        consents: [{ purpose: "marketing", channel: "sms", granted: true }],
      }),
    );
    expect(p).toEqual({
      seq: 3,
      timezone: "Europe/Prague",
      language: "cs",
      consents: { "marketing.sms": true },
      holds: [],
    });
  });

  it("keeps what a later registration does not say", () => {
    const p = fold(
      event(1, "customer.registered", { timezone: "Europe/Prague" }),
      event(2, "customer.registered", { language: "de" }),
    );
    expect(p).toMatchObject({ seq: 2, timezone: "Europe/Prague", language: "de" });
  });

  it("takes where the customer lives, and a move", () => {
    const p = fold(
      event(1, "customer.registered", { country: "US", region: "US-FL" }),
      event(2, "customer.registered", { region: "US-NY" }),
    );
    expect(p).toEqual({ ...emptyProfile, seq: 2, country: "US", region: "US-NY" });
    const again = applyProfileEvent(p, event(3, "customer.registered", { country: "US" }));
    expect(again.kind).toBe("unchanged");
  });

  it("expands * to every channel: the full opt-out of a purpose", () => {
    const p = fold(
      event(1, "consent.changed", { purpose: "marketing", channel: "sms", granted: true }),
      event(2, "consent.changed", { purpose: "service", channel: "sms", granted: true }),
      event(3, "consent.changed", { purpose: "marketing", channel: "*", granted: false }),
    );
    for (const c of CHANNELS) expect(p.consents[`marketing.${c}`]).toBe(false);
    expect(p.consents["service.sms"]).toBe(true);
  });

  it("places and lifts holds, each kind once, since the first", () => {
    const placed = fold(
      event(1, "hold.placed", { kind: "fraud" }),
      event(2, "hold.placed", { kind: "fraud" }),
    );
    expect(placed).toMatchObject({ seq: 1, holds: [{ kind: "fraud", since: 1_001 }] });
    expect(applyProfileEvent(placed, event(3, "hold.lifted", { kind: "fraud" }))).toMatchObject({
      kind: "changed",
      profile: { seq: 3, holds: [] },
    });
  });

  it.each([
    [
      "at or below its sequence",
      event(5, "consent.changed", { purpose: "marketing", channel: "*", granted: true }),
    ],
    [
      "that changes nothing",
      event(6, "consent.changed", { purpose: "marketing", channel: "sms", granted: false }),
    ],
    ["that lifts what is not placed", event(6, "hold.lifted", { kind: "fraud" })],
    ["of another type", event(6, "account.debited", { amount: 3 })],
  ])("stays as it is after an event %s", (_, e) => {
    const p = fold(event(5, "consent.changed", { purpose: "marketing", channel: "sms", granted: false }));
    expect(applyProfileEvent(p, e)).toEqual({ kind: "unchanged", profile: p });
  });

  it.each([
    ["customer.registered", { consents: [{ purpose: "gossip" }] }, "data.consents.0.purpose"],
    ["consent.changed", { purpose: "marketing", channel: "fax", granted: true }, "data.channel"],
    ["hold.placed", { kind: "bored" }, "data.kind"],
    ["hold.lifted", {}, "data.kind"],
  ])("says what is wrong with the data of %s", (type, data, where) => {
    const change = applyProfileEvent(emptyProfile, event(1, type, data));
    expect(change).toMatchObject({ kind: "invalid", profile: emptyProfile });
    expect(change.kind === "invalid" && change.detail).toContain(where);
  });
});
