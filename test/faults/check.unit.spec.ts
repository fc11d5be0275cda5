/** The checks must be able to fail: a history in which all holds, and what is found when something in it is wrong. */
import { createHash } from "node:crypto";
import type { CloudEvent, Command, Context, DecisionRecord, Outcome } from "#contracts";
import { check } from "./check-all.js";
import type { ChainRecord, Ledgers, StoredEvent } from "./ledgers.js";
import type { Published } from "./load.js";

const C = "c-0";
const T = Date.UTC(2026, 0, 1, 12);

/** Ledgers whose parts a test may change. */
type Open = { -readonly [K in keyof Ledgers]: Ledgers[K] extends readonly (infer T)[] ? T[] : Ledgers[K] };

function stored(seq: number, id: string, type: string, source = "core"): StoredEvent {
  const event: CloudEvent = { specversion: "1.0", id, source, type, subject: C };
  return { seq, storedAt: T + seq * 1_000, customerId: C, source, type, event };
}

function published(seq: number, id: string, type: string, data: Record<string, unknown> = {}): Published {
  const at = T + seq * 1_000;
  return {
    customerId: C,
    n: seq,
    id,
    source: "core",
    type,
    data,
    malformed: false,
    via: "nats",
    seq,
    duplicate: false,
    attempts: 1,
    firstTriedAt: at - 5,
    acknowledgedAt: at,
  };
}

/** The audit chain of these events, with what each brought about. */
function chainOf(
  events: ReadonlyArray<readonly [StoredEvent, ChainRecord["step"]["entries"]]>,
): ChainRecord[] {
  const records: ChainRecord[] = [];
  for (const [i, [{ event, type, source }, entries]] of events.entries()) {
    const step = { event: { id: event!.id, source, type }, entries };
    const open = { customerId: C, n: i + 1, prev: records.at(-1)?.hash ?? "", ...step };
    const hash = createHash("sha256").update(JSON.stringify(open)).digest("hex");
    records.push({
      seq: i + 1,
      customerId: C,
      n: open.n,
      prev: open.prev,
      hash,
      body: { ...open, hash },
      step,
    });
  }
  return records;
}

function command(n: number): Command {
  const decisionId = `${C}.${n}.0`;
  return {
    commandId: `${decisionId}.c`,
    decisionId,
    reservationId: decisionId,
    customerId: C,
    action: "notice",
    purpose: "service",
    journey: { id: "notify", version: 1, instance: `notify-${n}`, step: "tell" },
    plan: [{ channel: "push", title: "t", body: "b", receiptTimeoutMs: 1_000 }],
    attempt: 0,
    tried: [],
    parameters: {},
    event: { type: "payment.failed", time: T, data: {} },
    at: T,
    expiresAt: T + 600_000,
  };
}

function decided(n: number, momentId = `p${n}`): DecisionRecord {
  const { decisionId, plan } = command(n);
  return {
    request: {
      decisionId,
      customerId: C,
      at: T,
      moment: { id: momentId, source: "core", type: "payment.failed", time: T, data: {} },
      context: { now: T, attributes: {}, signals: {}, contacts: [] },
      profile: { seq: 0, consents: {}, holds: [] },
      journey: { id: "notify", version: 1, instance: `notify-${n}`, step: "tell" },
      candidates: ["notice"],
    },
    reply: {
      kind: "act",
      decisionId,
      action: "notice",
      purpose: "service",
      urgent: false,
      reservationId: decisionId,
      plan,
      validForMs: 600_000,
      parameters: {},
      reason: "permitted",
    },
    explanations: [],
    verdicts: [{ actions: ["notice"], channel: "push", verdict: "permitted", reason: "permitted" }],
    versions: {},
  };
}

function outcome(
  seq: number,
  n: number,
  kind: Outcome["kind"] = "delivered",
): { seq: number; outcome: Outcome } {
  const { commandId, decisionId, reservationId, action } = command(n);
  const data: Outcome = {
    commandId,
    decisionId,
    reservationId,
    action,
    kind,
    channel: "push",
    tried: [],
    reason: "receipt",
  };
  return { seq, outcome: data };
}

const decisionEntry = (n: number): ChainRecord["step"]["entries"][number] => ({
  kind: "decision",
  decisionId: `${C}.${n}.0`,
  answer: "act",
  action: "notice",
});

/**
 * Two failed payments, each with a decision, a command, a send and an outcome; something unreadable between them; an
 * opt-out at the end, a second after the last send.
 */
