import fc from "fast-check";
import { replayClock, wallClock, type Clock } from "#clock";
import { cloudEventV1, eventMessageId } from "#contracts";
import { checkEvent, type EventCheck, type EventLimits } from "./event-check.js";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 0, 1);
const fixed: Clock = { ...wallClock, now: () => NOW, at: () => NOW };
const limits = (clock: Clock, maxAgeMs = 10 * 365 * DAY_MS, wallNow = 10_000): EventLimits => ({
  clock,
  maxFutureMs: 300_000,
  maxAgeMs,
  wallNow: () => wallNow,
});
const event = {
  specversion: "1.0",
  id: "1",
  source: "core",
  type: "account.debited",
  subject: "c1",
  data: {},
};
const at = (time: number, clock: Clock, maxAgeMs?: number, wallNow?: number): string => {
  const limited = limits(clock, maxAgeMs, wallNow);
  const check = checkEvent({ ...event, time: new Date(time).toISOString() }, "", limited);
  return check.kind === "ok" ? "ok" : check.errors.map((e) => e.code).join();
};

describe("the time of an event", () => {
  it.each([
    ["5 minutes ahead", 300_000, "ok"],
    ["a moment more", 300_001, "time_out_of_range"],
    ["10 years back", -10 * 365 * DAY_MS, "ok"],
    ["a moment more back", -10 * 365 * DAY_MS - 1, "time_out_of_range"],
  ])("%s", (_name, offset, expected) => {
    expect(at(NOW + offset, fixed)).toBe(expected);
  });

  it("in a replay is measured by Segue's clock, with the tolerance on the wall", () => {
    // A day of 1995 per second.
    const clock = replayClock({ startWall: 0, startTime: Date.UTC(1995, 0, 1), speed: 86_400 }, () => 10_000);
    const now = clock.now();
    expect(now).toBe(Date.UTC(1995, 0, 11));
    expect(at(now + 299 * DAY_MS, clock, Infinity)).toBe("ok");
    expect(at(now + 301 * DAY_MS, clock, Infinity)).toBe("time_out_of_range");
    expect(at(Date.UTC(1960, 0, 1), clock, Infinity)).toBe("ok");
    // What has happened by now may be told to a replay of earlier years.
    expect(at(Date.UTC(2020, 0, 1), clock, Infinity, Date.UTC(2020, 0, 2))).toBe("ok");
    expect(at(Date.UTC(2020, 0, 3), clock, Infinity, Date.UTC(2020, 0, 2))).toBe("time_out_of_range");
  });

  it("is Segue's when the event has none", () => {
    const check = checkEvent(event, "", limits(fixed));
    expect(check.kind === "ok" && (JSON.parse(check.event.body) as { time: string }).time).toBe(
      "2026-01-01T00:00:00.000Z",
    );
  });

  it("is left to the reader when the replay clock has run off the calendar", () => {
    const clock = replayClock({ startWall: 0, startTime: 0, speed: 1e9 }, () => 1_000_000);
    const check = checkEvent(event, "", limits(clock));
    expect(check.kind === "ok" && JSON.parse(check.event.body)).toEqual(event);
  });
});

describe("checking whatever comes", () => {
  const codes = (check: EventCheck): string[] => (check.kind === "ok" ? [] : check.errors.map((e) => e.code));

  it("never throws, and what it lets through is a CloudEvent again", () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.record({ ...fields() }, { requiredKeys: [] })), (value) => {
        const check = checkEvent(value, "/0", limits(fixed));
        if (check.kind === "ok") {
          expect(cloudEventV1.safeParse(JSON.parse(check.event.body)).success).toBe(true);
          expect(check.event.subject).toMatch(/^bank\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/);
          expect(check.event.messageId).toMatch(/^[!-~]+$/);
        } else {
          expect(check.errors.every((e) => e.pointer.startsWith("/0"))).toBe(true);
        }
      }),
    );
  });

  it("says nothing of the values", () => {
    const secret = "S3CRET";
    const check = checkEvent(
      {
        specversion: secret,
        id: 5,
        source: secret,
        type: secret + "*",
        subject: secret + ".",
        time: secret,
        data: secret,
      },
      "",
      limits(fixed),
    );
    expect(codes(check).length).toBeGreaterThan(4);
    expect(JSON.stringify(check)).not.toContain(secret);
  });

  it.each([
    ['{"balanceMinor":1e999}', "/0/data/balanceMinor"],
    ['{"a/b":[1,{"x":-1e999}]}', "/0/data/a~1b/1/x"],
  ])("refuses the number in %s, which would be stored as null", (data, pointer) => {
    const check = checkEvent(
      { ...event, specversion: "1.0", data: JSON.parse(data) as unknown },
      "/0",
      limits(fixed),
    );
    expect(check).toMatchObject({ kind: "refused", errors: [{ code: "invalid_data", pointer }] });
  });

  it("keeps the largest number there is", () => {
    const data = JSON.parse('{"x":1.7976931348623157e308,"y":-5e-324}') as unknown;
    expect(codes(checkEvent({ ...event, specversion: "1.0", data }, "", limits(fixed)))).toEqual([]);
  });

  it.each(["segue", "/segue", "segue/", "//segue//"])("keeps %j for Segue itself", (source) => {
    expect(codes(checkEvent({ ...event, source }, "", limits(fixed)))).toEqual(["reserved_source"]);
  });

  it("lets other sources through that only look like it", () => {
    expect(codes(checkEvent({ ...event, source: "segue.example" }, "", limits(fixed)))).toEqual([]);
  });

  function fields(): Record<keyof typeof event, fc.Arbitrary<unknown>> {
    const sometimes = (good: unknown): fc.Arbitrary<unknown> =>
      fc.oneof({ weight: 4, arbitrary: fc.constant(good) }, fc.jsonValue());
    return {
      specversion: sometimes("1.0"),
      id: fc.oneof(fc.string({ minLength: 1 }), fc.jsonValue()),
      source: fc.oneof(fc.string({ minLength: 1, unit: "binary" }), fc.jsonValue()),
      type: sometimes("account.debited"),
      subject: sometimes("c1"),
      data: sometimes({ a: 1 }),
    };
  }
});

describe("the message id of an event", () => {
  it("is source:id", () => {
    expect(eventMessageId("/core/banking", "txn-1")).toBe("/core/banking:txn-1");
  });

  it("differs whenever source or id differ", () => {
    const part = fc.string({ unit: fc.constantFrom("a", ":", "%", "3", "A", " ", "é") });
    fc.assert(
      fc.property(part, part, part, part, (s1, i1, s2, i2) => {
        expect(eventMessageId(s1, i1) === eventMessageId(s2, i2)).toBe(s1 === s2 && i1 === i2);
      }),
      { numRuns: 1_000 },
    );
  });
});
