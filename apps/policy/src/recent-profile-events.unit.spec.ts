import { RecentProfileEvents } from "./recent-profile-events.js";

describe("the memory of profile events", () => {
  const memory = (max: number): RecentProfileEvents => {
    const recent = new RecentProfileEvents(max);
    recent.begin("EVT", 10);
    for (const [seq, customer] of [
      [12, "a"],
      [15, "b"],
      [17, "a"],
    ] as const)
      recent.record("EVT", customer, seq);
    return recent;
  };

  it.each([
    ["knows that there is none, and up to where", "c", 10, 17],
    ["knows that there is none after the last", "b", 15, 17],
    ["knows of one", "b", 14, undefined],
    ["knows the last of several", "a", 16, undefined],
    ["says nothing of what was before its time", "c", 9, undefined],
  ])("%s", (_, customer, seq, expected) => {
    expect(memory(10).noneSince("EVT", customer, seq)).toBe(expected);
    expect(memory(10).noneSince("EVT-1", customer, seq)).toBeUndefined();
  });

  it("forgets the oldest, and then says nothing of its time", () => {
    const recent = memory(1);
    expect(recent.noneSince("EVT", "c", 14)).toBeUndefined();
    expect(recent.noneSince("EVT", "c", 15)).toBe(17);
  });

  it("takes events that come again as known", () => {
    const recent = memory(10);
    recent.record("EVT", "c", 15);
    expect(recent.noneSince("EVT", "c", 10)).toBe(17);
  });
});
