import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import {
  auditRecordsV1,
  CHAIN_KINDS,
  commandV1,
  decisionRecordsV1,
  contextV1,
  decisionRunV1,
  dlqHeaders,
  DLQ_STREAM,
  PARTITIONS,
  partitionOf,
  rpc,
  subjects,
  type AuditRecord,
  type Command,
  type Context,
  type DecisionRequest,
} from "#contracts";
import { Publisher } from "#messaging";
import {
  eventually,
  permitAll,
  respond,
  startServers,
  startService,
  type RunningService,
  type TestServers,
} from "#testing";
import { auditHash } from "#audit";

const JOURNEYS = `
kind: Journey
id: rescue
version: 1
description: says, waits a second, says again
purpose: service
trigger: { event: account.overdrawn }
entry: { rule: after-exit }
steps:
  - { id: explain, type: send, action: explain, next: pause, otherwise: nobody }
  - { id: pause, type: wait, atMost: 1s, onTimeout: again }
  - { id: nobody, type: exit, reason: nobody-answered }
  - { id: again, type: send, action: again, otherwise: nobody }
`;
const CATALOGUE = `
kind: Catalogue
id: test
version: 1
description: for this test
actions:
  - { id: explain, description: d, purpose: service, value: 1, treatments: [{ channel: push, title: t, body: b }] }
  - { id: again, description: d, purpose: service, value: 1, treatments: [{ channel: push, title: t, body: b }] }
`;
/** Runs in a circle: validation would refuse it, so it stands in the bucket as if an older build had published it. */
const CIRCLE = {
  kind: "Journey",
  id: "circle",
  version: 1,
  description: "a defect that shows only when it runs",
  purpose: "service",
  trigger: { event: "poison.event" },
  entry: { rule: "after-exit" },
  steps: [
    { id: "a", type: "branch", cases: [{ when: "event.data.on == true", goto: "b" }], otherwise: "b" },
    { id: "b", type: "branch", cases: [{ when: "event.data.on == true", goto: "a" }], otherwise: "a" },
  ],
};

/** Asks for a decision, and then runs in a circle. */
const ASKING_CIRCLE = {
  ...CIRCLE,
  id: "asking-circle",
  trigger: { event: "asking.poison" },
  steps: [{ id: "ask", type: "send", action: "explain", next: "a" }, ...CIRCLE.steps],
};

