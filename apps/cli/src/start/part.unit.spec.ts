import type { CloudEvent } from "#contracts";
import { nextPart } from "./part.js";

const DAY_MS = 86_400_000;
const day = (n: number): number => Date.UTC(1993, 0, 1) + n * DAY_MS;
const events: readonly CloudEvent[] = [0, 1, 2, 5, 9, 9.5, 60, 61].map((n, i) => ({
  specversion: "1.0",
  id: String(i),
  source: "s",
  type: "t",
  subject: "c",
  time: new Date(day(n)).toISOString(),
}));

describe("the part of the replay that a start tells", () => {
  it("ends after so many days", () => {
    expect(nextPart(events, 0, { days: 5 })).toMatchObject({
      size: 3,
      startTime: day(0),
      endTime: day(2),
      remaining: 5,
    });
  });

  it("goes on where the last one stopped, and holds what was before", () => {
    const part = nextPart(events, 3, { days: 5 })!;
    expect(part).toMatchObject({ size: 3, startTime: day(5), endTime: day(9.5) });
    expect(part.events).toEqual(events.slice(0, 6));
  });

  it("does not cross a hole in the data", () => {
    expect(nextPart(events, 3, { days: 500 })).toMatchObject({ size: 3, endTime: day(9.5), remaining: 2 });
    expect(nextPart(events, 6, { days: 500 })).toMatchObject({ size: 2, startTime: day(60), remaining: 0 });
  });

  it("ends at the day given", () => {
    expect(nextPart(events, 0, { days: 1, to: day(6) })).toMatchObject({ size: 4, endTime: day(5) });
    expect(nextPart(events, 4, { days: 1, to: day(6) })).toBeUndefined();
  });

  it("is none when all is told", () => expect(nextPart(events, events.length, { days: 5 })).toBeUndefined());
});
