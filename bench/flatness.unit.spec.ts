import { flatness, type SoakSample } from "./flatness.js";

function soak(
  n: number,
  at: (i: number) => { residentMb?: number; handles?: number; lag?: number },
): SoakSample[] {
  return Array.from({ length: n }, (_, i) => {
    const { residentMb = 100, handles = 20, lag = 3 } = at(i);
    return { atMs: i * 10_000, lag, processes: [{ name: "policy", residentMb, handles }] };
  });
}

describe("a soak", () => {
  it("is flat when it settles in the first third and wavers after", () => {
    const samples = soak(90, (i) => ({ residentMb: (i < 30 ? i : 30) + 80 + (i % 7), lag: i % 11 }));
    expect(flatness(samples).findings).toEqual([]);
  });

  it.each([
    ["memory that grows on", soak(90, (i) => ({ residentMb: 100 + i * 2 })), /policy, MB/],
    ["handles that leak", soak(90, (i) => ({ handles: 20 + Math.floor(i / 5) })), /policy, handles/],
    ["a lag that builds up", soak(90, (i) => ({ lag: i * 10 })), /lag, events/],
    ["too short a run", soak(8, () => ({})), /too few/],
  ])("finds %s", (_, samples, finding) => {
    expect(flatness(samples).findings.join("\n")).toMatch(finding);
  });

  it("shows the medians that it went by", () => {
    const { rows } = flatness(soak(9, (i) => ({ residentMb: i })));
    expect(rows.find((r) => r.what === "policy, MB")).toMatchObject({ before: 4, after: 7, flat: true });
  });
});
