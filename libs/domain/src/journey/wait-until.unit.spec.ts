import { journeyV1, type JourneyDefinition, type WaitUntil } from "#contracts";
import { createExpressions } from "#definitions";
import { Journeys } from "#domain";
import { CustomerScript } from "#testing";
import { endOfWait } from "./wait-until.js";

const utc = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");

describe("a local time of day", () => {
  const next = (timeOfDay: string, zone: string | undefined, now: string): string =>
    iso(endOfWait({ timeOfDay }, utc(now), zone, () => undefined));
  it.each([
    // Later today; the time itself is not later; tomorrow.
    ["09:00", "Europe/Prague", "2026-01-05T07:59:59Z", "2026-01-05T08:00:00Z"],
    ["09:00", "Europe/Prague", "2026-01-05T08:00:00Z", "2026-01-06T08:00:00Z"],
    // The day there is another one than on UTC.
    ["09:00", "Pacific/Auckland", "2026-01-05T23:00:00Z", "2026-01-06T20:00:00Z"],
    ["09:00", "Pacific/Pago_Pago", "2026-01-06T05:00:00Z", "2026-01-06T20:00:00Z"],
    // Spring: 02:30 does not exist on 29 March, so the moment of the change.
    ["02:30", "Europe/Prague", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"],
    ["09:00", "Europe/Prague", "2026-03-28T12:00:00Z", "2026-03-29T07:00:00Z"],
    // Autumn: 02:30 comes twice on 25 October, the first counts, once.
    ["02:30", "Europe/Prague", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"],
    ["02:30", "Europe/Prague", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
    // Half an hour's change, and a change at midnight.
    ["02:15", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", "2026-10-03T15:30:00Z"],
    ["00:30", "America/Santiago", "2026-09-05T12:00:00Z", "2026-09-06T04:00:00Z"],
    // No zone on record, or none that is known: UTC.
    ["09:00", undefined, "2026-01-05T08:00:00Z", "2026-01-05T09:00:00Z"],
    ["09:00", "Mars/Olympus", "2026-01-05T08:00:00Z", "2026-01-05T09:00:00Z"],
  ])("%s in %s, seen from %s, is %s", (time, zone, now, expected) => {
    expect(next(time, zone, now)).toBe(expected);
  });
});

describe("business days", () => {
  const after = (until: Omit<Extract<WaitUntil, { businessDays: number }>, "at">, now: string): string =>
    iso(endOfWait({ ...until, at: "10:00" }, utc(now), "Europe/Prague", () => undefined));
  it.each([
    // Thursday; Friday; over the weekend; from a Saturday.
    [1, "weekdays", "2026-01-08T12:00:00Z", "2026-01-09T09:00:00Z"],
    [2, "weekdays", "2026-01-08T12:00:00Z", "2026-01-12T09:00:00Z"],
    [1, "weekdays", "2026-01-10T12:00:00Z", "2026-01-12T09:00:00Z"],
    // Easter 2026: Good Friday 3 April, Easter Monday 6 April; 1 May is a Friday.
    [1, "target", "2026-04-02T12:00:00Z", "2026-04-07T08:00:00Z"],
    [1, "weekdays", "2026-04-02T12:00:00Z", "2026-04-03T08:00:00Z"],
    [1, "target", "2026-04-30T12:00:00Z", "2026-05-04T08:00:00Z"],
    // 25 December 2025 is a Thursday, 1 January 2026 too; Christmas Eve is none.
    [1, "target", "2025-12-24T12:00:00Z", "2025-12-29T09:00:00Z"],
    [4, "target", "2025-12-24T12:00:00Z", "2026-01-02T09:00:00Z"],
  ] as const)("%d of %s after %s is %s", (businessDays, calendar, now, expected) => {
    expect(after({ businessDays, calendar }, now)).toBe(expected);
  });

  it("count from the customer's own day", () => {
    // 23:30 UTC on Thursday is Friday in Prague: the next business day is Monday.
    expect(after({ businessDays: 1, calendar: "weekdays" }, "2026-01-08T23:30:00Z")).toBe(
      "2026-01-12T09:00:00Z",
    );
  });
});

describe("a date", () => {
  const now = utc("2026-01-05T10:00:00Z");
  const at = (value: string | number | boolean | undefined): string =>
    iso(endOfWait({ date: "x", limit: "30d" }, now, "Europe/Prague", () => value));
  it.each([
    [utc("2026-01-07T00:00:00Z"), "2026-01-07T00:00:00Z"],
    ["2026-01-07T09:00:00Z", "2026-01-07T09:00:00Z"],
    ["2026-01-07T09:00:00+02:00", "2026-01-07T07:00:00Z"],
    ["2026-01-07T09:00", "2026-01-07T08:00:00Z"],
    ["2026-01-07", "2026-01-06T23:00:00Z"],
    // Never beyond the limit.
    ["2027-01-07", "2026-02-04T10:00:00Z"],
    [Number.MAX_VALUE, "2026-02-04T10:00:00Z"],
    // What cannot be read, or computed: at once.
    ["2026-02-30", iso(now)],
    ["2026-01-07T25:00", iso(now)],
    ["tomorrow", iso(now)],
    [true, iso(now)],
    [undefined, iso(now)],
  ])("%p is %s", (value, expected) => expect(at(value)).toBe(expected));
});

describe("a journey that waits until", () => {
  const waiting = (wait: object): JourneyDefinition =>
    journeyV1.parse({
      kind: "Journey",
      id: "remind",
      version: 1,
      description: "test",
      purpose: "service",
      trigger: { event: "bill.received" },
      entry: { rule: "after-exit" },
      steps: [
        { id: "wait", type: "wait", onTimeout: "remind", ...wait },
        { id: "remind", type: "send", action: "remind", next: "end", otherwise: "end" },
        { id: "end", type: "exit", reason: "end" },
      ],
    });
  const script = (wait: object): CustomerScript =>
    new CustomerScript(new Journeys([waiting(wait)], createExpressions())).event("customer.registered", {
      timezone: "Europe/Prague",
    });

  it("goes on at that time of the customer's day", () => {
    const c = script({ until: { timeOfDay: "09:00" } })
      .event("bill.received")
      .timer();
    expect(iso(c.commands[0]!.at)).toBe("2026-01-06T08:00:00Z");
  });

  it("goes on before when the event comes that it waits for as well", () => {
    const c = script({ until: { timeOfDay: "09:00" }, for: [{ event: "bill.paid", goto: "end" }] });
    c.event("bill.received").event("bill.paid");
    expect(c.exits).toEqual(["end"]);
    expect(c.said).toEqual([]);
    expect(c.intents.at(-1)?.kind).toBe("cancel-timer");
  });

  it("goes by a date of its trigger; one that is past, or not there, is now", () => {
    const until = { date: "trigger.data.dueAt - 86400000", limit: "60d" };
    const c = script({ until })
      .event("bill.received", { dueAt: utc("2026-01-20T00:00:00Z") })
      .timer();
    expect(iso(c.commands[0]!.at)).toBe("2026-01-19T00:00:00Z");
    expect(script({ until }).event("bill.received", { dueAt: 5 }).said).toEqual(["remind/push"]);
    const without = script({ until }).event("bill.received");
    expect(without.said).toEqual(["remind/push"]);
    expect(without.entries).toContainEqual(
      expect.objectContaining({ kind: "expression-failed", where: "remind@1/wait/until/date" }),
    );
  });
});
