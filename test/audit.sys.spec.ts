/**
 * What a regulator asks afterwards, over records of the real services: decisions and contexts computed again, decisions
 * explained, the audit verified, exported and followed; and every way to tamper with what is stored is found.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Kvm } from "@nats-io/kv";
import {
  auditHash,
  explainDecision,
  exportCustomers,
  readDecision,
  readFiltered,
  replayCustomer,
  replayFile,
  verifyCustomers,
  verifyPublications,
  type DecisionFile,
  type ExportedLine,
  type Finding,
  type FindingKind,
  type Verified,
} from "#audit";
import { standingClockText, wallClock } from "#clock";
import {
  momentHeaders,
  subjects,
  type AuditRecord,
  type CloudEvent,
  type DecisionExplained,
} from "#contracts";
import { loadJourneys } from "#definitions";
import { DefinitionsBucket, installJourneys } from "#registry";
import { eventually } from "#testing";
import { explanationText } from "../apps/cli/src/explain/explain.command.js";
import { tail } from "../apps/cli/src/tail/tail.command.js";
import type { TailLine } from "../apps/cli/src/tail/tail-lines.js";
import { scratch, SILENT_CUSTOMERS, System } from "./system.js";

const treatment = (channel: string): object => ({ channel, title: "t", body: "b" });
const offer = (id: string, value: number, more: object = {}): object => ({
  id,
  description: id,
  purpose: "marketing",
  value,
  treatments: [treatment("push"), treatment("sms")],
  ...more,
});
const CATALOGUE = {
  kind: "Catalogue",
  id: "offers",
  version: 1,
  description: "test",
  actions: [
    offer("savings", 100),
    offer("gold", 200),
    offer("deposit", 300, { eligibility: "event.data.amount > 1000" }),
  ],
};
const JOURNEY = {
  kind: "Journey",
  id: "leaving",
  version: 1,
  description: "Money leaves: offer to keep it.",
  purpose: "marketing",
  trigger: { event: "transfer.sent" },
  entry: { rule: "after-exit" },
  steps: [
    { id: "offer", type: "decide", actions: ["savings", "gold", "deposit"], next: "hear", otherwise: "over" },
    {
      id: "hear",
      type: "wait",
      for: [{ outcome: ["delivered", "failed"], goto: "rest" }],
      atMost: "1d",
      onTimeout: "over",
    },
    {
      id: "rest",
      type: "wait",
      for: [{ event: "transfer.done", goto: "over" }],
      atMost: "1d",
      onTimeout: "over",
    },
    { id: "over", type: "exit", reason: "over" },
  ],
};
const PACK = {
  kind: "PolicyPack",
  id: "house",
  version: 1,
  description: "test",
  source: "GDPR Art. 7",
  rules: [
    { purpose: "marketing", consent: "required", blockedBy: ["fraud"], caps: [{ count: 2, period: "7d" }] },
    { purpose: "service", consent: "not-refused" },
  ],
};

/** A folder with the definitions. */
function definitions(): string {
  const dir = scratch("audit");
  for (const [folder, definition] of [
    ["catalogue", CATALOGUE],
    ["journeys", JOURNEY],
    ["policies", PACK],
  ] as const) {
    mkdirSync(join(dir, folder));
    writeFileSync(join(dir, folder, "test.yaml"), JSON.stringify(definition));
  }
  return dir;
}

interface Message {
  readonly subject: string;
  readonly seq: number;
  readonly text: string;
}

