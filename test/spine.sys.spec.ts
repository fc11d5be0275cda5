/**
 * One event all the way, over the real services: bank → gateway → EVT → actor → decision → policy → command →
 * channel → outcome → context; and what the guarantees say about it when something goes wrong on the way.
 */
import { Redis } from "ioredis";
import { auditRecordsV1, decisionRecordsV1, dlqHeaders, subjects, type CloudEvent } from "#contracts";
import { Publisher } from "#messaging";
import { eventually, pause, resume, untilReady } from "#testing";
import { System } from "./system.js";

const CONSENTS = ["push", "sms", "email"].flatMap((channel) => [
  { purpose: "marketing", channel, granted: true },
  { purpose: "service", channel, granted: true },
]);
/** Where it is the middle of the day now, so that quiet hours never decide a test. */
function daylightZone(): string {
  const offset = 12 - new Date().getUTCHours();
  return offset === 0 ? "Etc/GMT" : `Etc/GMT${offset > 0 ? "-" : "+"}${Math.abs(offset)}`;
}

describe("the spine", () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({
      sandbox: {
        push: { reject: 0, opened: 0, clicked: 0, converted: 0, declined: 0, latency: ["1ms", "2ms"] },
        sms: {
          reject: 0,
          lost: 0,
          late: 0,
          undelivered: 0,
          clicked: 0,
          converted: 0,
          declined: 0,
          latency: ["1ms", "2ms"],
          receipt: ["1ms", "5ms"],
        },
        email: {
          reject: 0,
          lost: 0,
          late: 0,
          undelivered: 0,
          opened: 0,
          clicked: 0,
          converted: 0,
          declined: 0,
          latency: ["1ms", "2ms"],
          receipt: ["1ms", "5ms"],
        },
        execute: { reject: 0, latency: ["1ms", "2ms"] },
        agent: {
          reject: 0,
          lost: 0,
          late: 0,
          undelivered: 0,
          converted: 0,
          declined: 0,
          receipt: ["1ms", "5ms"],
        },
      },
    });
  }, 60_000);
  afterAll(() => system.stop());

  const post = (path: string, body: unknown, type = "application/cloudevents+json"): Promise<Response> =>
    fetch(`${system.gateway}${path}`, {
      method: "POST",
      headers: { "content-type": type },
      body: JSON.stringify(body),
    });

  async function register(customer: string, consents: object[] = CONSENTS): Promise<void> {
    const seq = await system.publish(
      system.event(customer, "customer.registered", { timezone: daylightZone(), language: "en", consents }),
    );
    await system.settled(customer, seq);
  }

  it("carries an event from HTTP to the channel and the outcome back, and explains it", async () => {
    await register("s1");
    const event = system.event("s1", "account.overdrawn", {
      amountMinor: 120_000,
      balanceMinor: -20_000,
      currency: "CZK",
    });
    const answer = await post("/v1/events", event);
    expect(answer.status).toBe(202);
    const context = await eventually("the outcome in the context", () => {
      const c = system.contextOf("s1");
      return c?.contacts[0]?.outcome === "delivered" ? c : undefined;
    });
    expect(context.contacts[0]).toMatchObject({
      action: "overdraft-explain",
      channel: "push",
      purpose: "service",
    });

    const timeline = (await (await fetch(`${system.gateway}/v1/customers/s1/timeline`)).json()) as {
      items?: unknown[];
    };
    expect(JSON.stringify(timeline)).toContain("overdraft-explain");
    const decisionId = context.contacts[0]!.commandId.replace(/\.c$/, "");
    const decision = (await (await fetch(`${system.gateway}/v1/decisions/${decisionId}`)).json()) as Record<
      string,
      unknown
    >;
    expect(JSON.stringify(decision)).toContain("chosen");
    const [record] = (await system.messages("AUDIT", subjects.audit("s1", "decision"))).flatMap(
      (m) => decisionRecordsV1.parse(m.body).records,
    );
    expect(record!.reply.kind).toBe("act");
    expect((await system.messages("AUDIT", subjects.audit("s1", "contact"))).length).toBe(1);
  });

  it("drops the same event sent twice over HTTP and over NATS (I1)", async () => {
    const event = system.event("s2", "account.credited", { balanceMinor: 5 });
    for (let i = 0; i < 3; i++) expect((await post("/v1/events", event)).status).toBe(202);
    const seq = await system.publish({ ...event, source: "core" });
    const c = await system.settled("s2", seq);
    expect(c.applied).toBe(1);
    expect(c.duplicates).toBeGreaterThanOrEqual(1);
  });

  it("stops a marketing offer without a consent on record, and says why", async () => {
    const seq = await system.publish(
      system.event("s3", "payment.sent", {
        purpose: "insurance",
        amountMinor: 50_000,
        balanceMinor: 2_000_000,
        currency: "CZK",
      }),
    );
    const c = await system.settled("s3", seq);
    expect(c.contacts).toEqual([]);
    const entries = await eventually("the audit record", async () => {
      const found = await system.messages("AUDIT", subjects.audit("s3", "step"));
      const records = found.flatMap((m) => auditRecordsV1.parse(m.body).records);
      return found.length > 0 && records.flatMap((r) => r.entries);
    });
    expect(entries).toContainEqual(
      expect.objectContaining({ kind: "decision", answer: "none", reason: "no_consent_record" }),
    );
  });

  it("keeps an opt-out that comes between decision and send: suppressed, no provider was asked (I5, I7)", async () => {
    await register("s4");
    const channels = system.services.get("channels")!;
    await pause(channels.child);
    let seq: number;
    try {
      seq = await system.publish(
        system.event("s4", "payment.sent", {
          purpose: "insurance",
          amountMinor: 50_000,
          balanceMinor: 2_000_000,
          currency: "CZK",
        }),
      );
      await eventually("the command", async () => (await system.messages("CMD", "cmd.*.*.s4")).length > 0);
      const put = await fetch(`${system.gateway}/v1/customers/s4/consents`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ consents: [{ purpose: "marketing", channel: "*", granted: false }] }),
      });
      expect(put.status).toBeLessThan(300);
      // What I7 allows the policy service to take note.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    } finally {
      resume(channels.child);
    }
    const c = await eventually("the outcome", () => {
      const now = system.contextOf("s4");
      return now?.contacts[0]?.outcome !== undefined ? now : undefined;
    });
    expect(c.contacts[0]!.outcome).toBe("suppressed");
    expect(c.journeys).toEqual([]);
    expect(system.providerCalls().filter((p) => p.commandId.startsWith("s4."))).toEqual([]);
    expect(seq!).toBeGreaterThan(0);
  });

  it("retries a payment that failed for technical reasons, then tells the customer", async () => {
    await register("s5");
    const seq = await system.publish(
      system.event("s5", "payment.failed", {
        paymentId: "p1",
        amountMinor: 9_900,
        currency: "CZK",
        reasonCode: "AB05",
      }),
    );
    await system.settled("s5", seq);
    const c = await eventually("both commands done", () => {
      const now = system.contextOf("s5");
      return now && now.contacts.length === 2 && now.contacts.every((x) => x.outcome) ? now : undefined;
    });
    expect(c.contacts.map((x) => x.channel)).toEqual(["execute", "push"]);
    expect(c.journeys).toEqual([]);
  });

  it("never retries a payment to a closed account; the customer hears so, and an agent gets the case", async () => {
    await register("s6");
    const seq = await system.publish(
      system.event("s6", "payment.failed", {
        paymentId: "p2",
        amountMinor: 9_900,
        currency: "CZK",
        reasonCode: "AC04",
      }),
    );
    const c = await system.settled("s6", seq);
    expect(c.contacts.map((x) => x.channel)).toEqual(["push", "agent"]);
  });

  it("keeps the caps when Redis is flushed in the middle of a run (I6)", async () => {
    const redis = new Redis(system.servers.redis.url);
    await register("s7");
    let seq = 0;
    // Marketing: at most 3 contacts in 7 days. Thirty moments, and Redis loses everything twice.
    for (let i = 0; i < 30; i++) {
      if (i === 10 || i === 20) await redis.flushall();
      const more =
        i % 2 === 0
          ? { type: "payment.sent", purpose: "insurance" }
          : { type: "transfer.sent", purpose: "other" };
      seq = await system.publish(
        system.event("s7", more.type, {
          purpose: more.purpose,
          amountMinor: 900_000,
          balanceMinor: 600_000,
          balanceBeforeMinor: 1_500_000,
          currency: "CZK",
        }),
      );
      await system.settled("s7", seq);
    }
    redis.disconnect();
    const sent = [...(await system.commands()).values()].filter(
      (c) => c.customerId === "s7" && c.purpose === "marketing",
    );
    expect(sent.length).toBeGreaterThan(0);
    expect(sent.length).toBeLessThanOrEqual(3);
  });

  it("sends what is no CloudEvent to DLQ and goes on with the customer's next event (I11)", async () => {
    const publisher = new Publisher(system.servers.nc);
    await publisher.publish(subjects.bank("core", "s8", "x.y"), "no json at all", { msgId: "s8-bad" });
    const c = await system.settled(
      "s8",
      await system.publish(system.event("s8", "account.credited", { balanceMinor: 1 })),
    );
    expect(c).toMatchObject({ applied: 1, deadLettered: 1 });
    const letters = await system.messages("DLQ", "dlq.>");
    expect(letters.filter((l) => l.header(dlqHeaders.subject).includes(".s8."))).toHaveLength(1);
  });

  it("comes back after policy was restarted, also when the last events are none of its own", async () => {
    const policy = system.services.get("policy")!;
    await policy.child.stop();
    await system.publish(system.event("s9", "account.credited", { balanceMinor: 5 }));
    system.services.set("policy", await untilReady(await system.launch("policy"), 15_000));
    const seq = await system.publish(
      system.event("s9", "account.overdrawn", { amountMinor: 10, balanceMinor: -5, currency: "CZK" }),
    );
    const c = await system.settled("s9", seq);
    expect(c.contacts.map((x) => x.outcome)).toEqual(["delivered"]);
  });

  it("has adds-up books: one terminal outcome per command, one reservation per command (I5, I8)", async () => {
    const commands = await system.commands();
    const outcomes = await eventually("every outcome", async () => {
      const found = await system.outcomes();
      return [...commands.keys()].every((id) => found.has(id)) ? found : undefined;
    });
    for (const [id, list] of outcomes) {
      expect(commands.has(id)).toBe(true);
      expect(list).toHaveLength(1);
    }
    const reservations = new Set(
      (await system.messages("AUDIT", subjects.auditOfKind("contact")))
        .flatMap((m) => auditRecordsV1.parse(m.body).records)
        .flatMap((r) => r.entries.flatMap((e) => (e.kind === "command" ? e.reservationId : []))),
    );
    for (const c of commands.values()) expect(reservations).toContain(c.reservationId);
    const calls = system.providerCalls().map((p) => `${p.commandId} ${p.attempt}`);
    expect(new Set(calls).size).toBe(calls.length);
  });
});