function history(): Open {
  const p1 = stored(1, "p1", "payment.failed");
  const o1 = stored(3, `${C}.1.0.c:delivered`, "outcome.delivered", "segue");
  const p2 = stored(4, "p2", "payment.failed");
  const o2 = stored(5, `${C}.3.0.c:delivered`, "outcome.delivered", "segue");
  const hold = stored(6, "h1", "hold.placed");
  const unreadable: StoredEvent = {
    seq: 2,
    storedAt: T + 2_000,
    customerId: C,
    source: "core",
    type: "payment.failed",
  };
  const steps = chainOf([
    [p1, [decisionEntry(1)]],
    [o1, [{ kind: "outcome" }]],
    [p2, [decisionEntry(3)]],
    [o2, [{ kind: "outcome" }]],
    [hold, [{ kind: "profile-changed" }]],
  ]);
  const head = steps.at(-1)!;
  const context = {
    customerId: C,
    applied: 5,
    watermark: 6,
    signals: { "payment.failed": { n: 2, last: T }, "hold.placed": { n: 1, last: T } },
    recent: [p1, o1, p2, o2, hold].map((m) => ({ id: m.event!.id, source: m.source, type: m.type, time: T })),
    audit: { n: head.n, hash: head.hash },
  } as unknown as Context;
  const send = (n: number, wallMs: number) => ({
    commandId: `${C}.${n}.0.c`,
    attempt: 0,
    channel: "push",
    wallMs,
  });
  return {
    published: [
      published(1, "p1", "payment.failed"),
      { ...published(2, "broken", "payment.failed"), malformed: true },
      published(4, "p2", "payment.failed"),
      published(6, "h1", "hold.placed", { kind: "opt-out" }),
    ],
    provider: [send(1, T + 2_500), send(3, T + 4_500)],
    evt: [p1, unreadable, o1, p2, o2, hold],
    outcomes: [outcome(3, 1), outcome(5, 3)],
    contexts: new Map([[C, context]]),
    commits: [
      { customerId: C, seq: 1, watermark: 1, applied: 1, audit: { n: 1, hash: steps[0]!.hash } },
      { customerId: C, seq: 2, watermark: 6, applied: 5, audit: { n: 5, hash: head.hash } },
    ],
    steps,
    decisions: [decided(1), decided(3)],
    commands: [
      { seq: 1, command: command(1) },
      { seq: 2, command: command(3) },
    ],
    dead: [{ reason: "malformed_json", detail: "d", stream: "EVT", seq: 2 }],
    gates: {
      asked: [
        { commandId: `${C}.1.0.c`, attempt: 0, wallMs: T + 2_499 },
        { commandId: `${C}.3.0.c`, attempt: 0, wallMs: T + 4_499 },
      ],
      gaps: [],
    },
    caps: [
      { rule: "test/service/caps/0", reason: "cap_reached", count: 2, periodMs: 10_000, purpose: "service" },
    ],
    blockedBy: new Map([["service", new Set(["opt-out"])]]),
  };
}

const contextOf = (h: Open): { -readonly [K in keyof Context]: Context[K] } => h.contexts.get(C)!;

/** Records from the n-th on, hashed anew: a chain that is whole but tells something else. */
function rechain(
  h: Open,
  change: (steps: Array<readonly [StoredEvent, ChainRecord["step"]["entries"]]>) => void,
): void {
  const steps = h.steps.map((r) => {
    const { id, source, type } = r.step.event;
    return [stored(0, id, type, source), r.step.entries] as const;
  });
  change(steps);
  h.steps = chainOf(steps);
  const head = h.steps.at(-1)!;
  contextOf(h).audit = { n: head.n, hash: head.hash };
  h.commits = [];
}