describe("the audit of a running system", () => {
  let system: System;
  /** Until when the caller of the first moment waits. */
  let callerWaits = 0;
  const consents = (granted: boolean): object[] =>
    ["push", "sms"].map((channel) => ({ purpose: "marketing", channel, granted }));

  beforeAll(async () => {
    const dir = definitions();
    const certain = {
      reject: 0,
      lost: 0,
      late: 0,
      undelivered: 0,
      latency: ["1ms", "2ms"],
      receipt: ["1ms", "2ms"],
    };
    system = await System.start({
      services: ["decision", "policy", "channels", "context-actor"],
      env: { "*": { SEGUE_DEFINITIONS_DIR: dir } },
      sandbox: {
        ...SILENT_CUSTOMERS,
        push: { ...SILENT_CUSTOMERS["push"], reject: 0, latency: ["1ms", "2ms"] },
        sms: { clicked: 0, converted: 0, declined: 0, ...certain },
      },
    });
    await installJourneys(new DefinitionsBucket(system.servers.nc), wallClock, loadJourneys(dir));
    const say = async (customer: string, type: string, data: Record<string, unknown> = {}): Promise<void> => {
      const event: CloudEvent = system.event(customer, type, data);
      await system.settled(customer, await system.publish(event));
    };
    for (const [customer, granted] of [
      ["a1", true],
      ["a2", false],
    ] as const)
      await say(customer, "customer.registered", { timezone: "Europe/Prague", consents: consents(granted) });
    for (const amount of [500, 5_000, 700]) {
      await say("a1", "transfer.sent", { amount });
      await say("a1", "transfer.done");
    }
    await say("a2", "transfer.sent", { amount: 5_000 });
    await say("a1", "hold.placed", { kind: "fraud" });
    await say("a1", "consent.changed", { purpose: "marketing", channel: "sms", granted: false });
    await say("a2", "page.viewed");
    // Moments: of one the caller waits, of the other no longer.
    callerWaits = Date.now() + 3_000;
    for (const deadline of [callerWaits, Date.now() - 1]) {
      const event = system.event("a2", "transfer.sent", { amount: 10 });
      const told = await system.publisher.publish(
        subjects.bank("core", "a2", event.type),
        JSON.stringify(event),
        {
          msgId: event.id,
          headers: {
            [momentHeaders.replyTo]: subjects.momentReply("a2", 1),
            [momentHeaders.deadline]: String(deadline),
          },
        },
      );
      await system.settled("a2", told.kind === "written" ? told.seq : 0);
    }
    // Everything that left is on record.
    for (const customer of ["a1", "a2"]) await verified(customer, 5_000);
    for (const service of [...system.actors.values(), ...system.services.values()])
      await service.child.stop();
  }, 90_000);
  afterAll(() => system?.stop());

  async function verified(
    customer?: string,
    graceMs = 50,
  ): Promise<Verified & { kinds: FindingKind[]; all: Finding[] }> {
    const all: Finding[] = [];
    const told = await verifyCustomers(system.servers.nc, {
      ...(customer === undefined ? {} : { customer }),
      onFinding: (f) => all.push(f),
      graceMs,
    });
    return { ...told, kinds: all.map((f) => f.kind), all };
  }

  async function records(customer: string): Promise<AuditRecord[]> {
    const found: AuditRecord[] = [];
    for (const { subject, text } of await stored())
      if (subject.includes(`.${customer}.`) && !subject.endsWith(".decision"))
        found.push(...(JSON.parse(text) as { records: AuditRecord[] }).records);
    return found.sort((a, b) => a.n - b.n);
  }

  async function decisions(customer: string): Promise<string[]> {
    return (await records(customer)).flatMap((r) =>
      r.entries.flatMap((e) => (e.kind === "decision" ? [e.decisionId] : [])),
    );
  }

  async function stored(): Promise<Message[]> {
    const found: Message[] = [];
    for await (const m of readFiltered(system.servers.nc, "AUDIT", "audit.>"))
      found.push({ subject: m.subject, seq: m.seq, text: m.string() });
    return found;
  }

  /** Puts altered copies of all records in the place of the stored ones; answers how to put the right ones back. */
  let writes = 0;
  async function rewrite(messages: readonly { subject: string; text: string }[]): Promise<void> {
    await system.jsm.streams.purge("AUDIT");
    for (const { subject, text } of messages)
      await system.publisher.publish(subject, text, { msgId: `rewrite-${writes++}` });
  }

  async function tampered(
    change: (messages: Message[]) => readonly { subject: string; text: string }[],
    customer?: string,
  ): Promise<Awaited<ReturnType<typeof verified>>> {
    const before = await stored();
    await rewrite(change([...before]));
    try {
      return await verified(customer);
    } finally {
      await rewrite(before);
    }
  }

  const ofChain = (m: Message): boolean => /\.a1\.(step|contact)$/.test(m.subject);
  const edit = (m: Message, change: (record: AuditRecord) => void): Message => {
    const body = JSON.parse(m.text) as { records: AuditRecord[] };
    for (const r of body.records) change(r);
    return { ...m, text: JSON.stringify(body) };
  };

  const file = async (decisionId: string): Promise<DecisionFile> =>
    (await readDecision(system.servers.nc, decisionId))!;
  const explained = async (decisionId: string): Promise<DecisionExplained> =>
    explainDecision(system.servers.nc, await file(decisionId));

  it("is whole, one customer's and everybody's", async () => {
    const all = await verified();
    expect(all.all).toEqual([]);
    expect(all).toMatchObject({ customers: 2, findings: 0, repeated: 0, decisions: 6, commands: 2 });
    expect(await verified("a1")).toMatchObject({ customers: 1, findings: 0, commands: 2 });
  });

  it("says of each event where it stands in EVT, and what of the profile it changed, without personal data", async () => {
    const all = await records("a1");
    expect(all.every((r) => (r.event.seq ?? 0) > 0)).toBe(true);
    const changes = all.flatMap((r) =>
      r.entries.flatMap((e) => (e.kind === "profile-changed" ? [e.changes] : [])),
    );
    expect(changes).toEqual([
      [
        { what: "consent", purpose: "marketing", channel: "push", granted: true },
        { what: "consent", purpose: "marketing", channel: "sms", granted: true },
        { what: "timezone" },
      ],
      [{ what: "hold", hold: "fraud", placed: true }],
      [{ what: "consent", purpose: "marketing", channel: "sms", granted: false }],
    ]);
  });

  it("replays every decision to the same bytes, with the catalogue and the packs of its day (I9)", async () => {
    const ids = [...(await decisions("a1")), ...(await decisions("a2"))];
    expect(ids).toHaveLength(6);
    for (const id of ids) {
      const { replay } = await replayFile(system.servers.nc, await file(id));
      expect(replay).toMatchObject({ result: "same", chain: "named", problems: [] });
      expect(replay.definitions.map((d) => `${d.kind}/${d.id}@${d.version}`)).toEqual([
        "catalogue/offers@1",
        "policy/house@1",
      ]);
    }
  });

  it("never takes a changed catalogue for the one of the record", async () => {
    const [id] = await decisions("a1");
    const kv = await new Kvm(system.servers.nc).open("definitions");
    const keys: string[] = [];
    for await (const k of await kv.keys("catalogue.>")) keys.push(k);
    expect(keys).toHaveLength(1);
    const key = keys[0]!;
    const text = (await kv.get(key))!.string();
    await kv.put(key, text.replace('"value":200', '"value":20'));
    const changed = await replayFile(system.servers.nc, await file(id!));
    await kv.delete(key);
    const gone = await replayFile(system.servers.nc, await file(id!));
    // The same version with another content, archived beside it.
    const other = `${key.split(".").slice(0, -1).join(".")}.${"x".repeat(24)}`;
    await kv.put(other, text.replace('"value":200', '"value":20'));
    const replaced = await replayFile(system.servers.nc, await file(id!));
    await kv.put(key, text);
    const both = await replayFile(system.servers.nc, await file(id!));
    await kv.delete(other);
    expect(changed.replay.result).toBe("impossible");
    expect(changed.replay.problems[0]).toMatch(/was changed in the archive/);
    expect(gone.replay.problems[0]).toMatch(/the archive holds no catalogue\.offers\.1\./);
    expect(replaced.replay.problems[0]).toMatch(/the definition was changed/);
    expect(both.replay.result).toBe("same");
    expect(both.replay.notes[0]).toMatch(/2 different contents/);
  });

  it("builds each customer's context again from EVT, equal to CTX", async () => {
    expect(await replayCustomer(system.servers.nc, "a1")).toMatchObject({ equal: true, decisions: 3 });
    await eventually("the caller of the moment to be gone", () => Date.now() > callerWaits);
    expect(await replayCustomer(system.servers.nc, "a2")).toMatchObject({ equal: true, decisions: 3 });
    const [, waited, gone] = await decisions("a2");
    expect((await file(waited!)).record.request.exclude).toBeUndefined();
    expect((await file(gone!)).record.request.exclude).toEqual(["inapp"]);
    expect(await replayCustomer(system.servers.nc, "nobody")).toBeUndefined();
  });

  it("says where a context comes out otherwise, and at which event", async () => {
    const { nc } = system.servers;
    const context = system.contextOf("a2")!;
    await system.publisher.publish(
      subjects.ctx("a2"),
      JSON.stringify({ ...context, attributes: { ...context.attributes, vip: true } }),
      { msgId: "forged" },
    );
    const forged = await replayCustomer(nc, "a2");
    await system.publisher.publish(subjects.ctx("a2"), JSON.stringify(context), { msgId: "restored" });
    expect(forged).toMatchObject({
      equal: false,
      difference: { what: "the context in CTX", path: "attributes.vip", expected: "true" },
    });
    // A reply that was never given: the event at which it shows is named.
    const before = await stored();
    await rewrite(
      before.map((m) =>
        m.subject.endsWith("a2.decision")
          ? { ...m, text: m.text.replace("consent_refused", "hold_fraud") }
          : m,
      ),
    );
    const asked = await replayCustomer(nc, "a2");
    await rewrite(before);
    expect(asked).toMatchObject({
      equal: false,
      difference: {
        what: expect.stringMatching(/^decision a2\.\d+\.0, whose record/) as string,
        event: { type: "transfer.sent" },
      },
    });
  });

  it("explains a decision in plain words, and what would have changed it, computed", async () => {
    const [first, second, third] = await decisions("a1");
    const a = await explained(first!);
    expect(a.decided).toEqual([
      "Decided: gold over push, else over sms.",
      "Why: of those that met their conditions it had the highest score, and policy permitted it. Score 200 = value 200.",
    ]);
    expect(a.others).toEqual([
      "savings (score 100): outranked by gold (score 200).",
      "deposit: its eligibility condition was not met: event.data.amount > 1000",
    ]);
    expect(a.rules.map((r) => r.source)).toEqual([undefined, "GDPR Art. 7"]);
    const changes = new Map(a.whatIf.map((w) => [w.if, w.changes ? w.decision : "nothing"]));
    // At 200 the draw of this decision decides, and otherwise just above it.
    const enough = [...changes.keys()].find((k) =>
      /^savings had had a value of at least 200(\.\d+)? \(it had 100\)$/.test(k),
    );
    expect(changes.get(enough ?? "")).toBe("savings over push, else over sms");
    expect(a.arbitration).toEqual([
      "The runner-up, savings, lost to gold with score 100 against 200: value 100 against 200.",
    ]);
    expect(changes.get("deposit had met its eligibility condition (event.data.amount > 1000)")).toBe(
      "deposit over push, else over sms",
    );
    expect(changes.get("there had been a fraud hold")).toBe("to say nothing (hold fraud)");
    expect(changes.get("consent for marketing over push had been refused")).toBe("gold over sms");
    expect(changes.get("gold had not been on offer")).toBe("savings over push, else over sms");
    expect(a.afterwards.at(-1)).toMatch(/delivered over push/);
    expect(a.replay.result).toBe("same");
    expect((await explained(second!)).decided[0]).toBe("Decided: deposit over push, else over sms.");
    const c = await explained(third!);
    expect(c.decided).toEqual(["Decided: to say nothing (cap reached).", "Why: cap reached."]);
    expect(c.mattered).toContain(
      "Cap of 2 marketing contacts in 7 days was reached over push: 2 counted (rule house/marketing/caps/0).",
    );
    expect(
      c.whatIf.find((w) => w.if.startsWith("the cap of 2 marketing contacts in 7 days had not been reached")),
    ).toMatchObject({ changes: true, decision: "gold over push, else over sms" });
    const [denied] = await decisions("a2");
    const d = await explained(denied!);
    expect(d.mattered).toContain("Consent for marketing over push: refused (rule house/marketing/consent).");
    expect(d.whatIf.find((w) => w.if === "consent for marketing over push had been given")).toMatchObject({
      decision: "deposit over push",
    });
    expect(explanationText(d)).toContain("What would have changed it");
  });

  it("exports lines of JSON with the events that led to each decision, command and outcome", async () => {
    const lines: ExportedLine[] = [];
    for await (const line of exportCustomers(system.servers.nc, { customer: "a1" })) lines.push(line);
    const recordLines = lines.flatMap((l) => (l.type === "record" ? [l] : []));
    expect(recordLines.every((l) => auditHash(l.record) === l.record.hash)).toBe(true);
    const [outcome] = recordLines.filter((l) => l.record.entries.some((e) => e.kind === "outcome"));
    expect(outcome!.lineage[0]!.events.map((e) => e.type)).toEqual(["transfer.sent", "outcome.delivered"]);
    expect(outcome!.lineage[0]!.events.every((e) => (e.seq ?? 0) > 0)).toBe(true);
    const named = recordLines.flatMap((l) =>
      l.record.entries.flatMap((e) => (e.kind === "decision" ? [e.record] : [])),
    );
    expect(lines.flatMap((l) => (l.type === "decision" ? [l.sha256] : []))).toEqual(named);
    const since = recordLines.at(-1)!.record.at;
    const late: ExportedLine[] = [];
    for await (const line of exportCustomers(system.servers.nc, { since })) late.push(line);
    expect(late.length).toBeLessThan(lines.length);
    expect(late.every((l) => l.type !== "record" || l.record.at >= since)).toBe(true);
  });

  it("shows the last lines and then new ones, with filters, until it is interrupted", async () => {
    const lines: TailLine[] = [];
    const print = async (line: TailLine): Promise<void> => void lines.push(line);
    const interrupts = new Map<string, () => void>();
    const handlers = { on: (s: string, f: () => void) => interrupts.set(s, f), off: () => undefined };
    const nobody = { journey: undefined, action: undefined, channel: undefined, reason: undefined };
    await tail(
      system.servers.nc,
      { filter: { ...nobody, reason: "cap_reached" }, customer: undefined, last: 5, follow: false, print },
      handlers,
    );
    expect(lines).toMatchObject([{ kind: "decision", customerId: "a1", result: "none", journey: "leaving" }]);
    lines.length = 0;
    await tail(
      system.servers.nc,
      { filter: nobody, customer: "a1", last: 2, follow: false, print },
      handlers,
    );
    expect(lines).toHaveLength(2);
    lines.length = 0;
    const [message] = (await stored()).filter((m) => m.subject.endsWith("a1.contact"));
    const running = tail(
      system.servers.nc,
      {
        filter: { ...nobody, journey: "leaving" },
        customer: "a1",
        last: 0,
        follow: true,
        print: async (line) => {
          lines.push(line);
          interrupts.get("SIGINT")!();
        },
      },
      handlers,
    );
    const before = await stored();
    await system.publisher.publish(message!.subject, message!.text, { msgId: `tail-${writes++}` });
    await expect(running).resolves.toBe(0);
    expect(lines[0]).toMatchObject({ kind: "decision", result: "act", action: "gold" });
    await rewrite(before);
  });

  describe("tampered with", () => {
    it("in the content of a record", async () => {
      const { all } = await tampered((ms) => {
        const i = ms.findIndex((m) => ofChain(m) && m.text.includes('"fraud"'));
        ms[i] = { ...ms[i]!, text: ms[i]!.text.replace('"fraud"', '"hardship"') };
        return ms;
      });
      expect(all).toMatchObject([
        { of: "a1", kind: "changed", detail: expect.stringMatching(/does not have the hash/) },
      ]);
    });

    it("in the content of a record, its hash made to fit", async () => {
      const { kinds } = await tampered((ms) => {
        const i = ms.findIndex((m) => ofChain(m) && m.text.includes('"fraud"'));
        ms[i] = edit(ms[i]!, (r) => {
          r.at++;
          r.hash = auditHash(r);
        });
        return ms;
      });
      expect(kinds).toEqual(["changed"]);
    });

    it("in white space alone", async () => {
      const { kinds } = await tampered((ms) => {
        const i = ms.findIndex(ofChain);
        ms[i] = { ...ms[i]!, text: ms[i]!.text.replace("{", "{ ") };
        return ms;
      });
      expect(kinds).toEqual(["changed"]);
    });

    it("by taking a message away", async () => {
      const { all } = await tampered((ms) => ms.filter((m) => m !== ms.filter(ofChain)[3]));
      expect(all).toMatchObject([{ of: "a1", kind: "gap", n: 4 }]);
    });

    it("so that an explanation says so, too", async () => {
      const [first] = await decisions("a1");
      const before = await stored();
      await rewrite(before.filter((m) => m !== before.filter(ofChain)[4]));
      const e = await explained(first!);
      await rewrite(before);
      expect(e.record[1]).toMatch(/and 1 findings/);
    });

    it("by taking the first away", async () => {
      const { kinds } = await tampered((ms) => ms.filter((m) => m !== ms.find(ofChain)));
      expect(kinds).toEqual(["gap"]);
    });

    it("by exchanging two messages", async () => {
      const { all } = await tampered((ms) => {
        const steps = ms.filter((m) => m.subject.endsWith("a1.step"));
        const [x, y] = [ms.indexOf(steps[1]!), ms.indexOf(steps[2]!)];
        [ms[x], ms[y]] = [ms[y]!, ms[x]!];
        return ms;
      });
      expect(all.length).toBeGreaterThan(0);
      expect(new Set(all.map((f) => f.kind))).toEqual(new Set(["reordered"]));
    });

    it("by cutting the end off", async () => {
      const { all } = await tampered((ms) => ms.filter((m) => m !== ms.findLast(ofChain)));
      expect(all).toMatchObject([{ of: "a1", kind: "cut" }]);
    });

    it("by taking a whole customer away", async () => {
      const { all } = await tampered((ms) => ms.filter((m) => !m.subject.includes(".a2.")));
      expect(all).toMatchObject([{ of: "a2", kind: "cut" }]);
    });

    it("in a decision record", async () => {
      const { all } = await tampered((ms) => {
        const i = ms.findIndex((m) => m.subject.endsWith("a1.decision"));
        ms[i] = { ...ms[i]!, text: ms[i]!.text.replace('"highest_score"', '"only_candidate"') };
        return ms;
      });
      expect(all).toMatchObject([{ of: "a1", kind: "decision-changed" }]);
    });

    it("by taking a decision record away", async () => {
      const { kinds } = await tampered((ms) =>
        ms.filter((m) => m !== ms.find((x) => x.subject.endsWith("a1.decision"))),
      );
      expect(kinds).toEqual(["decision-missing"]);
    });

    it("in a command, with every hash of the chain made to fit", async () => {
      let prev = "";
      const { kinds } = await tampered((ms) =>
        ms.map((m) => {
          if (!ofChain(m)) return m;
          return edit(m, (r) => {
            for (const e of r.entries) if (e.kind === "command") e.channel = "email";
            r.prev = prev;
            r.hash = auditHash(r);
            prev = r.hash;
          });
        }),
      );
      // Of each of the two commands; and the head is not the one that the context holds.
      expect(kinds).toEqual(["command-differs", "command-differs", "changed"]);
    });

    it("by adding a record to the end", async () => {
      const { kinds } = await tampered((ms) => {
        const last = ms.findLast(ofChain)!;
        const added = edit(last, (r) => {
          r.prev = r.hash;
          r.n++;
          r.entries = [];
          r.hash = auditHash(r);
        });
        return [...ms, { ...added, subject: last.subject.replace("contact", "step") }];
      });
      expect(kinds).toEqual(["changed"]);
    });

    it("by moving a record to another customer", async () => {
      const { kinds } = await tampered((ms) =>
        ms.map((m) =>
          m === ms.findLast((x) => x.subject.endsWith("a2.step"))
            ? { ...m, text: ms.find(ofChain)!.text }
            : m,
        ),
      );
      expect(kinds).toContain("changed");
    });

    it("not, when a record was relayed twice", async () => {
      const told = await tampered((ms) => [...ms, ms.findLast(ofChain)!]);
      expect(told).toMatchObject({ findings: 0, repeated: 1 });
    });

    it("in the context, so that nothing names the head of the chain", async () => {
      const context = system.contextOf("a2")!;
      await system.jsm.streams.purge("CTX", { filter: subjects.ctx("a2") });
      const { kinds } = await verified();
      await system.publisher.publish(subjects.ctx("a2"), JSON.stringify(context), {
        msgId: `again-${writes++}`,
      });
      expect(kinds).toEqual(["context-missing"]);
    });

    it("in what was published", async () => {
      const check = async (change: (ms: Message[]) => Message[]): Promise<Finding[]> => {
        const before = await stored();
        await rewrite(change([...before]));
        const found: Finding[] = [];
        const told = await verifyPublications(system.servers.nc, (f) => found.push(f), 50);
        await rewrite(before);
        // Of the journey, the catalogue and the policy pack.
        expect(told.chains).toBe(3);
        return found;
      };
      const published = (m: Message): boolean => m.subject === subjects.auditOfJourney("leaving");
      expect(await check((ms) => ms)).toEqual([]);
      expect(await check((ms) => ms.filter((m) => !published(m)))).toMatchObject([
        { of: "leaving", kind: "cut" },
      ]);
      const changed = await check((ms) =>
        ms.map((m) => (published(m) ? { ...m, text: m.text.replace('"percent":100', '"percent":10') } : m)),
      );
      expect(changed).toMatchObject([{ of: "leaving", kind: "changed" }]);
      const kv = await new Kvm(system.servers.nc).open("definitions");
      const text = (await kv.get("journey.leaving.1"))!.string();
      await kv.put("journey.leaving.1", text.replace('"over"', '"none"'));
      const replaced = await check((ms) => ms);
      await kv.put("journey.leaving.1", text);
      expect(replaced).toMatchObject([
        { of: "leaving", kind: "changed", detail: expect.stringMatching(/not what was published/) },
      ]);
    });
  });
});

