import { initialContext } from "./customers.js";
import { Progress, snapshotOf } from "./progress.js";

describe("progress", () => {
  it("an event is in flight until a snapshot has applied it", () => {
    const p = new Progress();
    p.published();
    p.stored("c1", 5);
    p.committed({ customerId: "c1", watermark: 4, open: 0 });
    expect(p.inFlight).toBe(1);
    p.committed({ customerId: "c1", watermark: 5, open: 0 });
    expect(p.inFlight).toBe(0);
  });

  it("a command that it caused takes its place until the outcome is recorded", () => {
    const p = new Progress();
    p.published();
    p.stored("c1", 5);
    p.committed({ customerId: "c1", watermark: 5, open: 1 });
    expect(p.inFlight).toBe(1);
    expect(p.stragglers()).toContain("c1 (0 events, 1 commands open)");
    p.committed({ customerId: "c1", watermark: 6, open: 0 });
    expect(p.inFlight).toBe(0);
  });

  it("the snapshot may be seen before the publish is acknowledged", () => {
    const p = new Progress();
    p.published();
    p.committed({ customerId: "c1", watermark: 5, open: 0 });
    expect(p.inFlight).toBe(1);
    p.stored("c1", 5);
    expect(p.inFlight).toBe(0);
  });

  it("one snapshot may apply several, and an old one that comes again changes nothing", () => {
    const p = new Progress();
    for (const seq of [5, 6, 9]) {
      p.published();
      p.stored("c1", seq);
    }
    p.committed({ customerId: "c1", watermark: 6, open: 0 });
    p.committed({ customerId: "c1", watermark: 5, open: 1 });
    expect(p.inFlight).toBe(1);
  });

  it("reads a context's text as the parsed context says", () => {
    const contact = { action: "a", channel: "push" as const, purpose: "service" as const, at: 1 };
    const context = {
      ...initialContext("c1"),
      watermark: 1234,
      contacts: [
        { commandId: "c1.1.0.c", ...contact, outcome: "delivered" },
        { commandId: "c1.2.0.c", ...contact },
        { commandId: "c1.3.0.c", ...contact },
      ],
      outbox: [{ id: "x", subject: "cmd.push.1.c1", body: { commandId: "c1.3.0.c" } }],
    };
    const read = snapshotOf("ctx.1.c1", JSON.stringify(context));
    expect(read).toEqual({ customerId: "c1", watermark: 1234, open: 2 });
    expect(snapshotOf("ctx.1.c1", JSON.stringify(initialContext("c1"))).open).toBe(0);
  });
});