describe("the checks of the fault matrix", () => {
  it("find nothing where all holds", () => {
    expect(check(history())).toEqual([]);
  });

  it("do not take a repeated event for a second one", () => {
    const h = history();
    h.evt.push({ ...h.evt[0]!, seq: 7 });
    h.published.push({ ...h.published[0]!, seq: 7, duplicate: false });
    expect(check(h)).toEqual([]);
  });

  it("do not judge the gate while the tap was cut off", () => {
    const h = history();
    h.gates = { asked: [], gaps: [{ from: T, to: T + 60_000 }] };
    expect(check(h)).toEqual([]);
  });

  it("do not count a contact that was refused on every channel", () => {
    const h = history();
    h.caps = [{ ...h.caps[0]!, count: 1 }];
    expect(new Set(check(h).map((v) => v.invariant))).toEqual(new Set(["I6"]));
    h.outcomes = [outcome(3, 1, "failed"), outcome(5, 3)];
    expect(check(h)).toEqual([]);
  });

  const bad: ReadonlyArray<readonly [what: string, invariant: string, spoil: (h: Open) => void]> = [
    ["an acknowledged event that is not in the stream", "I1", (h) => h.evt.splice(3, 1)],
    [
      "an acknowledged event that was never applied",
      "I1",
      (h) => {
        rechain(h, (steps) => steps.splice(4, 1));
        contextOf(h).applied = 4;
      },
    ],
    [
      "an event that was applied twice",
      "I1",
      (h) => {
        rechain(h, (steps) => steps.push(steps[4]!));
        contextOf(h).applied = 6;
      },
    ],
    ["an event that the context has not counted", "I1", (h) => (contextOf(h).applied = 4)],
    [
      "a signal that was counted twice",
      "I1",
      (h) => (contextOf(h).signals["payment.failed"] = { n: 3, last: T }),
    ],
    ["no context at all", "I1", (h) => (h.contexts = new Map())],
    [
      "a sound event in DLQ",
      "I1",
      (h) => h.dead.push({ reason: "handler_failed", detail: "d", stream: "EVT", seq: 4 }),
    ],
    ["something unreadable that is not in DLQ", "I11", (h) => h.dead.splice(0)],
    [
      "steps in another order than the stream",
      "I2",
      (h) => rechain(h, (steps) => steps.splice(1, 2, steps[2]!, steps[1]!)),
    ],
    ["a context that saw events in another order", "I2", (h) => contextOf(h).recent.reverse()],
    [
      "a stream in another order than the publisher's",
      "I2",
      (h) => h.published.splice(0, 3, h.published[2]!, h.published[0]!, h.published[1]!),
    ],
    ["a decision about two events", "I3", (h) => h.decisions.push(decided(1, "another"))],
    ["a decision that nobody has on record", "I3", (h) => h.decisions.splice(1, 1)],
    [
      "a decision taken twice",
      "I3",
      (h) => rechain(h, (steps) => (steps[3] = [steps[3]![0], [decisionEntry(3)]])),
    ],
    ["a fork of the audit chain", "I4", (h) => h.steps.push({ ...h.steps[4]!, seq: 6 })],
    ["a gap in the audit chain", "I4", (h) => h.steps.splice(2, 1)],
    [
      "a record that was changed",
      "I4",
      (h) => (h.steps[1] = { ...h.steps[1]!, body: { ...h.steps[1]!.body, entries: [] } }),
    ],
    ["a commit that goes back", "I4", (h) => h.commits.push({ ...h.commits[0]!, seq: 3 })],
    [
      "a commit whose audit records nobody has",
      "I4",
      (h) => h.commits.push({ ...h.commits[1]!, seq: 3, watermark: 7, audit: { n: 6, hash: "x" } }),
    ],
    ["a command without a reservation", "I5", (h) => (h.decisions[0]!.verdicts.length = 0)],
    ["a send without the gate", "I5", (h) => (h.gates = { asked: [], gaps: [] })],
    ["a send without a command", "I5", (h) => h.provider.push({ ...h.provider[0]!, commandId: "c-0.9.0.c" })],
    ["a cap that was passed", "I6", (h) => (h.caps = [{ ...h.caps[0]!, count: 1 }])],
    [
      "a send more than a second after an opt-out",
      "I7",
      (h) => (h.provider[1] = { ...h.provider[1]!, wallMs: T + 7_100 }),
    ],
    ["a command without an end", "I8", (h) => h.outcomes.splice(0, 1)],
    ["a command that ended twice", "I8", (h) => h.outcomes.push(outcome(7, 1, "failed"))],
    ["a leg that was sent twice", "I8", (h) => h.provider.push({ ...h.provider[0]!, wallMs: T + 2_600 })],
    ["a delivery that no provider knows of", "I8", (h) => h.provider.splice(0, 1)],
    ["an outcome of no command", "I8", (h) => h.commands.splice(0, 1)],
  ];
  it.each(bad)("find %s (%s)", (_what, invariant, spoil) => {
    const h = history();
    spoil(h);
    const found = check(h);
    expect(found.map((v) => v.invariant)).toContain(invariant);
    for (const v of found) expect(v.found.length).toBeGreaterThan(0);
  });
});
