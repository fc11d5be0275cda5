/** One trace from the publisher to the outcome, read from the bytes that an OTLP collector receives. */
import { eventually, startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from "#testing";
import { System } from "./system.js";

describe("tracing", () => {
  let receiver: OtlpReceiver;
  let system: System;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    system = await System.start({
      env: { "*": { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: "200" } },
      sandbox: { push: { reject: 0, opened: 0, latency: ["1ms", "2ms"] } },
    });
  }, 60_000);
  afterAll(async () => {
    await system?.stop();
    await receiver?.stop();
  });

  it("shows one root, no orphans, every service, and no personal data", async () => {
    const event = system.event("trace-customer-17", "account.overdrawn", {
      amountMinor: 123_456_789,
      balanceMinor: -5,
      currency: "CZK",
    });
    const answer = await fetch(`${system.gateway}/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/cloudevents+json" },
      body: JSON.stringify(event),
    });
    expect(answer.status).toBe(202);
    await eventually("the outcome", () => system.contextOf("trace-customer-17")?.contacts[0]?.outcome);
    const services = ["gateway", "context-actor", "decision", "policy", "channels"];
    const trace = await eventually(
      "the whole trace",
      () => {
        const root = receiver
          .spans()
          .find(
            (s) => s.service === "gateway" && s.parentSpanId === undefined && s.name.includes("/v1/events"),
          );
        if (!root) return undefined;
        const spans = receiver.spans().filter((s) => s.traceId === root.traceId);
        const received = spans.filter((s) => s.service === "context-actor" && s.name === "receive evt");
        return services.every((name) => spans.some((s) => s.service === name)) && received.length >= 2
          ? spans
          : undefined;
      },
      20_000,
    );
    const ids = new Set(trace.map((s: ReceivedSpan) => s.spanId));
    expect(trace.filter((s) => s.parentSpanId === undefined)).toHaveLength(1);
    const orphans = await eventually("no orphans", () => {
      const all = receiver.spans().filter((s) => s.traceId === trace[0]!.traceId);
      const known = new Set(all.map((s) => s.spanId));
      const lost = all.filter((s) => s.parentSpanId !== undefined && !known.has(s.parentSpanId));
      return lost.length === 0 ? ([] as string[]) : undefined;
    });
    expect(orphans).toEqual([]);
    expect(ids.size).toBe(trace.length);
    // The outcome came back into the actor under the channel's span.
    const outcome = trace.filter((s) => s.name === "receive evt").at(-1)!;
    expect(trace.find((s) => s.spanId === outcome.parentSpanId)?.service).toBe("channels");
    expect(receiver.contains("trace-customer-17")).toBe(false);
    expect(receiver.contains("123456789")).toBe(false);
  }, 60_000);
});