describe("the spine when channels fail", () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({
      env: { channels: { SANDBOX_FAULTS: "push=reject,sms=reject" } },
      sandbox: { email: { reject: 0, lost: 0, late: 0, undelivered: 0, receipt: ["1ms", "5ms"] } },
    });
  }, 60_000);
  afterAll(() => system.stop());

  it("goes on by email when push and SMS fail: one reservation, one terminal outcome (I8)", async () => {
    await system.settled(
      "f1",
      await system.publish(
        system.event("f1", "customer.registered", { timezone: daylightZone(), consents: CONSENTS }),
      ),
    );
    await system.publish(
      system.event("f1", "account.overdrawn", {
        amountMinor: 100,
        balanceMinor: -100,
        currency: "CZK",
      }) satisfies CloudEvent,
    );
    const c = await eventually("delivered", () => {
      const now = system.contextOf("f1");
      return now?.contacts[0]?.outcome ? now : undefined;
    });
    expect(c.contacts[0]).toMatchObject({ outcome: "delivered", channel: "email" });
    const [outcome, ...others] = (await system.outcomes()).get(c.contacts[0]!.commandId)!;
    expect(others).toEqual([]);
    expect(outcome!.tried.map((t) => t.channel)).toEqual(["push", "sms"]);
    expect((await system.messages("AUDIT", "audit.*.*.contact")).length).toBe(1);
  });
});