describe("the audit of a replay of the past", () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({
      services: ["decision", "policy", "channels", "context-actor"],
      env: { "*": { SEGUE_DEFINITIONS_DIR: definitions() } },
      clock: standingClockText(),
      sandbox: SILENT_CUSTOMERS,
    });
  }, 60_000);
  afterAll(() => system?.stop());

  it("comes out the same: waits that events overtake, events without a record, events that come twice", async () => {
    const day = (n: number): string => new Date(Date.UTC(1996, 2, n, 12)).toISOString();
    const say = async (n: number, type: string, data: Record<string, unknown> = {}): Promise<CloudEvent> => {
      const event = system.event("p1", type, data, { time: day(n) });
      await system.settled("p1", await system.publish(event));
      return event;
    };
    const consents = ["push", "sms"].map((channel) => ({ purpose: "marketing", channel, granted: true }));
    await say(1, "customer.registered", { timezone: "Europe/Prague", consents });
    await say(2, "transfer.sent", { amount: 500 });
    const twice = await say(3, "page.viewed");
    await system.settled("p1", await system.publish(twice));
    await say(4, "page.viewed");
    await say(9, "transfer.sent", { amount: 5_000 });
    const context = await system.settled(
      "p1",
      await system.publish(system.event("p1", "page.viewed", {}, { time: day(20) })),
    );
    expect(context).toMatchObject({ duplicates: 1, journeys: [] });
    // The last record is on its way to AUDIT when the context is committed.
    const told = await eventually("the records of all that was committed", async () => {
      const replayed = await replayCustomer(system.servers.nc, "p1");
      return replayed?.equal ? replayed : undefined;
    });
    expect(told).toMatchObject({ equal: true, decisions: 2 });
    // A record with a later time than its event's: one without a record came first. And a customer with no record.
    const at = async (customer: string, n: number, type: string): Promise<void> => {
      const event = system.event(customer, type, { amount: 500 }, { time: day(n) });
      await system.settled(customer, await system.publish(event));
    };
    await at("p2", 5, "page.viewed");
    await at("p2", 3, "transfer.sent");
    await at("p3", 3, "page.viewed");
    expect(await replayCustomer(system.servers.nc, "p2")).toMatchObject({ equal: true, decisions: 1 });
    expect(await replayCustomer(system.servers.nc, "p3")).toMatchObject({ equal: true, records: 0 });
    const findings: Finding[] = [];
    await verifyCustomers(system.servers.nc, { onFinding: (f) => findings.push(f) });
    expect(findings).toEqual([]);
  });
});