describe("context actor: a real process on real NATS", () => {
  let servers: TestServers;
  let actor: RunningService;
  let publisher: Publisher;
  let jsm: JetStreamManager;
  let stopDeciding: () => void;
  const asked: DecisionRequest[] = [];

  const decide = (): (() => void) =>
    respond<unknown>(servers.nc, rpc.decide, (data) => {
      // Answered one by one: the first is an act, which ends the run.
      const request = decisionRunV1.parse(data).requests[0]!;
      asked.push(request);
      return {
        answers: [
          { reply: permitAll(request), explanation: '{"explanations":[],"verdicts":[],"versions":{}}' },
        ],
      };
    });

  beforeAll(async () => {
    servers = await startServers();
    publisher = new Publisher(servers.nc);
    jsm = await jetstreamManager(servers.nc);
    const definitions = writeDefinitions("definitions", JOURNEYS);
    const published = await new Kvm(servers.nc).open("definitions");
    await published.create("journey.circle.1", JSON.stringify(CIRCLE));
    await published.create("journey.asking-circle.1", JSON.stringify(ASKING_CIRCLE));
    stopDeciding = decide();
    actor = await startService("context-actor", {
      natsUrl: servers.nats.url,
      redisUrl: servers.redis.url,
      env: { SEGUE_DEFINITIONS_DIR: definitions, ACTOR_DECISION_BUDGET_MS: "3000" },
    });
  }, 40_000);
  afterAll(async () => {
    stopDeciding?.();
    await actor?.child.stop();
    await servers?.stop();
  });

  function writeDefinitions(name: string, journey: string): string {
    const dir = join(servers.dir, name);
    for (const [folder, text] of [
      ["journeys", journey],
      ["catalogue", CATALOGUE],
    ] as const) {
      mkdirSync(join(dir, folder), { recursive: true });
      writeFileSync(join(dir, folder, "rescue.yaml"), text);
    }
    return dir;
  }

  /** Another customer in the same partition. */
  function neighbourOf(customer: string): string {
    for (let i = 0; ; i++) if (partitionOf(`nb${i}`) === partitionOf(customer)) return `nb${i}`;
  }

  let n = 0;
  async function send(
    customer: string,
    type: string,
    data: object = {},
    more: object = {},
    msgId = `m${++n}`,
  ): Promise<number> {
    const event = {
      specversion: "1.0",
      id: `e${++n}`,
      source: "core",
      type,
      subject: customer,
      time: new Date().toISOString(),
      data,
      ...more,
    };
    return raw(subjects.bank("core", customer, type), JSON.stringify(event), {}, msgId);
  }
  async function raw(
    subject: string,
    body: string | Uint8Array,
    headers: Record<string, string> = {},
    msgId = `m${++n}`,
  ): Promise<number> {
    const r = await publisher.publish(subject, body, { msgId, headers });
    if (r.kind !== "written") throw new Error("conflict");
    return r.seq;
  }
  async function context(customer: string): Promise<Context | undefined> {
    const m = await jsm.direct.getMessage("CTX", { last_by_subj: subjects.ctx(customer) }).catch(() => null);
    return m ? contextV1.parse(m.json()) : undefined;
  }
  const handled = (customer: string, seq: number): Promise<Context> =>
    eventually(`event ${seq} in the context`, async () => {
      const c = await context(customer);
      return c && c.watermark >= seq ? c : undefined;
    });
  async function all(
    stream: string,
    filter: string,
  ): Promise<Array<{ json: unknown; header: (k: string) => string; bytes: Uint8Array; storedAt: number }>> {
    const found = [];
    for (let seq = 1; ;) {
      const m = await jsm.direct.getMessage(stream, { seq, next_by_subj: filter }).catch(() => null);
      if (!m) return found;
      found.push({
        json: m.data.length > 0 ? safeJson(m.string()) : undefined,
        header: (k: string) => m.header.get(k),
        bytes: m.data,
        storedAt: m.time.getTime(),
      });
      seq = m.seq + 1;
    }
  }
  async function chainOf(customer: string): Promise<AuditRecord[]> {
    const kinds = await Promise.all(CHAIN_KINDS.map((kind) => all("AUDIT", subjects.audit(customer, kind))));
    const records = kinds.flat().flatMap((r) => auditRecordsV1.parse(r.json).records);
    return records.sort((a, b) => a.n - b.n);
  }
  const safeJson = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  };

  it("applies events in order, drops duplicates by source and id, counts unknown types as signals (I1, I2)", async () => {
    await send("a1", "account.credited", { balanceMinor: 100, currency: "CZK" });
    await send("a1", "some.unknown.type", {});
    const same = { id: "same" };
    await send("a1", "account.debited", { balanceMinor: 40 }, same);
    const seq = await send("a1", "account.debited", { balanceMinor: 40 }, same);
    const c = await handled("a1", seq);
    expect(c).toMatchObject({
      applied: 3,
      duplicates: 1,
      deadLettered: 0,
      attributes: { balanceMinor: 40, currency: "CZK" },
    });
    expect(c.signals["some.unknown.type"]?.n).toBe(1);
    expect(c.recent.map((r) => r.type)).toEqual(["account.credited", "some.unknown.type", "account.debited"]);
  });

  it("reads CloudEvents in binary mode, whatever the case of the headers", async () => {
    const seq = await raw(subjects.bank("core", "a2", "card.used"), JSON.stringify({ balanceMinor: 7 }), {
      "CE-SpecVersion": "1.0",
      "ce-id": "b1",
      "Ce-Source": "core",
      "ce-type": "card.used",
    });
    expect(await handled("a2", seq)).toMatchObject({ applied: 1, attributes: { balanceMinor: 7 } });
  });

  it("runs a journey: command, timer, second command; the audit chain holds", async () => {
    const seq = await send("a3", "account.overdrawn", { amountMinor: 5 });
    await handled("a3", seq);
    const commands = await eventually("two commands", async () => {
      const found = await all("CMD", subjects.cmd("push", "a3"));
      return found.length >= 2 ? found : undefined;
    });
    expect(commands.map((c) => commandV1.parse(c.json).action)).toEqual(["explain", "again"]);
    const [first, second] = commands.map((c) => c.json as Command);
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(1_000);
    expect(Number(commands[0]!.header("Segue-Event-Stored-At"))).toBeGreaterThan(0);
    const ledger = (await all("AUDIT", subjects.audit("a3", "contact"))).flatMap(
      (r) => auditRecordsV1.parse(r.json).records,
    );
    expect(ledger.flatMap((r) => r.entries).filter((e) => e.kind === "command")).toHaveLength(2);
    const records = await chainOf("a3");
    let prev = "";
    for (const [i, r] of records.entries()) {
      expect(r.n).toBe(i + 1);
      expect(r.prev).toBe(prev);
      expect(auditHash(r)).toBe(r.hash);
      prev = r.hash;
    }
    expect(records.flatMap((r: AuditRecord) => r.entries.map((e) => e.kind))).toEqual([
      "journey-entered",
      "decision",
      "command",
      "decision",
      "command",
      "journey-exited",
    ]);
    expect(auditHash({ ...records[0]!, at: records[0]!.at + 1 })).not.toBe(records[0]!.hash);
    // Both decisions are on record, each before its command was published.
    const decisions = await all("AUDIT", subjects.audit("a3", "decision"));
    expect(
      decisions.flatMap((d) => decisionRecordsV1.parse(d.json).records.map((r) => r.reply)),
    ).toMatchObject(commands.map((c) => ({ kind: "act", decisionId: (c.json as Command).decisionId })));
    for (const [i, d] of decisions.entries()) expect(d.storedAt).toBeLessThanOrEqual(commands[i]!.storedAt);
  });

  it("sends what it cannot read to DLQ with the reason and the original bytes, and goes on (I1, I11)", async () => {
    const ok = { specversion: "1.0", id: "x", source: "core", type: "t.t", subject: "a4" };
    const at = subjects.bank("core", "a4", "t.t");
    const cases: Array<[string, string, string]> = [
      [at, "{not json", "malformed_json"],
      [at, JSON.stringify({ hello: 1 }), "not_a_cloudevent"],
      [at, JSON.stringify({ ...ok, specversion: "0.3" }), "not_a_cloudevent"],
      [at, JSON.stringify({ ...ok, subject: "someone-else" }), "customer_mismatch"],
      [at, JSON.stringify({ ...ok, type: "u.u" }), "type_mismatch"],
      [at, JSON.stringify({ ...ok, time: "2099-01-01T00:00:00Z" }), "time_out_of_range"],
      [at, JSON.stringify({ ...ok, time: "1999-01-01T00:00:00Z" }), "time_out_of_range"],
      [at, JSON.stringify({ ...ok, data: { note: "x".repeat(70_000) } }), "too_large"],
      [subjects.bank("segue", "a4", "t.t"), JSON.stringify({ ...ok }), "reserved_source"],
      ["bank.core.b@d.t.t", JSON.stringify({ ...ok }), "unsafe_subject"],
    ];
    for (const [subject, body] of cases) await raw(subject, body, { "x-own": "kept" });
    const seq = await send("a4", "account.credited", { balanceMinor: 1 });
    expect(await handled("a4", seq)).toMatchObject({ applied: 1, deadLettered: cases.length - 1 });
    const letters = await eventually("the dead letters", async () => {
      const found = await all(DLQ_STREAM, "dlq.>");
      return found.length >= cases.length ? found : undefined;
    });
    const reasons = letters.map((l) => l.header(dlqHeaders.reason));
    expect(reasons.sort()).toEqual(cases.map((c) => c[2]).sort());
    const malformed = letters.find((l) => l.header(dlqHeaders.reason) === "malformed_json")!;
    expect(Buffer.from(malformed.bytes).toString()).toBe("{not json");
    expect(malformed.header("x-own")).toBe("kept");
    expect(malformed.header(dlqHeaders.detail)).toMatch(/JSON/);
  });

  it("takes bytes that are no UTF-8 for malformed: read with replacement characters two ids would become one (I1)", async () => {
    const body = (byte: number): Buffer =>
      Buffer.concat([
        Buffer.from('{"specversion":"1.0","source":"core","type":"t.t","id":"x'),
        Buffer.from([byte]),
        Buffer.from('"}'),
      ]);
    for (const byte of [0xc3, 0xff]) await raw(subjects.bank("core", "u1", "t.t"), body(byte));
    const seq = await send("u1", "account.credited", { balanceMinor: 1 });
    expect(await handled("u1", seq)).toMatchObject({ applied: 1, duplicates: 0, deadLettered: 2 });
  });

  it("puts a poison event into DLQ and keeps its neighbours in order (I11)", async () => {
    await send("a5", "account.credited", { balanceMinor: 1 });
    await send("a5", "poison.event", { on: true });
    await send("a5", "account.credited", { balanceMinor: 2 });
    const seq = await send("a5", "account.debited", { balanceMinor: 3 });
    const c = await handled("a5", seq);
    expect(c).toMatchObject({ applied: 3, deadLettered: 1, attributes: { balanceMinor: 3 } });
    expect(c.recent.map((r) => r.type)).toEqual(["account.credited", "account.credited", "account.debited"]);
    const letters = await all(DLQ_STREAM, "dlq.>");
    expect(letters.filter((l) => l.header(dlqHeaders.reason) === "handler_failed")).toHaveLength(1);
  });

  it("never gives a decision id twice, also when the event that asked first went to DLQ (I3, I11)", async () => {
    const before = asked.length;
    await send("p1", "asking.poison", { on: true });
    const seq = await send("p1", "account.overdrawn", {});
    expect(await handled("p1", seq)).toMatchObject({ applied: 1, deadLettered: 1 });
    const ids = asked.slice(before).filter((r) => r.customerId === "p1");
    expect(ids.length).toBeGreaterThanOrEqual(2);
    expect(new Set(ids.map((r) => r.decisionId)).size).toBe(ids.length);
  });

  it("dead-letters a message of the server's largest size; the partition goes on (I11)", async () => {
    await raw(subjects.bank("core", "p2", "t.t"), "x".repeat(servers.nc.info!.max_payload - 60), {}, "large");
    const seq = await send("p2", "account.credited", { balanceMinor: 1 });
    expect(await handled("p2", seq)).toMatchObject({ applied: 1, deadLettered: 1 });
  });

  it("dead-letters a message whose headers cannot be read; the partition goes on (I11)", async () => {
    const { hostname, port } = new URL(servers.nats.url);
    const headers = "NATS/1.0\r\nno such name: x\r\n\r\n";
    const subject = subjects.bank("core", "p3", "t.t");
    const socket = connect(Number(port), hostname);
    let answered = "";
    socket.on("data", (chunk) => (answered += chunk.toString()));
    socket.write('CONNECT {"headers":true,"verbose":false}\r\n');
    socket.write(`HPUB ${subject} ${headers.length} ${headers.length + 2}\r\n${headers}{}\r\nPING\r\n`);
    await eventually("the server's answer", () => answered.includes("PONG"));
    socket.destroy();
    const seq = await send("p3", "account.credited", { balanceMinor: 1 });
    expect(await handled("p3", seq)).toMatchObject({ applied: 1, deadLettered: 1 });
  });

  it("dead-letters the events of a customer whose context cannot be read; the others of the partition go on (I11)", async () => {
    await publisher.publish(subjects.ctx("p4"), '{"v":2}', { msgId: "p4" });
    const seq = await send("p4", "account.credited", { balanceMinor: 1 });
    const neighbour = neighbourOf("p4");
    await handled(neighbour, await send(neighbour, "account.credited", { balanceMinor: 1 }));
    const letters = await all(DLQ_STREAM, "dlq.>");
    expect(letters.map((l) => l.header(dlqHeaders.sequence))).toContain(String(seq));
  });

  it("stores no unbounded names: a context stays small, whatever events carry", async () => {
    const attributes = (i: number): object =>
      Object.fromEntries(Array.from({ length: 4 }, (_, k) => [`${i}-${k}-${"n".repeat(12_000)}`, 1]));
    for (let i = 0; i < 8; i++) await send("p5", "account.noted", { attributes: attributes(i) });
    const seq = await send("p5", "account.noted", { attributes: { short: 1 } });
    const c = await handled("p5", seq);
    expect(c.attributes).toEqual({ short: 1 });
  });

  it("tells events of two sources apart that share a subject token (I1)", async () => {
    await send("p6", "account.credited", { balanceMinor: 1 }, { id: "one", source: "core/a" });
    await send("p6", "account.credited", { balanceMinor: 2 }, { id: "one", source: "core/b" });
    const seq = await send("p6", "account.credited", { balanceMinor: 3 }, { id: "one", source: "core/b" });
    expect(await handled("p6", seq)).toMatchObject({ applied: 2, duplicates: 1 });
  });

  it("takes a bank's own timer.… event for a signal, and drops its duplicate", async () => {
    await send("p7", "timer.started", {}, { id: "one" });
    const seq = await send("p7", "timer.started", {}, { id: "one" });
    const c = await handled("p7", seq);
    expect(c).toMatchObject({ applied: 1, duplicates: 1 });
    expect(c.signals["timer.started"]?.n).toBe(1);
  });

  it("dead-letters an event that stands in another partition than its customer's (I2)", async () => {
    const [, own] = subjects.ctx("p8").split(".");
    const elsewhere = subjects
      .evt("p8", "core", "t.t")
      .replace(`.${own}.`, `.${(Number(own) + 1) % PARTITIONS}.`);
    const event = { specversion: "1.0", id: "x", source: "core", type: "t.t", subject: "p8" };
    const seq = String(await raw(elsewhere, JSON.stringify(event)));
    const letter = await eventually("its dead letter", async () =>
      (await all(DLQ_STREAM, "dlq.>")).find((l) => l.header(dlqHeaders.sequence) === seq),
    );
    expect(letter.header(dlqHeaders.reason)).toBe("unsafe_subject");
    expect(await context("p8")).toBeUndefined();
  });

  it("goes on with a journey version that a newer instance published after this one started (I10)", async () => {
    const c = await handled("v1", await send("v1", "account.credited", { balanceMinor: 1 }));
    const newer = {
      ...CIRCLE,
      id: "newer",
      trigger: { event: "newer.started" },
      steps: [{ id: "pause", type: "wait", atMost: "1h" }],
    };
    await (await new Kvm(servers.nc).open("definitions")).create("journey.newer.1", JSON.stringify(newer));
    const trigger = { id: "t", source: "core", type: "newer.started", time: c.now, data: {} };
    const instance = {
      id: "newer-1",
      journey: "newer",
      version: 1,
      enteredAt: c.now,
      status: "waiting" as const,
      step: "pause",
      steps: 1,
      trigger,
      wait: { id: "pause-1-0", kind: "event" as const, dueAt: c.now + 3_600_000 },
      used: [],
      deferrals: 0,
    };
    await publisher.publish(subjects.ctx("v1"), JSON.stringify({ ...c, journeys: [instance] }), {
      msgId: "v1-ctx",
    });
    const after = await handled("v1", await send("v1", "account.credited", { balanceMinor: 2 }));
    expect(after.journeys.map((j) => j.id)).toEqual(["newer-1"]);
  });

  it("refuses to commit over another owner's write; the event is applied on top of it (I4)", async () => {
    await handled("a6", await send("a6", "account.credited", { balanceMinor: 1 }));
    const c = (await context("a6"))!;
    // Another owner writes behind the actor's back.
    await publisher.publish(
      subjects.ctx("a6"),
      JSON.stringify({ ...c, attributes: { balanceMinor: 1, other: "owner" } }),
      { msgId: `ctx${++n}` },
    );
    const seq = await send("a6", "account.debited", { balanceMinor: 0 });
    const after = await handled("a6", seq);
    expect(after.attributes).toEqual({ balanceMinor: 0, other: "owner" });
    expect(after.applied).toBe(2);
  });

  it("asks again while the decision service is away, in the same order and under the same id (I3)", async () => {
    stopDeciding();
    const before = asked.length;
    await send("a7", "account.overdrawn", {});
    const seq = await send("a7", "account.credited", { balanceMinor: 9 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await context("a7")).toBeUndefined();
    stopDeciding = decide();
    const c = await handled("a7", seq);
    expect(c.recent.map((r) => r.type)).toEqual(["account.overdrawn", "account.credited"]);
    expect(asked.slice(before).map((r) => r.decisionId)).toContain("a7.1.0");
    expect(c.contacts).toHaveLength(1);
  });

  it("takes the journey's fallback when the budget is spent, and the audit says so", async () => {
    stopDeciding();
    const seq = await send("a8", "account.overdrawn", {});
    const c = await handled("a8", seq);
    stopDeciding = decide();
    expect(c.journeys).toEqual([]);
    // Relayed after the commit that the context shows.
    const records = await eventually("the step on record", async () => {
      const found = await chainOf("a8");
      return found.length > 0 && found;
    });
    const entries = records.flatMap((r) => r.entries);
    expect(entries).toContainEqual(
      expect.objectContaining({ kind: "decision", answer: "unavailable", reason: "decision_unavailable" }),
    );
    expect(entries).toContainEqual(
      expect.objectContaining({ kind: "journey-exited", reason: "nobody-answered" }),
    );
  });

  it("does not order a command again when a context is loaded long after it left", async () => {
    // The snapshot still lists the outbox of its last commit; up to the acknowledged floor it has left.
    const c = await handled("a9", await send("a9", "account.overdrawn", {}));
    expect(c.outbox.length).toBeGreaterThan(0);
    await eventually("its commands", async () => (await all("CMD", subjects.cmd("push", "a9"))).length === 2);
    const ids = (await all("CMD", subjects.cmd("push", "a9"))).map((m) => (m.json as Command).commandId);
    expect(new Set(ids).size).toBe(2);
  });

  it("refuses to start on a published version with another content, and says what to do", async () => {
    const changed = writeDefinitions("changed", JOURNEYS.replace("atMost: 1s", "atMost: 2s"));
    await expect(
      startService("context-actor", {
        natsUrl: servers.nats.url,
        redisUrl: servers.redis.url,
        env: { SEGUE_DEFINITIONS_DIR: changed },
      }),
    ).rejects.toThrow(/rescue version 1 is published already with another content/);
  });

  it("refuses to start on a broken journey file, with file, line and cause", async () => {
    const broken = writeDefinitions("broken", JOURNEYS.replace("type: wait", "type: wiat"));
    await expect(
      startService("context-actor", {
        natsUrl: servers.nats.url,
        redisUrl: servers.redis.url,
        env: { SEGUE_DEFINITIONS_DIR: broken },
      }),
    ).rejects.toThrow(/rescue\.yaml:\d+:\d+/);
  });
});
