import { createHash } from "node:crypto";
import { published } from "./load.js";
import { seededRandom, workload, W1_DEFAULTS, type W1Event } from "./workload.js";

/** As NDJSON, which is how the list is compared with other systems' copies of the generator. */
function checksum(events: readonly W1Event[]): string {
  const hash = createHash("sha256");
  for (const e of events) hash.update(`${JSON.stringify(e)}\n`);
  return hash.digest("hex");
}

describe("workload W1", () => {
  it("is the list that other systems are measured with", () => {
    expect(checksum(workload())).toBe("747808022d6d1abcb7a32667f95e9ad80f31661da41090671945b680670cc292");
  });

  it("is so with other options too", () => {
    const options = { n: 500, customers: 50, zipf: 0.7, duplicates: 0.1, spanHours: 7, seed: 9, prefix: "w" };
    expect(checksum(workload(options))).toBe(
      "7a5ab03d82103dd1eb0a18a13bb482cd39b37632ddf9ebab338e6df1c957af4e",
    );
  });

  it("delivers 2 % of the events twice, the second copy shortly after the first", () => {
    const events = workload();
    const first = new Map<string, number>();
    let twice = 0;
    for (const [i, e] of events.entries()) {
      const before = first.get(e.eventId);
      if (before === undefined) first.set(e.eventId, i);
      else {
        twice++;
        expect(i - before).toBeLessThan(70);
      }
    }
    expect(first.size).toBe(W1_DEFAULTS.n);
    expect(twice / W1_DEFAULTS.n).toBeCloseTo(0.02, 2);
  });

  it("draws the k-th customer with a weight of 1/k", () => {
    const counts = new Map<string, number>();
    for (const e of workload({ duplicates: 0 }))
      counts.set(e.customerId, (counts.get(e.customerId) ?? 0) + 1);
    const share = (id: string): number => (counts.get(id) ?? 0) / 20_000;
    expect(Math.abs(share("c000001") - 0.11)).toBeLessThan(0.01);
    expect(Math.abs(share("c000002") - 0.055)).toBeLessThan(0.01);
    expect(Math.abs(share("c000010") - 0.011)).toBeLessThan(0.004);
  });

  it("covers the span of event time, strictly increasing", () => {
    const times = [...new Set(workload({ n: 1_000, duplicates: 0 }).map((e) => Date.parse(e.occurredAt)))];
    expect(times).toHaveLength(1_000);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(47 * 3_600_000);
  });

  it("draws from mulberry32", () => {
    const random = seededRandom(1);
    expect([random(), random()].map((x) => x.toFixed(6))).toEqual(["0.627074", "0.002736"]);
  });

  it("is published as a CloudEvent of about 400 bytes, the second copy under another message id", () => {
    const event = workload({ n: 1 })[0]!;
    const [first, second] = [published(event, 0), published(event, 1)];
    expect(first.subject).toBe(`bank.w1.${event.customerId}.${event.type}`);
    expect(first.msgId).toBe(`w1:${event.eventId}`);
    expect(second.msgId).not.toBe(first.msgId);
    expect(second.payload).toBe(first.payload);
    expect(first.payload.length).toBeGreaterThan(350);
    expect(first.payload.length).toBeLessThan(600);
  });
});
